#pragma once

#include <cstdint>

namespace mantissa {

/// How a window moves along one spatial axis of a convolution or a pooling.
struct WindowAxis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;  ///< a convolution's follows from `out`

  /// Elements from the window's first to its last tap.
  std::int64_t extent() const { return (kernel - 1) * dilation + 1; }
};

}  // namespace mantissa
