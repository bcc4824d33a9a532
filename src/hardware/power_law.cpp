#include "hardware/power_law.h"

#include <algorithm>
#include <cmath>

namespace mantissa {
namespace {

constexpr double kLn2 = 0.693147180559945309417;

}  // namespace

double binary_logarithm(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh t, |t| < 0.172: 11 terms leave less than 2^-60.
  const double t = (mantissa - 1) / (mantissa + 1);
  const double square = t * t;
  double series = 0;
  for (int term = 21; term >= 1; term -= 2) series = series * square + 1.0 / term;
  return static_cast<double>(exponent) + 2 * t * series / kLn2;
}

double binary_exponential(double x) {
  const double whole = std::floor(x + 0.5);
  const double y = (x - whole) * kLn2;  // |y| < 0.347: 14 terms leave less than 2^-60
  double series = 1;
  for (int term = 14; term >= 1; --term) series = 1 + series * y / term;
  return std::ldexp(series, static_cast<int>(whole));
}

double PowerLaw::operator()(double x) const {
  return scale * binary_exponential(exponent * binary_logarithm(x));
}

PowerLaw PowerLaw::through(double x1, double y1, double x2, double y2) {
  PowerLaw law;
  law.exponent = binary_logarithm(y2 / y1) / binary_logarithm(x2 / x1);
  law.scale = y1 / binary_exponential(law.exponent * binary_logarithm(x1));
  return law;
}

double shifter_size(double width) {
  const double bits = std::max(width, 2.0);
  return bits * binary_logarithm(bits);
}

}  // namespace mantissa
