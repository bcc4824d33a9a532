// Which chains binary32 lanes serve, and by which roundings.

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/microkernel_plan.h"

namespace mantissa {
namespace {

/// Formats that the binary32 kernels can round to: to nearest even, with subnormals and both zeros.
const FloatFormat* format32(const Quantization& quantization) {
  const FloatFormat* format = quantization.format.as_float();
  if (format == nullptr || !nearest_even(quantization)) return nullptr;
  const bool usual = format->subnormals && format->has_negative_zero();
  // Rounding to odd needs two bits more than the format, in its subnormal range too.
  const bool inside = format->fraction_bits <= kSignificand32 - 3 &&
                      format->min_exponent() >= -126 &&
                      quantum_exponent(*format) >= kLowestExponent32 + 2 &&
                      format->max_exponent() <= kHighestExponent32;
  return usual && inside ? format : nullptr;
}

/// The power of two that rounds values up to `bound` is finite.
bool power_is_finite(const FloatFormat& format, double bound) {
  return bound <= std::ldexp(1.0, kHighestExponent32 - 24 + format.fraction_bits);
}

Rounding32 rounding32(const FloatFormat& format) {
  Rounding32 rounding;
  rounding.exponent_shift = static_cast<std::uint32_t>(23 - format.fraction_bits) << 23;
  rounding.min_normal = static_cast<float>(format.min_normal());
  rounding.scale = std::ldexp(1.0F, -126 - format.min_exponent());
  rounding.dropped = (1U << (23 - format.fraction_bits)) - 1;
  rounding.max_finite = static_cast<float>(format.max_finite());
  rounding.overflow = static_cast<float>(
      round_to_format(std::numeric_limits<double>::infinity(), format, RoundingMode{}));
  return rounding;
}

/// Values up to `bound` that are multiples of 2^lowest neither overflow nor are rounded among the
/// subnormals.
bool is_plain(const FloatFormat& format, double bound, int lowest) {
  return bound <= format.max_finite() && lowest >= quantum_exponent(format) &&
         power_is_finite(format, bound);
}

/// Whether re-rounding the binary32 sum of an accumulator of p bits and a product of q bits is the
/// same as rounding once.
///
/// If binary32 rounds the sum at all, the smaller addend lies below 2^(q - 24) (or 2^(p - 24)) of
/// the sum, while the larger one, a member of the format if q <= p, is at least 2^(-p - 1) of the
/// sum away from the next tie. With p + q <= 23 the rounded sum stays on its side of the tie.
bool rerounding_is_exact(int accumulator_bits, int product_bits) {
  return product_bits <= accumulator_bits && 2 * accumulator_bits <= kSignificand32 - 1;
}

/// Fixed point of at most 22 bits besides the sign: rounding to odd needs two more.
const FixedFormat* fixed32(const Quantization& quantization) {
  const FixedFormat* format = quantization.format.as_fixed();
  if (format == nullptr || !nearest_even(quantization)) return nullptr;
  return format->storage_bits() <= kSignificand32 - 1 ? format : nullptr;
}

/// Tries to serve the chain by binary32 lanes.
class Planner32 {
 public:
  Planner32(const Mac& mac, const ProductFacts& product, std::int64_t depth)
      : mac_(mac), product_(product), depth_(depth), exact_(product.exact_in_binary32()) {}

  bool plan(Plan32& plan) { return plan_product(plan) && plan_sum(plan) && plan_range(plan); }

 private:
  bool plan_product(Plan32& plan) {
    product_bits_ = product_.significand_bits;
    plan.product = Product32::fused;
    if (!mac_.rounds_product) return exact_ || rounds_any_product_to_odd();
    if (is_binary32(mac_.product)) {
      plan.product = Product32::multiplied;
      product_bits_ = kSignificand32;
      return true;
    }
    product_format_ = format32(mac_.product);
    if (product_format_ == nullptr || !(exact_ || rounds_any_product_to_odd())) return false;
    plan.product = exact_ ? Product32::rounded : Product32::odd;
    plan.product_rounding = rounding32(*product_format_);
    product_bits_ = product_format_->significand_bits();
    return true;
  }

  bool plan_sum(Plan32& plan) {
    if (is_binary32(mac_.accumulator)) {
      plan.sum = Sum32::native;
      return mac_.rounds_product;
    }
    plan.sum = Sum32::odd;
    if (!mac_.rounds_product && plan_fixed(plan)) return true;
    sum_format_ = format32(mac_.accumulator);
    if (sum_format_ == nullptr) return false;
    plan.sum_rounding = rounding32(*sum_format_);
    // A binary32 product rounded for its own sake has more bits than re-rounding allows.
    if (exact_ && rerounding_is_exact(sum_format_->significand_bits(), product_bits_)) {
      plan.sum = Sum32::rerounded;
    }
    return true;
  }

  bool plan_fixed(Plan32& plan) {
    const FixedFormat* format = fixed32(mac_.accumulator);
    if (format == nullptr) return false;
    plan.range = Range32::fixed;
    plan.sum_rounding.anchor = std::ldexp(0x1.8p23F, -format->fraction_bits);
    plan.sum_rounding.lowest = static_cast<float>(format->min_value());
    plan.sum_rounding.max_finite = static_cast<float>(format->max_value());
    return true;
  }

  bool plan_range(Plan32& plan) {
    if (plan.range == Range32::fixed) return true;
    // A rounded product may be larger than the exact one by half a unit in its last place.
    const int product_bits = mac_.rounds_product ? std::min(product_bits_, kSignificand32) : 0;
    const double bound =
        product_.bound * (mac_.rounds_product ? 1 + std::ldexp(1.0, -product_bits) : 1);
    bool plain = product_.finite;
    bool bounded = product_.finite;
    bool full = true;
    if (product_format_ != nullptr) {
      bounded = bounded && bound <= product_format_->max_finite() &&
                power_is_finite(*product_format_, bound);
      plain = plain && is_plain(*product_format_, bound, product_.lowest_exponent);
      full = full && power_is_finite(*product_format_, bound);
    }
    if (sum_format_ != nullptr) {
      const double sums = sum_bound(bound, sum_format_->significand_bits(), depth_);
      bounded = bounded && sums <= sum_format_->max_finite() && power_is_finite(*sum_format_, sums);
      plain = plain && is_plain(*sum_format_, sums, product_.lowest_exponent);
      full = full && power_is_finite(*sum_format_, sum_format_->max_finite() + bound);
    }
    plan.range = plain ? Range32::plain : (bounded ? Range32::bounded : Range32::full);
    if (!plain && plan_coded(plan)) {
      plan.range = bounded ? Range32::coded_bounded : Range32::coded;
      return true;
    }
    return plain || bounded || full;
  }

  /// Whether rounding sums by their bits serves: no NaN but the default one, and scaled factors
  /// that binary32 holds.
  bool plan_coded(Plan32& plan) const {
    const bool fused = plan.product == Product32::fused && sum_format_ != nullptr;
    if (!fused || !product_.finite || product_.bound > 0x1p120 || !rounds_any_product_to_odd()) {
      return false;
    }
    // Where the range is small, many sums are subnormal, and CPUs slow at them. And the last bit
    // must be one of the fraction.
    constexpr int kSmallRange = -14;
    const int lowest_normal = sum_format_->min_exponent();
    if (lowest_normal > kSmallRange || sum_format_->fraction_bits == 0) return false;
    const int scale = std::ilogb(plan.sum_rounding.scale);
    if (product_.right_lowest_exponent + scale < kLowestExponent32) return false;
    // Below the smallest normal number sums must be exact before they are rounded.
    const bool exact = product_.lowest_exponent + scale >= kLowestExponent32;
    if (plan.sum == Sum32::rerounded && !exact) plan.sum = Sum32::odd;
    return true;
  }

  const Mac& mac_;
  const ProductFacts& product_;
  std::int64_t depth_;
  bool exact_;
  int product_bits_ = 0;
  const FloatFormat* product_format_ = nullptr;
  const FloatFormat* sum_format_ = nullptr;
};

/// No number that a Kahan sum of products up to `bound` meets is larger, nothing overflowing.
///
/// With u the relative error of a rounding, at most 2^-6, and b the bound and the error of a
/// subnormal product: a compensation is at most 2u (S + 2Y) for a sum up to S and an addend up to
/// Y, which is at most 1.1 b + 2.2 u S then, so that S grows by 3.3 u S + 1.2 b a step.
double compensated_bound(const FloatFormat& format, double bound, std::int64_t depth) {
  constexpr int kFewestBits = 6;
  if (format.significand_bits() < kFewestBits) return std::numeric_limits<double>::infinity();
  const double u = std::ldexp(1.0, -format.significand_bits());
  const auto steps = static_cast<double>(depth);
  return 4 * steps * (bound + format.min_normal()) * std::exp(4 * steps * u);
}

}  // namespace

double sum_bound(double product_bound, int significand_bits, std::int64_t depth) {
  if (product_bound == 0) return 0;
  const auto products = static_cast<double>(depth);
  const double still = std::ldexp(1.0, std::ilogb(product_bound) + 1 + significand_bits);
  const double growth = std::ldexp(products, -significand_bits);
  const double standing = still + product_bound;
  if (growth > 1) return standing;
  return std::min(products * product_bound * (1 + growth + growth * growth), standing);
}

int sums_lowest_exponent(const FloatFormat& format, const ProductFacts& product) {
  return std::min(product.lowest_exponent, format.max_exponent() - format.fraction_bits);
}

bool plan_kahan32(const Mac& mac, const ProductFacts& product, std::int64_t depth, Plan32& plan) {
  const bool factors_fit = product.exact_in_binary32() || rounds_any_product_to_odd();
  if (mac.rounds_product || !mac.multiplier.is_exact()) return false;
  if (is_binary32(mac.accumulator)) {
    plan.sum = Sum32::native;
    return true;
  }
  const FloatFormat* format = format32(mac.accumulator);
  if (format == nullptr || !factors_fit) return false;
  plan.sum = Sum32::odd;
  plan.sum_rounding = rounding32(*format);
  // Of two numbers of the format, or of one and a product.
  const double any = format->max_finite() + std::max(format->max_finite(), product.bound);
  const double sums = compensated_bound(*format, product.bound, depth);
  return power_is_finite(*format, product.finite ? std::min(any, sums) : any);
}

bool plan_binary32(const Mac& mac, const ProductFacts& product, std::int64_t depth, Plan32& plan) {
  return Planner32(mac, product, depth).plan(plan);
}

}  // namespace mantissa
