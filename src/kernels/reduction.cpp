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

/// The first `count` elements, zeros behind them; nothing beyond `count` is read.
HWY_INLINE Vector load_first(const float* x, std::size_t count) {
  const Floats d;
  return hn::PromoteTo(Doubles(), hn::MaskedLoad(hn::FirstN(d, count), d, x));
}

/// The lanes' sum: the upper half is added to the lower until one is left.
template <typename D>
HWY_INLINE double sum_of_lanes(D /*d*/, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) == 1) {
    return hn::GetLane(v);
  } else {
    const hn::Half<D> half;
    return sum_of_lanes(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// The partial sums of one run.
struct Partials {
  Vector vectors[kVectors];

  HWY_INLINE Partials() {
    for (Vector& vector : vectors) vector = hn::Zero(Doubles());
  }
  HWY_INLINE void add(std::size_t v, Vector term) { vectors[v] = hn::Add(vectors[v], term); }

  HWY_INLINE double total() const {
    Vector sums[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) sums[v] = vectors[v];
    for (std::size_t width = kVectors / 2; width > 0; width /= 2) {
      for (std::size_t v = 0; v < width; ++v) sums[v] = hn::Add(sums[v], sums[v + width]);
    }
    return sum_of_lanes(Doubles(), sums[0]);
  }
};

/// Calls whole(v, i) for each vector v of whole steps of sixteen, then rest(v, i, left) for the
/// vectors of the rest, of which `left` elements (at most a vector's) exist. Zeros added in their
/// place change no sum, as none is -0.
template <typename Whole, typename Rest>
HWY_INLINE void for_each_vector(std::int64_t count, const Whole& whole, const Rest& rest) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      whole(v, i + static_cast<std::int64_t>(v * kLanes));
    }
  }
  for (std::size_t v = 0; v < kVectors && i < count; ++v) {
    rest(v, i, std::min(kLanes, static_cast<std::size_t>(count - i)));
    i += static_cast<std::int64_t>(kLanes);
  }
}

HWY_INLINE double run_sum(const float* x, std::int64_t count) {
  Partials partials;
  for_each_vector(
      count, [&](std::size_t v, std::int64_t i) { partials.add(v, load(x + i)); },
      [&](std::size_t v, std::int64_t i, std::size_t left) {
        partials.add(v, load_first(x + i, left));
      });
  return partials.total();
}

HWY_INLINE double run_squares(const float* x, std::int64_t count, double centre) {
  Partials partials;
  const Vector centres = hn::Set(Doubles(), centre);
  for_each_vector(
      count,
      [&](std::size_t v, std::int64_t i) {
        const Vector difference = hn::Sub(load(x + i), centres);
        partials.add(v, hn::Mul(difference, difference));
      },
      [&](std::size_t v, std::int64_t i, std::size_t left) {
        const Vector difference = hn::Sub(load_first(x + i, left), centres);
        const auto exists = hn::FirstN(Doubles(), left);
        partials.add(v, hn::IfThenElseZero(exists, hn::Mul(difference, difference)));
      });
  return partials.total();
}

/// Sums of `runs` runs of `count` elements, one after the other.
void sums_of_runs(const float* x, std::int64_t runs, std::int64_t count, double* sums) {
  for (std::int64_t r = 0; r < runs; ++r) sums[r] = run_sum(x + r * count, count);
}

/// Sums of runs, and sums of squares about each run's own mean.
void moments_of_runs(const float* x, std::int64_t runs, std::int64_t count, double* sums,
                     double* squares) {
  for (std::int64_t r = 0; r < runs; ++r) {
    sums[r] = run_sum(x + r * count, count);
    squares[r] = run_squares(x + r * count, count, sums[r] / static_cast<double>(count));
  }
}

double squares_of_run(const float* x, std::int64_t count, double centre) {
  return run_squares(x, count, centre);
}

double products_of_run(const float* a, const float* b, std::int64_t count) {
  Partials partials;
  for_each_vector(
      count,
      [&](std::size_t v, std::int64_t i) { partials.add(v, hn::Mul(load(a + i), load(b + i))); },
      [&](std::size_t v, std::int64_t i, std::size_t left) {
        partials.add(v, hn::Mul(load_first(a + i, left), load_first(b + i, left)));
      });
  return partials.total();
}

/// For each run, the sums of g and of g * (x - mean); run r belongs to channel r % channels.
void gradient_sums_of_runs(const float* g, const float* x, std::int64_t first, std::int64_t last,
                           const ChannelLayout& layout, const double* mean, double* gradient_sums,
                           double* product_sums) {
  for (std::int64_t r = first; r < last; ++r) {
    const float* from_g = g + r * layout.inner;
    const float* from_x = x + r * layout.inner;
    const Vector centres = hn::Set(Doubles(), mean[r % layout.channels]);
    Partials gradients;
    Partials products;
    for_each_vector(
        layout.inner,
        [&](std::size_t v, std::int64_t i) {
          const Vector gradient = load(from_g + i);
          gradients.add(v, gradient);
          products.add(v, hn::Mul(gradient, hn::Sub(load(from_x + i), centres)));
        },
        [&](std::size_t v, std::int64_t i, std::size_t left) {
          const Vector gradient = load_first(from_g + i, left);
          gradients.add(v, gradient);
          const auto exists = hn::FirstN(Doubles(), left);
          const Vector difference = hn::Sub(load_first(from_x + i, left), centres);
          products.add(v, hn::IfThenElseZero(exists, hn::Mul(gradient, difference)));
        });
    gradient_sums[r] = gradients.total();
    product_sums[r] = products.total();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace mantissa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(sums_of_runs);
HWY_EXPORT(squares_of_run);
HWY_EXPORT(products_of_run);
HWY_EXPORT(moments_of_runs);
HWY_EXPORT(gradient_sums_of_runs);

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
  double total = 0;
  HWY_DYNAMIC_DISPATCH(sums_of_runs)(x, 1, count, &total);
  return total;
}

double sum_of_squares(const float* x, std::int64_t count, double centre) {
  return HWY_DYNAMIC_DISPATCH(squares_of_run)(x, count, centre);
}

double sum_of_products(const float* a, const float* b, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(products_of_run)(a, b, count);
}

void axis_sums(const float* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
               double* sums) {
  if (inner > 1) {
    column_sums(x, outer, reduced, inner, sums);
    return;
  }
  parallel_for(outer, grain_for(reduced), [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(sums_of_runs)(x + begin * reduced, end - begin, reduced, sums + begin);
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
  parallel_for(layout.batch * layout.channels, grain_for(layout.inner),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(moments_of_runs)
                 (x + begin * layout.inner, end - begin, layout.inner, &run_sums[index(begin)],
                  &run_squares_about_mean[index(begin)]);
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
  const std::int64_t runs = layout.batch * channels;
  std::vector<double> gradients(index(runs));
  std::vector<double> products(index(runs));
  parallel_for(runs, grain_for(layout.inner), [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(gradient_sums_of_runs)
    (grad_y, x, begin, end, layout, mean.data(), gradients.data(), products.data());
  });
  axis_sums(gradients.data(), 1, layout.batch, channels, sums.gradient.data());
  axis_sums(products.data(), 1, layout.batch, channels, sums.product.data());
  return sums;
}

}  // namespace mantissa
#endif  // HWY_ONCE
