#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "tensor/shape.h"

namespace mantissa {

/// An owning row-major array of binary32 values, the carrier of every emulated format.
///
/// 64-byte aligned, with at least 64 readable bytes behind the last element. Move-only, so that no
/// copy of an activation is made by accident; `clone` makes one on purpose.
class Tensor {
 public:
  Tensor() = default;
  /// Elements are *not* initialised: most tensors are written whole by the first kernel.
  explicit Tensor(Shape shape);
  Tensor(Shape shape, float value);
  Tensor(Shape shape, std::span<const float> values);

  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  ~Tensor() = default;

  Tensor clone() const;

  const Shape& shape() const { return shape_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::span<float> values() { return {data_.get(), size_}; }
  std::span<const float> values() const { return {data_.get(), size_}; }

  void fill(float value);

  /// The same elements under another shape of as many elements (asserted).
  void reshape(Shape shape);

  /// Sets the shape; keeps the storage where it is large enough. Elements are undefined afterwards.
  void resize(const Shape& shape);

 private:
  struct Release {
    void operator()(float* memory) const;
  };
  Shape shape_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<float[], Release> data_;
};

}  // namespace mantissa
