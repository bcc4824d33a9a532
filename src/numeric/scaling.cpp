#include "numeric/scaling.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "numeric/quantize.h"
#include "support/error.h"

namespace mantissa {
namespace {

constexpr int kCarrierBits = 24;  // significant bits of binary32
constexpr int kMinCarrierExponent = -149;
constexpr int kE4m3Bits = 4;  // significant bits of an e4m3fn scale
constexpr double kE4m3Max = 448;
constexpr double kE4m3Min = 0x1p-9;
constexpr int kMaxExponent = 127;  // of E8M0 and of binary32
constexpr int kMinE8m0 = -127;
constexpr int kMinRealExponent = -100;  // far below any gradient; members stay normal numbers

/// Bits of a scale of kind `real`, alone or over scales in e4m3.
int real_scale_bits(const Quantization& quantization) {
  const int rest = kCarrierBits - facts(quantization.format).significand_bits;
  return quantization.scaling.kind == ScaleKind::e4m3 ? rest - kE4m3Bits : rest;
}

/// The smallest number of `bits` significant bits that is not below `value`, which is positive.
double round_up(double value, int bits) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::ceil(std::ldexp(fraction, bits)), exponent - bits);
}

/// What carries into the exponent of amax = 1.f * 2^e where the rule takes 2^(e + 1).
std::uint32_t carry_of(ScaleRule rule, const FormatFacts& element) {
  constexpr std::uint32_t kFraction = 0x7FFFFF;
  switch (rule) {
    case ScaleRule::floor:
      return 0;
    case ScaleRule::ceil:
      return kFraction;
    case ScaleRule::even:  // Below 2 an odd significand precedes, so a tie goes up.
      return 1U << (kCarrierBits - 1 - element.significand_bits);
    case ScaleRule::rceil:
      return kFraction -
             (std::bit_cast<std::uint32_t>(static_cast<float>(element.max_finite)) & kFraction);
  }
  return 0;
}

}  // namespace

double Scaling::bits_per_element() const {
  constexpr double kScaleBits = 8;  // E8M0 and e4m3fn
  constexpr double kRealBits = 32;
  if (group != ScaleGroup::block) return 0;  // a few numbers for a whole tensor
  return (kind == ScaleKind::real ? kRealBits : kScaleBits) / block;
}

void require_scalable(const Quantization& quantization) {
  const FormatFacts element = facts(quantization.format);
  constexpr int kMaxExponentBits = 5;
  if ((quantization.format.as_float() == nullptr && quantization.format.as_fixed() == nullptr) ||
      element.exponent_bits > kMaxExponentBits) {
    throw Error("", "elements of " + spelling(quantization.format) + " cannot be scaled",
                "an element is fixed point, or a float of at most 5 exponent bits");
  }
  constexpr int kMinScaleBits = 8;
  if (real_scale_bits(quantization) >= kMinScaleBits) return;
  throw Error("",
              "elements of " + spelling(quantization.format) + " have too many bits for a scale",
              "an element times its scale is a binary32 number: at most 16 significant bits, 12 "
              "with scales in e4m3");
}

ScaleChooser::ScaleChooser(const Quantization& quantization)
    : kind_(quantization.scaling.kind), real_bits_(real_scale_bits(quantization)) {
  require_scalable(quantization);
  const FormatFacts element = facts(quantization.format);
  element_max_ = element.max_finite;
  carry_ = carry_of(quantization.scaling.rule, element);
  element_exponent_ = std::ilogb(element_max_);
  lowest_exponent_ = std::max(kMinE8m0, kMinCarrierExponent - std::ilogb(element.min_positive));
  highest_exponent_ = std::min(kMaxExponent, kMaxExponent - element_exponent_);
}

float ScaleChooser::real(double amax_over_max) const {
  const double lowest = std::ldexp(1.0, kMinRealExponent);
  return static_cast<float>(round_up(std::max(amax_over_max, lowest), real_bits_));
}

float ScaleChooser::power_of_two(float amax) const {
  constexpr int kFractionBits = kCarrierBits - 1;
  // Numbers below 2^-126 have no exponent of their own.
  constexpr float kLift = 0x1p32F;
  const bool lifted = amax < 0x1p-126F;
  const auto code = std::bit_cast<std::uint32_t>(lifted ? amax * kLift : amax);
  const int exponent = static_cast<int>((code + carry_) >> kFractionBits) - kMaxExponent -
                       (lifted ? 32 : 0) - element_exponent_;
  const int bounded = std::clamp(exponent, lowest_exponent_, highest_exponent_);
  if (bounded == kMinE8m0) return 0x1p-127F;
  return std::bit_cast<float>(static_cast<std::uint32_t>(bounded + kMaxExponent) << kFractionBits);
}

float ScaleChooser::of_group(float amax, float tensor_scale) const {
  if (amax == 0) return 1;
  if (kind_ == ScaleKind::power_of_two) return power_of_two(amax);
  const double ratio = static_cast<double>(amax) / element_max_;
  if (kind_ == ScaleKind::real) return real(ratio);
  static const Format e4m3fn = FloatFormat{4, 3, 7, Specials::finite_nan};
  const double wanted = std::min(ratio / static_cast<double>(tensor_scale), kE4m3Max);
  const double scale = std::max(round_to_format(wanted, e4m3fn, {}), kE4m3Min);
  return static_cast<float>(scale) * tensor_scale;
}

float ScaleChooser::of_tensor(float amax) const {
  if (kind_ != ScaleKind::e4m3 || amax == 0) return 1;
  return real(static_cast<double>(amax) / (element_max_ * kE4m3Max));
}

}  // namespace mantissa
