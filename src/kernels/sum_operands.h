#pragma once

#include <cstdint>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/matmul.h"

namespace mantissa {

/// The factors of one element's sum, in the order of its chain.
struct SumOperands {
  std::vector<float> left;
  std::vector<float> right;
};

/// Element `index` of the result, counted from its beginning in the order of memory (of a matrix
/// row by row): as a kernel reads it, product by product, zeros of the padding included.
SumOperands matmul_operands(const MatrixView& a, const MatrixView& b, std::int64_t index);
SumOperands convolution_forward_operands(const ConvolutionShape& shape, const float* x,
                                         const float* weight, std::int64_t index);
SumOperands convolution_backward_data_operands(const ConvolutionShape& shape, const float* grad_y,
                                               const float* weight, std::int64_t index);
SumOperands convolution_backward_weight_operands(const ConvolutionShape& shape, const float* x,
                                                 const float* grad_y, std::int64_t index);

}  // namespace mantissa
