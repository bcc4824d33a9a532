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
constexpr int kE4m3Bits = 4;       // significant bits of an e4m3fn scale
constexpr int kMaxExponent = 127;  // of E8M0 and of binary32
constexpr int kMinE8m0 = -127;

/// Bits of a scale of kind `real`, alone or over scales in e4m3.
int real_scale_bits(const Quantization& quantization) {
  const int rest = kCarrierBits - facts(quantization.format).significand_bits;
  return quantization.scaling.kind == ScaleKind::e4m3 ? rest - kE4m3Bits : rest;
}

/// The smallest number of `bits` significant bits that is not below `value`, which is positive.
double round_up(double value, int bits) {
  // A carry out of the fraction is the next exponent.
  const std::uint64_t dropped = (std::uint64_t{1} << (53 - bits)) - 1;
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(value) + dropped) & ~dropped);
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
    : constants_{.kind = quantization.scaling.kind, .real_bits = real_scale_bits(quantization)} {
  require_scalable(quantization);
  const FormatFacts element = facts(quantization.format);
  constants_.element_max = element.max_finite;
  constants_.carry = carry_of(quantization.scaling.rule, element);
  constants_.element_exponent = std::ilogb(constants_.element_max);
  constants_.lowest_exponent =
      std::max(kMinE8m0, kMinCarrierExponent - std::ilogb(element.min_positive));
  constants_.highest_exponent = std::min(kMaxExponent, kMaxExponent - constants_.element_exponent);
}

float ScaleChooser::real(double amax_over_max) const {
  return static_cast<float>(round_up(std::max(amax_over_max, kMinRealScale), constants_.real_bits));
}

float ScaleChooser::power_of_two(float amax) const {
  constexpr int kFractionBits = kCarrierBits - 1;
  // Numbers below 2^-126 have no exponent of their own.
  constexpr float kLift = 0x1p32F;
  const bool lifted = amax < 0x1p-126F;
  const auto code = std::bit_cast<std::uint32_t>(lifted ? amax * kLift : amax);
  const int exponent = static_cast<int>((code + constants_.carry) >> kFractionBits) - kMaxExponent -
                       (lifted ? 32 : 0) - constants_.element_exponent;
  const int bounded = std::clamp(exponent, constants_.lowest_exponent, constants_.highest_exponent);
  if (bounded == kMinE8m0) return 0x1p-127F;
  return std::bit_cast<float>(static_cast<std::uint32_t>(bounded + kMaxExponent) << kFractionBits);
}

float ScaleChooser::of_group(float amax, float tensor_scale) const {
  if (amax == 0) return 1;
  if (constants_.kind == ScaleKind::power_of_two) return power_of_two(amax);
  const double ratio = static_cast<double>(amax) / constants_.element_max;
  if (constants_.kind == ScaleKind::real) return real(ratio);
  static const Format e4m3fn = FloatFormat{4, 3, 7, Specials::finite_nan};
  const double wanted = std::min(ratio / static_cast<double>(tensor_scale), kMaxE4m3Scale);
  const double scale = std::max(round_to_format(wanted, e4m3fn, {}), kMinE4m3Scale);
  return static_cast<float>(scale) * tensor_scale;
}

float ScaleChooser::of_tensor(float amax) const {
  if (constants_.kind != ScaleKind::e4m3 || amax == 0) return 1;
  return real(static_cast<double>(amax) / (constants_.element_max * kMaxE4m3Scale));
}

}  // namespace mantissa
