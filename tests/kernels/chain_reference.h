#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/convolution.h"
#include "kernels/matmul.h"

namespace mantissa::test {

/// The slow twins of the kernels: each element by itself, one `multiply_accumulate` after the
/// other.

/// The sum of left[k] * right[k] by the chain that `mac` describes; `element` names its random
/// words.
float chain(std::span<const float> left, std::span<const float> right, const Mac& mac,
            RandomKey key, std::uint64_t element);

std::vector<float> reference_matmul(const MatrixView& a, const MatrixView& b, const Mac& mac,
                                    RandomKey key, const Epilogue& epilogue,
                                    std::uint64_t first_element = 0);
std::vector<float> reference_forward(const ConvolutionShape& shape, std::span<const float> x,
                                     std::span<const float> weight, const Mac& mac, RandomKey key,
                                     const Epilogue& epilogue = {});
std::vector<float> reference_backward_data(const ConvolutionShape& shape,
                                           std::span<const float> grad_y,
                                           std::span<const float> weight, const Mac& mac,
                                           RandomKey key);
std::vector<float> reference_backward_weight(const ConvolutionShape& shape,
                                             std::span<const float> x,
                                             std::span<const float> grad_y, const Mac& mac,
                                             RandomKey key);

/// Which values a test draws.
enum class Values {
  exact,        ///< small integers: every sum is exact
  normal,       ///< of many magnitudes around 1
  coarse,       ///< few significant bits, so that ties and cancellation are frequent
  adversarial,  ///< subnormals, values near the overflow of narrow and wide formats, zeros of both
                ///< signs
  special,      ///< adversarial with infinities and NaN among them
};
std::vector<float> draw_values(std::int64_t count, Values values, RandomKey key);

/// Operands of a format: the values are drawn, then rounded to it.
std::vector<float> members(std::int64_t count, Values values, const std::string& format,
                           RandomKey key);

/// Checks that both are the same bit for bit (any NaN equals any NaN), and prints the first
/// difference.
void check_same_bits(std::span<const float> actual, std::span<const float> expected);

/// Runs `body` once for every instruction set that this binary and this CPU have.
void for_each_target(const std::function<void(const char* name)>& body);

}  // namespace mantissa::test
