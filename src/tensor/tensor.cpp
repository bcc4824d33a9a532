#include "tensor/tensor.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

namespace mantissa {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register

/// Room for `elements` floats and one register beyond them, as whole cache lines.
std::size_t allocation_bytes(std::size_t elements) {
  const std::size_t bytes = elements * sizeof(float) + kAlignment;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

float* allocate(std::size_t elements) {
  void* memory = std::aligned_alloc(kAlignment, allocation_bytes(elements));
  if (memory == nullptr) throw std::bad_alloc();
  auto* values = static_cast<float*>(memory);
  std::fill(values + elements, values + allocation_bytes(elements) / sizeof(float), 0.0F);
  return values;
}

}  // namespace

void Tensor::Release::operator()(float* memory) const {
  std::free(memory);
}

Tensor::Tensor(Shape shape)
    : shape_(std::move(shape)),
      size_(static_cast<std::size_t>(shape_.elements())),
      capacity_(size_),
      data_(allocate(size_)) {}

Tensor::Tensor(Shape shape, float value) : Tensor(std::move(shape)) {
  fill(value);
}

Tensor::Tensor(Shape shape, std::span<const float> values) : Tensor(std::move(shape)) {
  assert(values.size() == size_);
  std::copy(values.begin(), values.end(), data());
}

Tensor Tensor::clone() const {
  return {shape_, values()};
}

void Tensor::fill(float value) {
  std::fill_n(data(), size_, value);
}

void Tensor::reshape(Shape shape) {
  assert(static_cast<std::size_t>(shape.elements()) == size_);
  shape_ = std::move(shape);
}

void Tensor::resize(const Shape& shape) {
  const auto elements = static_cast<std::size_t>(shape.elements());
  if (data_ == nullptr || elements > capacity_) {
    *this = Tensor(shape);
    return;
  }
  shape_ = shape;
  size_ = elements;
}

}  // namespace mantissa
