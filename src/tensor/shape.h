#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace mantissa {

/// Extents of an array, outermost first: [batch, channels, height, width]. Rank 0 is a scalar.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : extents_(extents) {}
  explicit Shape(std::vector<std::int64_t> extents) : extents_(std::move(extents)) {}

  std::size_t rank() const { return extents_.size(); }
  std::int64_t operator[](std::size_t axis) const { return extents_[axis]; }
  std::int64_t& operator[](std::size_t axis) { return extents_[axis]; }
  std::int64_t elements() const;  ///< the product of the extents; 1 for a scalar
  const std::vector<std::int64_t>& extents() const { return extents_; }

  /// Product of the extents in [first, last).
  std::int64_t elements(std::size_t first, std::size_t last) const;

  std::string text() const;  ///< "[64, 3, 32, 32]"

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<std::int64_t> extents_;
};

/// `axis` counted from the end if negative. Throws Error unless it is in [-rank, rank).
std::size_t normalized_axis(std::int64_t axis, std::size_t rank);

/// ONNX's multidirectional (NumPy) broadcasting. Throws Error showing both shapes if they do not
/// match.
Shape broadcast_shape(const Shape& a, const Shape& b);

}  // namespace mantissa
