#include "kernels/reduction.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "tensor/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduction.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 16>;
using Floats = hn::Rebind<float, Doubles>;
using Vector = hn::Vec<Doubles>;
constexpr std::size_t kLanes = hn::MaxLanes(Doubles());
constexpr std::size_t kVectors = 16 / kLanes;

HWY_INLINE Vector load(const float* x) {
  return hn::PromoteTo(Doubles(), hn::LoadU(Floats(), x));
}

/// The partial sums of one run: kept in registers for whole steps of sixteen, in memory for the
/// rest.
struct Partials {
  Vector vectors[kVectors];

  HWY_INLINE Partials() {
    for (Vector& vector : vectors) vector = hn::Zero(Doubles());
  }
  HWY_INLINE void add(std::size_t v, Vector term) { vectors[v] = hn::Add(vectors[v], term); }

  /// Adds `rest(0) ... rest(count - 1)` to the first partials, then all partials to one.
  template <typename Rest>
  HWY_INLINE double total(std::int64_t count, const Rest& rest) const {
    HWY_ALIGN double lanes[16];
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(vectors[v], Doubles(), lanes + v * kLanes);
    for (std::int64_t i = 0; i < count; ++i) lanes[i] += rest(i);
    for (int width = 8; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    }
    return lanes[0];
  }
};

double run_sum(const float* x, std::int64_t count) {
  Partials partials;
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (std::size_t v = 0; v < kVectors; ++v) partials.add(v, load(x + i + v * kLanes));
  }
  return partials.total(count - i, [&](std::int64_t j) { return static_cast<double>(x[i + j]); });
}

double run_squares(const float* x, std::int64_t count, double centre) {
  Partials partials;
  const Vector centres = hn::Set(Doubles(), centre);
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector difference = hn::Sub(load(x + i + v * kLanes), centres);
      partials.add(v, hn::Mul(difference, difference));
    }
  }
  return partials.total(count - i, [&](std::int64_t j) {
    const double difference = static_cast<double>(x[i + j]) - centre;
    return difference * difference;
  });
}

/// sums[0] = sum of g, sums[1] = sum of g * (x - centre).
void run_gradient_sums(const float* g, const float* x, std::int64_t count, double centre,
                       double* sums) {
  Partials gradients;
  Partials products;
  const Vector centres = hn::Set(Doubles(), centre);
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector gradient = load(g + i + v * kLanes);
      gradients.add(v, gradient);
      products.add(v, hn::Mul(gradient, hn::Sub(load(x + i + v * kLanes), centres)));
    }
  }
  sums[0] =
      gradients.total(count - i, [&](std::int64_t j) { return static_cast<double>(g[i + j]); });
  sums[1] = products.total(count - i, [&](std::int64_t j) {
    return static_cast<double>(g[i + j]) * (static_cast<double>(x[i + j]) - centre);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace mantissa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(run_sum);
HWY_EXPORT(run_squares);
HWY_EXPORT(run_gradient_sums);

namespace {

/// Elements that are worth a task of their own: a few microseconds.
constexpr std::int64_t kTaskElements = 16384;

std::int64_t grain_for(std::int64_t elements_each) {
  return std::max<std::int64_t>(1, kTaskElements / std::max<std::int64_t>(1, elements_each));
}

/// Columns whose sums are kept on the stack while the rows stream by.
constexpr std::int64_t kColumns = 256;

template <typename Element>
void add_columns(const Element* x, std::int64_t rows, std::int64_t row_stride, std::int64_t columns,
                 double* sums) {
  for (std::int64_t begin = 0; begin < columns; begin += kColumns) {
    const std::int64_t width = std::min(kColumns, columns - begin);
    std::array<double, kColumns> totals{};
    for (std::int64_t row = 0; row < rows; ++row) {
      const Element* from = x + row * row_stride + begin;
      for (std::int64_t j = 0; j < width; ++j) {
        totals[static_cast<std::size_t>(j)] += static_cast<double>(from[j]);
      }
    }
    std::copy_n(totals.begin(), width, sums + begin);
  }
}

template <typename Element>
void column_sums(const Element* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
                 double* sums) {
  if (outer > 1) {
    parallel_for(outer, grain_for(reduced * inner), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t o = begin; o < end; ++o) {
        add_columns(x + o * reduced * inner, reduced, inner, inner, sums + o * inner);
      }
    });
    return;
  }
  const std::int64_t grain = std::max<std::int64_t>(64, grain_for(reduced));
  parallel_for(inner, grain, [&](std::int64_t begin, std::int64_t end) {
    add_columns(x + begin, reduced, inner, end - begin, sums + begin);
  });
}

/// Calls body(run, channel) for each run of `inner` elements, in parallel.
template <typename Body>
void for_each_run(const ChannelLayout& layout, const Body& body) {
  parallel_for(layout.batch * layout.channels, grain_for(layout.inner),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t run = begin; run < end; ++run) body(run, run % layout.channels);
               });
}

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// Moments of [batch, channels]: the mean, then squares about it; two passes over a small array.
ChannelMoments column_moments(const float* x, const ChannelLayout& layout) {
  const std::int64_t channels = layout.channels;
  ChannelMoments moments{std::vector<double>(index(channels)),
                         std::vector<double>(index(channels))};
  axis_sums(x, 1, layout.batch, channels, moments.mean.data());
  const auto count = static_cast<double>(layout.batch);
  for (double& mean : moments.mean) mean /= count;
  for (std::int64_t row = 0; row < layout.batch; ++row) {
    const float* from = x + row * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      const double difference = static_cast<double>(from[c]) - moments.mean[index(c)];
      moments.variance[index(c)] += difference * difference;
    }
  }
  for (double& variance : moments.variance) variance /= count;
  return moments;
}

}  // namespace

double sum(const float* x, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(run_sum)(x, count);
}

double sum_of_squares(const float* x, std::int64_t count, double centre) {
  return HWY_DYNAMIC_DISPATCH(run_squares)(x, count, centre);
}

void axis_sums(const float* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
               double* sums) {
  if (inner > 1) {
    column_sums(x, outer, reduced, inner, sums);
    return;
  }
  parallel_for(outer, grain_for(reduced), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin; o < end; ++o) sums[o] = sum(x + o * reduced, reduced);
  });
}

void axis_sums(const double* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
               double* sums) {
  column_sums(x, outer, reduced, inner, sums);
}

std::vector<double> channel_sums(const float* x, const ChannelLayout& layout) {
  std::vector<double> sums(index(layout.channels));
  if (layout.inner == 1) {
    axis_sums(x, 1, layout.batch, layout.channels, sums.data());
    return sums;
  }
  std::vector<double> runs(index(layout.batch * layout.channels));
  axis_sums(x, layout.batch * layout.channels, layout.inner, 1, runs.data());
  axis_sums(runs.data(), 1, layout.batch, layout.channels, sums.data());
  return sums;
}

ChannelMoments channel_moments(const float* x, const ChannelLayout& layout) {
  if (layout.inner == 1) return column_moments(x, layout);
  const std::size_t runs = index(layout.batch * layout.channels);
  std::vector<double> run_sums(runs);
  std::vector<double> run_squares_about_mean(runs);
  const auto inner = static_cast<double>(layout.inner);
  for_each_run(layout, [&](std::int64_t run, std::int64_t) {
    const float* from = x + run * layout.inner;
    run_sums[index(run)] = sum(from, layout.inner);
    run_squares_about_mean[index(run)] =
        sum_of_squares(from, layout.inner, run_sums[index(run)] / inner);
  });

  ChannelMoments moments{std::vector<double>(index(layout.channels)),
                         std::vector<double>(index(layout.channels))};
  axis_sums(run_sums.data(), 1, layout.batch, layout.channels, moments.mean.data());
  axis_sums(run_squares_about_mean.data(), 1, layout.batch, layout.channels,
            moments.variance.data());
  const auto count = static_cast<double>(layout.elements_per_channel());
  for (double& mean : moments.mean) mean /= count;
  for (std::size_t run = 0; run < runs; ++run) {
    const std::size_t channel = run % index(layout.channels);
    const double difference = run_sums[run] / inner - moments.mean[channel];
    moments.variance[channel] += inner * (difference * difference);
  }
  for (double& variance : moments.variance) variance /= count;
  return moments;
}

ChannelGradientSums channel_gradient_sums(const float* grad_y, const float* x,
                                          const std::vector<double>& mean,
                                          const ChannelLayout& layout) {
  const std::int64_t channels = layout.channels;
  ChannelGradientSums sums{std::vector<double>(index(channels)),
                           std::vector<double>(index(channels))};
  if (layout.inner == 1) {
    for (std::int64_t row = 0; row < layout.batch; ++row) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto gradient = static_cast<double>(grad_y[row * channels + c]);
        sums.gradient[index(c)] += gradient;
        sums.product[index(c)] +=
            gradient * (static_cast<double>(x[row * channels + c]) - mean[index(c)]);
      }
    }
    return sums;
  }
  std::vector<std::array<double, 2>> runs(index(layout.batch * channels));
  for_each_run(layout, [&](std::int64_t run, std::int64_t channel) {
    const std::int64_t offset = run * layout.inner;
    HWY_DYNAMIC_DISPATCH(run_gradient_sums)
    (grad_y + offset, x + offset, layout.inner, mean[index(channel)], runs[index(run)].data());
  });
  for (std::size_t run = 0; run < runs.size(); ++run) {
    sums.gradient[run % index(channels)] += runs[run][0];
    sums.product[run % index(channels)] += runs[run][1];
  }
  return sums;
}

}  // namespace mantissa
#endif  // HWY_ONCE
