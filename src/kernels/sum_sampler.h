#pragma once

#include <cstdint>
#include <functional>

#include "kernels/sum_operands.h"
#include "numeric/dot.h"
#include "numeric/events.h"

namespace mantissa {

/// Follows some of the sums of a matrix product that is done over and over, and counts what happens
/// in them: walked a second time by `dot`, from which no kernel differs.
///
/// Which ones depends on the product's size and on how often it was done, and on nothing else:
/// one of `stride` elements, the first in the first pass. `stride` is at most kLongestStride, and
/// small enough that no 16 passes are without one.
class SumSampler {
 public:
  static constexpr std::int64_t kLongestStride = 16381;  ///< a prime

  /// Begins a pass whose result has `elements` elements.
  void begin_pass(std::int64_t elements);

  /// Follows the chosen sums among the elements [first, first + count) of the result. `operands`
  /// gives the factors of the element of an index counted from `first`; the random words are those
  /// of the kernels. May be called on several threads at once for parts of a pass.
  void follow(std::int64_t first, std::int64_t count, const Mac& mac, RandomKey key,
              const std::function<SumOperands(std::int64_t)>& operands);

  SumEvents total() const { return events_.total(); }

 private:
  std::int64_t stride_ = 1;
  std::int64_t first_ = -1;  ///< the first chosen element of this pass; -1 before the first pass
  std::int64_t next_ = 0;    ///< of the next pass, if that goes so far
  SumEventCounter events_;
};

/// A pass that consists of several matrix products, whose results lie side by side.
class FollowedPass {
 public:
  /// `elements`: of all results. Nothing is followed without a sampler.
  FollowedPass(SumSampler* sampler, std::int64_t elements);

  /// After `matmul` with these arguments; on any thread.
  void follow(const MatrixView& a, const MatrixView& b, const Mac& mac, RandomKey key,
              std::int64_t first_element) const;

 private:
  SumSampler* sampler_;
};

/// A pass of one `matmul` with these arguments; nothing without a sampler.
void follow_matmul(const MatrixView& a, const MatrixView& b, const Mac& mac, RandomKey key,
                   SumSampler* sampler);

/// Passes of the convolutions.
void follow_convolution_forward(const ConvolutionShape& shape, const float* x, const float* weight,
                                const Mac& mac, RandomKey key, SumSampler* sampler);
void follow_convolution_backward_data(const ConvolutionShape& shape, const float* grad_y,
                                      const float* weight, const Mac& mac, RandomKey key,
                                      SumSampler* sampler);
void follow_convolution_backward_weight(const ConvolutionShape& shape, const float* x,
                                        const float* grad_y, const Mac& mac, RandomKey key,
                                        SumSampler* sampler);

}  // namespace mantissa
