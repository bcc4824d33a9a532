#include "kernels/pooling.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/pooling_plan.h"
#include "tensor/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pooling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// x[0], x[stride], x[2 stride], ...; stride 0 stands for one that is known at run time only. With
/// stride 2 one element more is read than is needed.
template <int kStride, typename D>
HWY_INLINE hn::Vec<D> load_strided(D d, const float* x, [[maybe_unused]] std::int64_t stride) {
  if constexpr (kStride == 1) {
    return hn::LoadU(d, x);
  } else if constexpr (kStride == 2) {
    return hn::ConcatEven(d, hn::LoadU(d, x + hn::MaxLanes(d)), hn::LoadU(d, x));
  } else {
    HWY_ALIGN float lanes[hn::MaxLanes(D())];
    for (std::size_t i = 0; i < hn::MaxLanes(d); ++i) {
      lanes[i] = x[static_cast<std::int64_t>(i) * stride];
    }
    return hn::Load(d, lanes);
  }
}

/// Calls `step(d, i)` for vectors of windows; the last vector overlaps the one before where the
/// windows are no multiple of it. Returns false, having done nothing, if there are fewer windows
/// than lanes or a load would pass the input's end.
template <typename D, typename Step>
HWY_INLINE bool in_vectors(D d, const WindowRow& row, const Step& step) {
  const auto lanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  const std::int64_t reach = row.offsets[row.last_tap - 1] + row.stride * row.count;
  if (row.count < lanes || row.end - row.first < reach) return false;
  std::int64_t i = 0;
  for (; i + lanes <= row.count; i += lanes) step(d, i);
  if (i < row.count) step(d, row.count - lanes);
  return true;
}

template <int kStride, typename D>
HWY_INLINE void max_step(D d, const WindowRow& row, std::int64_t i, float* y, float* winners) {
  const float* window = row.first + i * row.stride;
  auto best = load_strided<kStride>(d, window + row.offsets[row.first_tap], row.stride);
  auto winner = hn::Set(d, static_cast<float>(row.first_tap));
  for (std::int64_t tap = row.first_tap + 1; tap < row.last_tap; ++tap) {
    const auto value = load_strided<kStride>(d, window + row.offsets[tap], row.stride);
    const auto take = hn::Or(hn::Gt(value, best), hn::IsNaN(value));
    best = hn::IfThenElse(take, value, best);
    winner = hn::IfThenElse(take, hn::Set(d, static_cast<float>(tap)), winner);
  }
  hn::StoreU(best, d, y + i);
  if (winners != nullptr) hn::StoreU(winner, d, winners + i);
}

/// Maxima of windows; those that no vector covers one at a time.
template <int kStride>
void max_row_strided(const WindowRow& row, float* y, float* winners) {
  const auto step = [&](auto d, std::int64_t i) { max_step<kStride>(d, row, i, y, winners); };
  if (in_vectors(hn::CappedTag<float, 16>(), row, step)) return;
  if (in_vectors(hn::CappedTag<float, 8>(), row, step)) return;
  if (in_vectors(hn::CappedTag<float, 4>(), row, step)) return;
  for (std::int64_t i = 0; i < row.count; ++i) {
    max_step<1>(hn::CappedTag<float, 1>(), row, i, y, winners);
  }
}

void max_row(const WindowRow& row, float* y, float* winners) {
  if (row.stride == 1) {
    max_row_strided<1>(row, y, winners);
  } else if (row.stride == 2) {
    max_row_strided<2>(row, y, winners);
  } else {
    max_row_strided<0>(row, y, winners);
  }
}

/// D is of doubles: sums and the division are in binary64.
template <int kStride, typename D>
HWY_INLINE void mean_step(D d, const WindowRow& row, std::int64_t i, double divisor, float* y) {
  const hn::Rebind<float, D> floats;
  const float* window = row.first + i * row.stride;
  auto sum = hn::Zero(d);
  for (std::int64_t tap = row.first_tap; tap < row.last_tap; ++tap) {
    const auto values = load_strided<kStride>(floats, window + row.offsets[tap], row.stride);
    sum = hn::Add(sum, hn::PromoteTo(d, values));
  }
  hn::StoreU(hn::DemoteTo(floats, hn::Div(sum, hn::Set(d, divisor))), floats, y + i);
}

template <int kStride>
void mean_row_strided(const WindowRow& row, double divisor, float* y) {
  const auto step = [&](auto d, std::int64_t i) { mean_step<kStride>(d, row, i, divisor, y); };
  if (in_vectors(hn::CappedTag<double, 8>(), row, step)) return;
  if (in_vectors(hn::CappedTag<double, 4>(), row, step)) return;
  for (std::int64_t i = 0; i < row.count; ++i) {
    mean_step<1>(hn::CappedTag<double, 1>(), row, i, divisor, y);
  }
}

void mean_row(const WindowRow& row, double divisor, float* y) {
  if (row.stride == 1) {
    mean_row_strided<1>(row, divisor, y);
  } else if (row.stride == 2) {
    mean_row_strided<2>(row, divisor, y);
  } else {
    mean_row_strided<0>(row, divisor, y);
  }
}

/// Each of `count` values `times` times, one after the other.
void repeat(const float* values, std::int64_t count, std::int64_t times, float* to) {
  std::int64_t i = 0;
  const auto twice = [&](auto d) {
    const auto lanes = static_cast<std::int64_t>(hn::MaxLanes(d));
    for (; i + lanes <= count; i += lanes) {
      const auto value = hn::LoadU(d, values + i);
      hn::StoreInterleaved2(value, value, d, to + 2 * i);
    }
  };
  if (times == 2) {
    twice(hn::CappedTag<float, 16>());
    twice(hn::CappedTag<float, 4>());
  }
  for (; i < count; ++i) {
    for (std::int64_t t = 0; t < times; ++t) to[i * times + t] = values[i];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace mantissa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(max_row);
HWY_EXPORT(mean_row);
HWY_EXPORT(repeat);

namespace {

/// Elements of input that are worth a task of their own.
constexpr std::int64_t kTaskElements = 16384;

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// Calls body(plane) for every plane, in parallel.
template <typename Body>
void for_each_plane(const PoolingPlan& plan, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, kTaskElements / plan.in_plane());
  parallel_for(plan.shape.planes, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) body(plane);
  });
}

/// Calls body(tap, element) for the taps of window (oh, ow) that lie in the plane, row-major.
template <typename Body>
void for_each_tap(const PoolingPlan& plan, std::int64_t oh, std::int64_t ow, const Body& body) {
  const IndexRange rows = plan.row_taps[index(oh)];
  const IndexRange columns = plan.column_taps[index(ow)];
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    for (std::int64_t c = columns.first; c < columns.last; ++c) {
      const std::int64_t tap = r * plan.shape.horizontal.kernel + c;
      body(tap, plan.window(oh, ow) + plan.offsets[index(tap)]);
    }
  }
}

/// Calls body(ow) for the output columns whose windows touch padding.
template <typename Body>
void for_each_border_column(const PoolingPlan& plan, const Body& body) {
  for (std::int64_t ow = 0; ow < plan.interior.first; ++ow) body(ow);
  for (std::int64_t ow = plan.interior.last; ow < plan.shape.horizontal.out; ++ow) body(ow);
}

WindowRow interior_row(const PoolingPlan& plan, const float* x, std::int64_t plane,
                       std::int64_t oh) {
  const IndexRange rows = plan.row_taps[index(oh)];
  WindowRow row;
  row.first = x + plane * plan.in_plane() + plan.window(oh, plan.interior.first);
  row.end = x + plan.shape.in_elements();
  row.offsets = plan.offsets.data();
  row.first_tap = rows.first * plan.shape.horizontal.kernel;
  row.last_tap = rows.last * plan.shape.horizontal.kernel;
  row.stride = plan.shape.horizontal.stride;
  row.count = plan.interior.size();
  return row;
}

void max_at_border(const PoolingPlan& plan, const float* plane, std::int64_t oh, std::int64_t ow,
                   float& y, float* winner) {
  std::int64_t best_tap = -1;
  float best = 0;
  for_each_tap(plan, oh, ow, [&](std::int64_t tap, std::int64_t element) {
    const float value = plane[element];
    const bool take = (value > best) | (value != value) | (best_tap < 0);
    best = take ? value : best;
    best_tap = take ? tap : best_tap;
  });
  y = best;
  if (winner != nullptr) *winner = static_cast<float>(best_tap);
}

/// What each element of a window adds to the gradient of its mean.
void gradient_shares(const PoolingDivisors& divisors, std::int64_t oh, const float* grad_y,
                     std::vector<float>& shares) {
  const double row = divisors.rows[index(oh)];
  for (std::size_t i = 0; i < shares.size(); ++i) {
    shares[i] = static_cast<float>(static_cast<double>(grad_y[i]) / (row * divisors.columns[i]));
  }
}

/// The shares of windows that tile the plane, written once to each element.
void write_tiles(const PoolingPlan& plan, std::int64_t oh, const std::vector<float>& shares,
                 float* plane) {
  const PoolingShape& s = plan.shape;
  float* first = plane + oh * s.vertical.kernel * s.horizontal.in;
  const std::int64_t covered = s.horizontal.out * s.horizontal.kernel;
  HWY_DYNAMIC_DISPATCH(repeat)(shares.data(), s.horizontal.out, s.horizontal.kernel, first);
  std::fill_n(first + covered, s.horizontal.in - covered, 0.0F);
  for (std::int64_t r = 1; r < s.vertical.kernel; ++r) {
    std::copy_n(first, s.horizontal.in, first + r * s.horizontal.in);
  }
}

/// The shares of one row of windows, added tap by tap.
void add_shares(const PoolingPlan& plan, std::int64_t oh, const std::vector<float>& shares,
                float* plane) {
  const PoolingShape& s = plan.shape;
  const IndexRange rows = plan.row_taps[index(oh)];
  for (std::int64_t tap = rows.first * s.horizontal.kernel; tap < rows.last * s.horizontal.kernel;
       ++tap) {
    const std::int64_t column = tap % s.horizontal.kernel;
    const auto [first, last] = plan.tap_outputs[index(column)];
    float* __restrict to = plane + plan.window(oh, first) + plan.offsets[index(tap)];
    const float* share = shares.data() + first;
    if (s.horizontal.stride == 1) {
      for (std::int64_t i = 0; i < last - first; ++i) to[i] += share[i];
    } else {
      for (std::int64_t i = 0; i < last - first; ++i) to[i * s.horizontal.stride] += share[i];
    }
  }
}

}  // namespace

void max_pool_forward(const PoolingShape& shape, const float* x, float* y, float* winners) {
  const PoolingPlan plan(shape);
  for_each_plane(plan, [&](std::int64_t plane) {
    const float* from = x + plane * plan.in_plane();
    for (std::int64_t oh = 0; oh < shape.vertical.out; ++oh) {
      const std::int64_t at = plane * plan.out_plane() + oh * shape.horizontal.out;
      const auto winner = [&](std::int64_t ow) {
        return winners == nullptr ? nullptr : winners + at + ow;
      };
      const std::int64_t inner = plan.interior.first;
      const WindowRow row = interior_row(plan, x, plane, oh);
      if (row.count > 0) HWY_DYNAMIC_DISPATCH(max_row)(row, y + at + inner, winner(inner));
      for_each_border_column(plan, [&](std::int64_t ow) {
        max_at_border(plan, from, oh, ow, y[at + ow], winner(ow));
      });
    }
  });
}

void max_pool_backward(const PoolingShape& shape, const float* grad_y, const float* winners,
                       float* grad_x) {
  const PoolingPlan plan(shape);
  for_each_plane(plan, [&](std::int64_t plane) {
    float* to = grad_x + plane * plan.in_plane();
    std::fill_n(to, plan.in_plane(), 0.0F);
    for (std::int64_t oh = 0; oh < shape.vertical.out; ++oh) {
      const std::int64_t at = plane * plan.out_plane() + oh * shape.horizontal.out;
      float* window = to + plan.window(oh, 0);
      for (std::int64_t ow = 0; ow < shape.horizontal.out; ++ow) {
        const auto tap = static_cast<std::size_t>(winners[at + ow]);
        window[ow * shape.horizontal.stride + plan.offsets[tap]] += grad_y[at + ow];
      }
    }
  });
}

void average_pool_forward(const PoolingShape& shape, bool count_padding, const float* x, float* y) {
  const PoolingPlan plan(shape);
  const PoolingDivisors divisors(shape, count_padding);
  for_each_plane(plan, [&](std::int64_t plane) {
    const float* from = x + plane * plan.in_plane();
    for (std::int64_t oh = 0; oh < shape.vertical.out; ++oh) {
      float* to = y + plane * plan.out_plane() + oh * shape.horizontal.out;
      const double row_divisor = divisors.rows[index(oh)];
      const WindowRow row = interior_row(plan, x, plane, oh);
      if (row.count > 0) {
        const double divisor = row_divisor * static_cast<double>(shape.horizontal.kernel);
        HWY_DYNAMIC_DISPATCH(mean_row)(row, divisor, to + plan.interior.first);
      }
      for_each_border_column(plan, [&](std::int64_t ow) {
        double sum = 0;
        for_each_tap(plan, oh, ow, [&](std::int64_t, std::int64_t element) {
          sum += static_cast<double>(from[element]);
        });
        to[ow] = static_cast<float>(sum / (row_divisor * divisors.columns[index(ow)]));
      });
    }
  });
}

void average_pool_backward(const PoolingShape& shape, bool count_padding, const float* grad_y,
                           float* grad_x) {
  const PoolingPlan plan(shape);
  const PoolingDivisors divisors(shape, count_padding);
  const bool tiles = plan.tiles();
  for_each_plane(plan, [&](std::int64_t plane) {
    std::vector<float> shares(index(shape.horizontal.out));
    float* to = grad_x + plane * plan.in_plane();
    const std::int64_t tiled =
        tiles ? shape.vertical.out * shape.vertical.kernel * shape.horizontal.in : 0;
    std::fill_n(to + tiled, plan.in_plane() - tiled, 0.0F);
    for (std::int64_t oh = 0; oh < shape.vertical.out; ++oh) {
      gradient_shares(divisors, oh, grad_y + plane * plan.out_plane() + oh * shape.horizontal.out,
                      shares);
      if (tiles) {
        write_tiles(plan, oh, shares, to);
      } else {
        add_shares(plan, oh, shares, to);
      }
    }
  });
}

}  // namespace mantissa
#endif  // HWY_ONCE
