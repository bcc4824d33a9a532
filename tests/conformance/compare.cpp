#include "compare.h"

#include <cmath>
#include <sstream>
#include <vector>

namespace mantissa::conformance {
namespace {

constexpr double kRelative = 1e-3;  // onnx.backend.test.runner's rtol and atol
constexpr double kAbsolute = 1e-7;

const Shape& shape_of(const Constant& constant) {
  if (const auto* integers = std::get_if<IntegerTensor>(&constant)) return integers->shape;
  return std::get<std::shared_ptr<const Tensor>>(constant)->shape();
}

std::vector<double> values_of(const Constant& constant) {
  if (const auto* integers = std::get_if<IntegerTensor>(&constant)) {
    return {integers->values.begin(), integers->values.end()};
  }
  const auto values = std::get<std::shared_ptr<const Tensor>>(constant)->values();
  return {values.begin(), values.end()};
}

bool near(double actual, double expected) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <= kAbsolute + kRelative * std::abs(expected);
}

}  // namespace

std::string difference(const Constant& actual, const Constant& expected) {
  if (shape_of(actual) != shape_of(expected)) {
    return "shape " + shape_of(actual).text() + " where " + shape_of(expected).text() + " belongs";
  }
  const std::vector<double> ours = values_of(actual);
  const std::vector<double> theirs = values_of(expected);
  for (std::size_t index = 0; index < ours.size(); ++index) {
    if (near(ours[index], theirs[index])) continue;
    std::ostringstream text;
    text << "element " << index << " is " << ours[index] << " where " << theirs[index]
         << " belongs";
    return text.str();
  }
  return "";
}

}  // namespace mantissa::conformance
