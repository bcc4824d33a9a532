#include "tensor/shape.h"

#include <algorithm>

#include "support/error.h"

namespace mantissa {

std::int64_t Shape::elements() const {
  return elements(0, rank());
}

std::int64_t Shape::elements(std::size_t first, std::size_t last) const {
  std::int64_t product = 1;
  for (std::size_t axis = first; axis < last; ++axis) product *= extents_[axis];
  return product;
}

std::string Shape::text() const {
  std::string text = "[";
  for (std::size_t axis = 0; axis < rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(extents_[axis]);
  }
  return text + "]";
}

std::size_t normalized_axis(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank) {
    throw Error("", "axis " + std::to_string(axis) + " does not exist in an array of rank " +
                        std::to_string(rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

Shape broadcast_shape(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> extents(rank);
  for (std::size_t from_end = 1; from_end <= rank; ++from_end) {
    const std::int64_t extent_a = from_end <= a.rank() ? a[a.rank() - from_end] : 1;
    const std::int64_t extent_b = from_end <= b.rank() ? b[b.rank() - from_end] : 1;
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1) {
      throw Error("", "shapes " + a.text() + " and " + b.text() + " do not broadcast");
    }
    extents[rank - from_end] = extent_a == 1 ? extent_b : extent_a;
  }
  return Shape(std::move(extents));
}

}  // namespace mantissa
