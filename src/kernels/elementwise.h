#pragma once

#include <cstdint>

namespace mantissa {

/// Elements below which a second thread does not pay, as grain of `parallel_for`: 64 KiB of
/// binary32.
inline constexpr std::int64_t kElementwiseGrain = 16384;

// Functions of one number over arrays, in binary32. Each element's result depends on that element
// alone: not on the width of the CPU's vectors, on its place in the array or on the C library. `y`
// may be `x`. Single-threaded: callers split large arrays.
//
// The errors below are bounds in units in the last place of the result. `test_kernels` measures
// them on every 1,009th bit pattern of binary32, against x87 extended precision.

/// e^x within 0.98 ulp; subnormal results within 0.75.
void exponential(const float* x, float* y, std::int64_t count);

/// Natural logarithm within 0.80 ulp; -inf at 0, NaN below.
void natural_logarithm(const float* x, float* y, std::int64_t count);

/// Within 1.30 ulp.
void hyperbolic_tangent(const float* x, float* y, std::int64_t count);

/// 1 / (1 + e^-x) within 2.30 ulp; subnormal results within 0.75.
void logistic(const float* x, float* y, std::int64_t count);

/// Correctly rounded.
void square_root(const float* x, float* y, std::int64_t count);

/// Natural logarithm in binary64, for sums that are logged once: within 2 ulp. -inf at 0, NaN
/// below.
double natural_logarithm(double x);

}  // namespace mantissa
