#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "moo/space.h"

namespace mantissa {

/// A published test problem with a known front, in the unit box unless `lower` and `upper` say
/// otherwise.
struct TestProblem {
  std::string name;
  std::size_t objectives = 2;
  std::vector<double> lower;
  std::vector<double> upper;
  std::function<std::vector<double>(const std::vector<double>&)> evaluate;
  std::vector<double> reference;  ///< a point that all of the front dominates, for hypervolumes

  RealSpace space() const {
    RealSpace result;
    result.lower = lower;
    result.upper = upper;
    return result;
  }
};

namespace test_problems {

inline double sum_from(const std::vector<double>& x, std::size_t first,
                       const std::function<double(double)>& term) {
  double sum = 0;
  for (std::size_t i = first; i < x.size(); ++i) sum += term(x[i]);
  return sum;
}

inline TestProblem in_unit_box(std::string name, std::size_t objectives, std::size_t variables,
                               std::vector<double> reference,
                               std::function<std::vector<double>(const std::vector<double>&)> f) {
  return {std::move(name),
          objectives,
          std::vector(variables, 0.0),
          std::vector(variables, 1.0),
          std::move(f),
          std::move(reference)};
}

// ZDT1-4 and 6: Zitzler, Deb & Thiele, "Comparison of multiobjective evolutionary algorithms:
// empirical results", Evolutionary Computation 8(2), 2000. f2 = g h(f1, g).

inline double mean_growth(const std::vector<double>& x) {
  return 1 + 9 * sum_from(x, 1, [](double v) { return v; }) / static_cast<double>(x.size() - 1);
}

inline TestProblem zdt1() {
  return in_unit_box("ZDT1", 2, 30, {1.1, 1.1}, [](const std::vector<double>& x) {
    const double g = mean_growth(x);
    return std::vector{x[0], g * (1 - std::sqrt(x[0] / g))};
  });
}

inline TestProblem zdt2() {
  return in_unit_box("ZDT2", 2, 30, {1.1, 1.1}, [](const std::vector<double>& x) {
    const double g = mean_growth(x);
    return std::vector{x[0], g * (1 - (x[0] / g) * (x[0] / g))};
  });
}

inline TestProblem zdt3() {
  return in_unit_box("ZDT3", 2, 30, {1.1, 1.1}, [](const std::vector<double>& x) {
    const double g = mean_growth(x);
    const double part = x[0] / g;
    return std::vector{x[0],
                       g * (1 - std::sqrt(part) - part * std::sin(10 * std::numbers::pi * x[0]))};
  });
}

inline TestProblem zdt4() {
  TestProblem problem = in_unit_box("ZDT4", 2, 10, {1.1, 1.1}, [](const std::vector<double>& x) {
    const double g = 1 + 10 * static_cast<double>(x.size() - 1) + sum_from(x, 1, [](double v) {
                       return v * v - 10 * std::cos(4 * std::numbers::pi * v);
                     });
    return std::vector{x[0], g * (1 - std::sqrt(x[0] / g))};
  });
  for (std::size_t i = 1; i < 10; ++i) {
    problem.lower[i] = -5;
    problem.upper[i] = 5;
  }
  return problem;
}

inline TestProblem zdt6() {
  return in_unit_box("ZDT6", 2, 10, {1.1, 1.1}, [](const std::vector<double>& x) {
    const double mean =
        sum_from(x, 1, [](double v) { return v; }) / static_cast<double>(x.size() - 1);
    const double g = 1 + 9 * std::pow(mean, 0.25);
    const double f = 1 - std::exp(-4 * x[0]) * std::pow(std::sin(6 * std::numbers::pi * x[0]), 6);
    return std::vector{f, g * (1 - (f / g) * (f / g))};
  });
}

// DTLZ1, 2 and 7: Deb, Thiele, Laumanns & Zitzler, "Scalable test problems for evolutionary
// multiobjective optimization", 2005; three objectives, and 5, 10 and 20 variables in the distance
// function.

inline TestProblem dtlz1() {
  return in_unit_box("DTLZ1", 3, 7, {0.55, 0.55, 0.55}, [](const std::vector<double>& x) {
    const double g =
        100 * (static_cast<double>(x.size() - 2) + sum_from(x, 2, [](double v) {
                 return (v - 0.5) * (v - 0.5) - std::cos(20 * std::numbers::pi * (v - 0.5));
               }));
    return std::vector{0.5 * x[0] * x[1] * (1 + g), 0.5 * x[0] * (1 - x[1]) * (1 + g),
                       0.5 * (1 - x[0]) * (1 + g)};
  });
}

inline TestProblem dtlz2() {
  return in_unit_box("DTLZ2", 3, 12, {1.1, 1.1, 1.1}, [](const std::vector<double>& x) {
    const double radius = 1 + sum_from(x, 2, [](double v) { return (v - 0.5) * (v - 0.5); });
    const double a = x[0] * std::numbers::pi / 2;
    const double b = x[1] * std::numbers::pi / 2;
    return std::vector{radius * std::cos(a) * std::cos(b), radius * std::cos(a) * std::sin(b),
                       radius * std::sin(a)};
  });
}

inline TestProblem dtlz7() {
  return in_unit_box("DTLZ7", 3, 22, {1.1, 1.1, 6.6}, [](const std::vector<double>& x) {
    const double g =
        1 + 9 * sum_from(x, 2, [](double v) { return v; }) / static_cast<double>(x.size() - 2);
    double h = 3;
    for (std::size_t m = 0; m < 2; ++m) {
      h -= x[m] / (1 + g) * (1 + std::sin(3 * std::numbers::pi * x[m]));
    }
    return std::vector{x[0], x[1], (1 + g) * h};
  });
}

inline std::vector<TestProblem> all() {
  return {zdt1(), zdt2(), zdt3(), zdt4(), zdt6(), dtlz1(), dtlz2(), dtlz7()};
}

}  // namespace test_problems
}  // namespace mantissa
