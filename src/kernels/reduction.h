#pragma once

#include <cstdint>
#include <vector>

namespace mantissa {

// Sums in binary64, in an order that depends on the extents alone: never on the vector width or the
// number of threads. Products are rounded before they are added (no fused multiply-add).

/// Partial sums of a run of neighbouring elements: element i goes to partial i % 16, and the
/// partials are added as a tree. Sixteen is a multiple of every vector width in use (2, 4 or 8
/// doubles), and enough to hide the latency of an add.
inline constexpr int kPartialSums = 16;

/// Sum of `count` neighbouring elements, by `kPartialSums` partial sums.
double sum(const float* x, std::int64_t count);

/// sum of (x[i] - centre)^2, likewise.
double sum_of_squares(const float* x, std::int64_t count, double centre);

/// sum of a[i] * b[i], likewise; the products are exact.
double sum_of_products(const float* a, const float* b, std::int64_t count);

/// Sums of x [outer, reduced, inner] over the middle axis, to `sums` [outer, inner].
///
/// With inner = 1 each sum is `sum` of a run; else its elements are added in order, from +0.
/// One pass over memory; parallel over the sums.
void axis_sums(const float* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
               double* sums);
/// As above for sums of sums; elements are added in order, whatever `inner`.
void axis_sums(const double* x, std::int64_t outer, std::int64_t reduced, std::int64_t inner,
               double* sums);

/// An activation [batch, channels, height, width] as statistics by channel see it: `inner` is
/// height * width, or 1 for [batch, channels].
struct ChannelLayout {
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;

  std::int64_t elements() const { return batch * channels * inner; }
  std::int64_t elements_per_channel() const { return batch * inner; }
};

/// Sum of each channel: the runs of `inner` elements, then their sums in order of the batch. The
/// gradient of a bias.
std::vector<double> channel_sums(const float* x, const ChannelLayout& layout);

struct ChannelMoments {
  std::vector<double> mean;      ///< [channels]
  std::vector<double> variance;  ///< [channels], biased: divided by the number of elements
};

/// Mean and variance of each channel, by the parallel-axis form of Chan, Golub & LeVeque
/// ("Algorithms for computing the sample variance", Am. Stat. 37, 1983): squares are summed about
/// the mean of their own run, while it is in the cache, so one pass over memory has the accuracy of
/// two.
ChannelMoments channel_moments(const float* x, const ChannelLayout& layout);

struct ChannelGradientSums {
  std::vector<double> gradient;  ///< [channels]: sum of grad_y
  std::vector<double> product;   ///< [channels]: sum of grad_y * (x - mean)
};

/// What the backward pass of a normalisation needs of each channel. One pass over both arrays.
ChannelGradientSums channel_gradient_sums(const float* grad_y, const float* x,
                                          const std::vector<double>& mean,
                                          const ChannelLayout& layout);

}  // namespace mantissa
