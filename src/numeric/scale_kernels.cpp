// Largest magnitudes of groups of elements, and the scales that they choose.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "numeric/scaled_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/scale_kernels.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;

/// The largest of `maximum` and the finite magnitudes of elements.
HWY_INLINE float max_of_elements(const float* source, std::int64_t count, float maximum) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float magnitude = std::abs(source[i]);
    if (magnitude > maximum && std::isfinite(magnitude)) maximum = magnitude;
  }
  return maximum;
}

HWY_INLINE Floats finite_magnitude(Floats x) {
  const Floats magnitude = hn::Abs(x);
  return hn::IfThenElseZero(hn::Lt(magnitude, hn::Inf(Tag())), magnitude);  // not so for NaN
}

/// Of one run of `length` elements, by their codes, which are in the order of magnitudes.
HWY_INLINE float max_of_run(const float* source, std::int64_t length) {
  const Tag d;
  const hn::RebindToSigned<Tag> integer;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto magnitude = hn::Set(integer, 0x7FFFFFFF);
  const auto code_at = [&](std::int64_t i) HWY_ATTR {
    return hn::And(hn::BitCast(integer, hn::LoadU(d, source + i)), magnitude);
  };
  auto largest = hn::Zero(integer);
  std::int64_t i = 0;
  if (length >= 8 * lanes) {
    // Four at once: each maximum waits for the one before it.
    auto second = largest;
    auto third = largest;
    auto fourth = largest;
    for (; i + 4 * lanes <= length; i += 4 * lanes) {
      largest = hn::Max(largest, code_at(i));
      second = hn::Max(second, code_at(i + lanes));
      third = hn::Max(third, code_at(i + 2 * lanes));
      fourth = hn::Max(fourth, code_at(i + 3 * lanes));
    }
    largest = hn::Max(hn::Max(largest, second), hn::Max(third, fourth));
  }
  for (; i + lanes <= length; i += lanes) largest = hn::Max(largest, code_at(i));
  const auto maximum = static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(integer, largest)));
  constexpr std::uint32_t kInfinity = 0x7F800000;
  if (HWY_UNLIKELY(maximum >= kInfinity)) return max_of_elements(source, length, 0);
  return max_of_elements(source + i, length - i, std::bit_cast<float>(maximum));
}

#if HWY_TARGET == HWY_AVX3

/// Of as many runs as there are lanes, of whole vectors: their maxima meet in pairs, lane by lane.
HWY_INLINE void max_of_lanes_runs(const float* source, std::int64_t length, float* maxima) {
  constexpr int kRuns = 16;
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i v[kRuns];
#pragma GCC unroll 16
  for (int run = 0; run < kRuns; ++run) {
    const float* from = source + run * length;
    __m512i largest = _mm512_and_si512(_mm512_loadu_si512(from), magnitude);
    for (std::int64_t i = kRuns; i < length; i += kRuns) {
      const __m512i next = _mm512_and_si512(_mm512_loadu_si512(from + i), magnitude);
      largest = _mm512_max_epi32(largest, next);
    }
    v[run] = largest;
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    const __m512i low = _mm512_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
    v[i] = _mm512_max_epi32(low, _mm512_unpackhi_epi32(v[2 * i], v[2 * i + 1]));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i low = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
    v[i] = _mm512_max_epi32(low, _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]));
  }
  // Now vector i has runs 4i to 4i + 3 in each 128-bit group: even groups and odd ones.
  const auto meet = [](__m512i a, __m512i b) HWY_ATTR {
    return _mm512_max_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xDD));
  };
  const __m512i all = meet(meet(v[0], v[1]), meet(v[2], v[3]));
  _mm512_storeu_si512(maxima, all);
  auto special =
      static_cast<std::uint32_t>(_mm512_cmpgt_epi32_mask(all, _mm512_set1_epi32(0x7F7FFFFF)));
  for (; special != 0; special &= special - 1) {
    const int run = std::countr_zero(special);
    maxima[run] = max_of_elements(source + run * length, length, 0);
  }
}

#endif

void max_of_runs(const float* source, std::int64_t count, std::int64_t length, float* maxima) {
  std::int64_t run = 0;
#if HWY_TARGET == HWY_AVX3
  constexpr std::int64_t kLanes = 16;
  for (; run + kLanes <= count && length % kLanes == 0; run += kLanes, source += kLanes * length) {
    max_of_lanes_runs(source, length, maxima + run);
  }
#endif
  for (; run < count; ++run, source += length) {
    maxima[run] = max_of_run(source, length);
  }
}

void raise_maxima(const float* row, std::int64_t count, float* maxima) {
  const Tag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Floats magnitude = finite_magnitude(hn::LoadU(d, row + i));
    hn::StoreU(hn::Max(hn::LoadU(d, maxima + i), magnitude), d, maxima + i);
  }
  for (; i < count; ++i) {
    const float magnitude = std::abs(row[i]);
    if (magnitude > maxima[i] && std::isfinite(magnitude)) maxima[i] = magnitude;
  }
}

using Wide = hn::ScalableTag<double>;
using Doubles = hn::Vec<Wide>;

/// As ScaleChooser::power_of_two.
HWY_INLINE Floats power_scales(const ScaleConstants& constants, Floats amax) {
  const Tag d;
  const hn::RebindToSigned<Tag> integer;
  constexpr int kFractionBits = 23;
  constexpr int kBias = 127;
  constexpr int kLift = 32;
  const auto lifted = hn::Lt(amax, hn::Set(d, 0x1p-126F));
  const Floats normal = hn::IfThenElse(lifted, hn::Mul(amax, hn::Set(d, 0x1p32F)), amax);
  const auto carry = hn::Set(integer, static_cast<std::int32_t>(constants.carry));
  const auto biased = hn::ShiftRight<kFractionBits>(hn::Add(hn::BitCast(integer, normal), carry));
  const auto lift = hn::IfThenElseZero(hn::RebindMask(integer, lifted), hn::Set(integer, kLift));
  const auto exponent =
      hn::Sub(hn::Sub(biased, lift), hn::Set(integer, kBias + constants.element_exponent));
  const auto bounded = hn::Min(hn::Max(exponent, hn::Set(integer, constants.lowest_exponent)),
                               hn::Set(integer, constants.highest_exponent));
  const auto code = hn::ShiftLeft<kFractionBits>(hn::Add(bounded, hn::Set(integer, kBias)));
  const auto is_lowest = hn::Eq(bounded, hn::Set(integer, -kBias));  // no normal number
  return hn::BitCast(d,
                     hn::IfThenElse(is_lowest, hn::Set(integer, 1 << (kFractionBits - 1)), code));
}

/// The smallest numbers of `bits` significant bits that are not below `values`.
HWY_INLINE Doubles round_up(Doubles values, int bits) {
  const hn::RebindToUnsigned<Wide> words;
  const auto dropped = hn::Set(words, (std::uint64_t{1} << (53 - bits)) - 1);
  return hn::BitCast(Wide(), hn::AndNot(dropped, hn::Add(hn::BitCast(words, values), dropped)));
}

/// To nearest e4m3fn, ties to even, of numbers from 0 to 448.
HWY_INLINE Doubles round_e4m3(Doubles values) {
  const Wide d;
  const Doubles power = hn::Max(hn::And(values, hn::Inf(d)), hn::Set(d, 0x1p-6));
  const Doubles addend = hn::Mul(power, hn::Set(d, 0x1p49));  // its last bit is 2^-3 of the power
  return hn::Sub(hn::Add(values, addend), addend);
}

/// As ScaleChooser::of_group, but for the tensor's scale as a factor.
HWY_INLINE Doubles real_scales(const ScaleConstants& constants, Doubles amax, double tensor_scale) {
  const Wide d;
  const Doubles ratio = hn::Div(amax, hn::Set(d, constants.element_max));
  if (constants.kind == ScaleKind::real) {
    return round_up(hn::Max(ratio, hn::Set(d, kMinRealScale)), constants.real_bits);
  }
  const Doubles wanted =
      hn::Min(hn::Div(ratio, hn::Set(d, tensor_scale)), hn::Set(d, kMaxE4m3Scale));
  return hn::Max(round_e4m3(wanted), hn::Set(d, kMinE4m3Scale));
}

HWY_INLINE Floats scales_of(const ScaleConstants& constants, Floats amax, float tensor_scale) {
  const Tag d;
  const hn::Half<Tag> half;
  const Wide wide;
  Floats scales;
  if (constants.kind == ScaleKind::power_of_two) {
    scales = power_scales(constants, amax);
  } else {
    const auto low = real_scales(constants, hn::PromoteTo(wide, hn::LowerHalf(half, amax)),
                                 static_cast<double>(tensor_scale));
    const auto high = real_scales(constants, hn::PromoteTo(wide, hn::UpperHalf(half, amax)),
                                  static_cast<double>(tensor_scale));
    scales = hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
    if (constants.kind == ScaleKind::e4m3) scales = hn::Mul(scales, hn::Set(d, tensor_scale));
  }
  return hn::IfThenElse(hn::Eq(amax, hn::Zero(d)), hn::Set(d, 1.0F), scales);
}

void choose_scales(const ScaleConstants& constants, float* amax, std::size_t count,
                   float tensor_scale) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(scales_of(constants, hn::LoadU(d, amax + i), tensor_scale), d, amax + i);
  }
  if (i == count) return;
  std::array<float, hn::MaxLanes(d)> last{};
  std::copy(amax + i, amax + count, last.begin());
  hn::StoreU(scales_of(constants, hn::LoadU(d, last.data()), tensor_scale), d, last.data());
  std::copy_n(last.begin(), count - i, amax + i);
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(max_of_runs);
HWY_EXPORT(raise_maxima);
HWY_EXPORT(choose_scales);

void max_magnitudes(const float* source, std::int64_t count, std::int64_t length, float* maxima) {
  HWY_DYNAMIC_DISPATCH(max_of_runs)(source, count, length, maxima);
}

void raise_max_magnitudes(const float* row, std::int64_t count, float* maxima) {
  HWY_DYNAMIC_DISPATCH(raise_maxima)(row, count, maxima);
}

void ScaleChooser::of_groups(std::span<float> amax, float tensor_scale) const {
  HWY_DYNAMIC_DISPATCH(choose_scales)(constants_, amax.data(), amax.size(), tensor_scale);
}

}  // namespace mantissa
#endif
