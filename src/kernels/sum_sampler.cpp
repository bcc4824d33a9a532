#include "kernels/sum_sampler.h"

#include <algorithm>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kMostPasses = 16;  // without a sum that is followed

/// Some 0.38 of `elements`: steps of such a length spread evenly over them.
std::int64_t golden_section(std::int64_t elements) {
  return elements * 13 / 34;
}

}  // namespace

void SumSampler::begin_pass(std::int64_t elements) {
  if (elements <= 0) return;
  if (first_ < 0) {
    stride_ = std::min(kLongestStride, kMostPasses * elements - golden_section(elements));
    next_ = golden_section(elements);
  }
  first_ = next_;
  const std::int64_t left = elements - first_;
  next_ = left <= 0 ? -left : (left + stride_ - 1) / stride_ * stride_ - left;
}

void SumSampler::follow(std::int64_t first, std::int64_t count, const Mac& mac, RandomKey key,
                        const std::function<SumOperands(std::int64_t)>& operands) {
  const std::int64_t before = std::max<std::int64_t>(first - first_, 0);
  const std::int64_t begin = first_ + (before + stride_ - 1) / stride_ * stride_;
  const std::int64_t behind = first + count - begin;
  if (behind <= 0) return;
  parallel_for((behind + stride_ - 1) / stride_, 1, [&](std::int64_t from, std::int64_t to) {
    SumEvents events;
    for (std::int64_t i = from; i < to; ++i) {
      const std::int64_t index = begin + i * stride_;
      const SumOperands factors = operands(index - first);
      dot(0, factors.left, factors.right, mac, key, static_cast<std::uint64_t>(index), &events);
    }
    events_.add(events);
  });
}

FollowedPass::FollowedPass(SumSampler* sampler, std::int64_t elements) : sampler_(sampler) {
  if (sampler != nullptr) sampler->begin_pass(elements);
}

void FollowedPass::follow(const MatrixView& a, const MatrixView& b, const Mac& mac, RandomKey key,
                          std::int64_t first_element) const {
  if (sampler_ == nullptr) return;
  sampler_->follow(first_element, a.rows * b.columns, mac, key,
                   [&](std::int64_t index) { return matmul_operands(a, b, index); });
}

void follow_matmul(const MatrixView& a, const MatrixView& b, const Mac& mac, RandomKey key,
                   SumSampler* sampler) {
  FollowedPass(sampler, a.rows * b.columns).follow(a, b, mac, key, 0);
}

void follow_convolution_forward(const ConvolutionShape& shape, const float* x, const float* weight,
                                const Mac& mac, RandomKey key, SumSampler* sampler) {
  if (sampler == nullptr) return;
  sampler->begin_pass(shape.out_elements());
  sampler->follow(0, shape.out_elements(), mac, key, [&](std::int64_t index) {
    return convolution_forward_operands(shape, x, weight, index);
  });
}

void follow_convolution_backward_data(const ConvolutionShape& shape, const float* grad_y,
                                      const float* weight, const Mac& mac, RandomKey key,
                                      SumSampler* sampler) {
  if (sampler == nullptr) return;
  sampler->begin_pass(shape.in_elements());
  sampler->follow(0, shape.in_elements(), mac, key, [&](std::int64_t index) {
    return convolution_backward_data_operands(shape, grad_y, weight, index);
  });
}

void follow_convolution_backward_weight(const ConvolutionShape& shape, const float* x,
                                        const float* grad_y, const Mac& mac, RandomKey key,
                                        SumSampler* sampler) {
  if (sampler == nullptr) return;
  sampler->begin_pass(shape.weight_elements());
  sampler->follow(0, shape.weight_elements(), mac, key, [&](std::int64_t index) {
    return convolution_backward_weight_operands(shape, x, grad_y, index);
  });
}

}  // namespace mantissa
