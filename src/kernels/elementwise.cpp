#include "kernels/elementwise.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

// Only operations that IEEE 754 defines exactly (add, multiply, fused multiply-add, divide, square
// root, round, bit moves) occur here; every target has them, so all vector widths give the same
// bits. The polynomials are minimax fits (Remez exchange, relative error of the whole function as
// weight), their coefficients rounded to binary32.

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using IntegerTag = hn::RebindToSigned<FloatTag>;
using Floats = hn::Vec<FloatTag>;
using Integers = hn::Vec<IntegerTag>;

// ln 2 in two parts. The high one has 15 bits, so that its product with an exponent is exact.
constexpr float kLn2High = 0x1.62e4p-1F;
constexpr float kLn2Low = 0x1.7f7d1cp-20F;

/// 2^exponent for exponent in [-126, 127].
Floats power_of_two(Integers exponent) {
  return hn::BitCast(FloatTag(), hn::ShiftLeft<23>(hn::Add(exponent, hn::Set(IntegerTag(), 127))));
}

struct Exponential {
  /// e^x = 2^n e^r with |r| <= ln(2) / 2, and e^r = 1 + r + r^2 q(r); q's fit errs by 2^-34.
  Floats operator()(Floats x) const {
    const FloatTag f;
    // Beyond these the result is 0 and infinity.
    const Floats bounded = hn::Min(hn::Max(x, hn::Set(f, -104.0F)), hn::Set(f, 89.0F));
    const Floats n = hn::Round(hn::Mul(bounded, hn::Set(f, 0x1.715476p+0F)));
    const Floats r =
        hn::NegMulAdd(n, hn::Set(f, kLn2Low), hn::NegMulAdd(n, hn::Set(f, kLn2High), bounded));
    Floats q = hn::Set(f, 0x1.9f082ap-13F);
    q = hn::MulAdd(q, r, hn::Set(f, 0x1.6d8db0p-10F));
    q = hn::MulAdd(q, r, hn::Set(f, 0x1.111272p-7F));
    q = hn::MulAdd(q, r, hn::Set(f, 0x1.55548ep-5F));
    q = hn::MulAdd(q, r, hn::Set(f, 0x1.555554p-3F));
    q = hn::MulAdd(q, r, hn::Set(f, 0.5F));
    const Floats significand = hn::Add(hn::MulAdd(hn::Mul(r, r), q, r), hn::Set(f, 1.0F));
    // In two steps, since 2^n alone may be infinite or subnormal.
    const Integers exponent = hn::ConvertTo(IntegerTag(), n);
    const Integers half = hn::ShiftRight<1>(exponent);
    const Floats result =
        hn::Mul(hn::Mul(significand, power_of_two(half)), power_of_two(hn::Sub(exponent, half)));
    return hn::IfThenElse(hn::IsNaN(x), x, result);
  }
};

struct Logarithm {
  /// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). With s = f / (2 + f) and z = s^2,
  /// log(1 + f) = 2 s + s z R(z) = f - (f^2/2 - s (f^2/2 + z R(z))), where f carries nearly all of
  /// the value; R's fit errs by 2^-37.
  Floats operator()(Floats x) const {
    const FloatTag f32;
    const IntegerTag i32;
    const auto subnormal = hn::Lt(x, hn::Set(f32, 0x1p-126F));
    const Floats scaled = hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(f32, 0x1p25F)), x);
    const Integers bits = hn::BitCast(i32, scaled);
    const Integers sqrt_half = hn::Set(i32, 0x3F3504F3);
    const Integers exponent = hn::ShiftRight<23>(hn::Sub(bits, sqrt_half));
    const Floats f =
        hn::Sub(hn::BitCast(f32, hn::Sub(bits, hn::ShiftLeft<23>(exponent))), hn::Set(f32, 1.0F));
    const Floats e =
        hn::Sub(hn::ConvertTo(f32, exponent), hn::IfThenElseZero(subnormal, hn::Set(f32, 25.0F)));

    const Floats s = hn::Div(f, hn::Add(hn::Set(f32, 2.0F), f));
    const Floats z = hn::Mul(s, s);
    Floats r = hn::Set(f32, 0x1.e2fdd4p-3F);
    r = hn::MulAdd(r, z, hn::Set(f32, 0x1.2438a8p-2F));
    r = hn::MulAdd(r, z, hn::Set(f32, 0x1.999a7cp-2F));
    r = hn::MulAdd(r, z, hn::Set(f32, 0x1.555554p-1F));
    const Floats half_square = hn::Mul(hn::Mul(f, f), hn::Set(f32, 0.5F));
    const Floats low =
        hn::MulAdd(s, hn::MulAdd(z, r, half_square), hn::Mul(e, hn::Set(f32, kLn2Low)));
    const Floats result =
        hn::MulAdd(e, hn::Set(f32, kLn2High), hn::Sub(f, hn::Sub(half_square, low)));

    const Floats infinity = hn::Set(f32, std::numeric_limits<float>::infinity());
    const Floats zero = hn::Zero(f32);
    const Floats edge = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), hn::NaN(f32));
    const Floats valid = hn::IfThenElse(hn::Gt(x, zero), result, edge);
    return hn::IfThenElse(hn::Or(hn::Eq(x, infinity), hn::IsNaN(x)), x, valid);
  }
};

struct HyperbolicTangent {
  /// x + x^3 p(x^2) below 0.625 (p's fit errs by 2^-32); 1 - 2 / (e^2x + 1) above, where nothing
  /// cancels.
  Floats operator()(Floats x) const {
    const FloatTag f;
    const Floats magnitude = hn::Abs(x);
    const Floats z = hn::Mul(x, x);
    Floats p = hn::Set(f, 0x1.197b68p-9F);
    p = hn::MulAdd(p, z, hn::Set(f, -0x1.0c2140p-7F));
    p = hn::MulAdd(p, z, hn::Set(f, 0x1.6394d8p-6F));
    p = hn::MulAdd(p, z, hn::Set(f, -0x1.b9ef7cp-5F));
    p = hn::MulAdd(p, z, hn::Set(f, 0x1.11106cp-3F));
    p = hn::MulAdd(p, z, hn::Set(f, -0x1.555554p-2F));
    const Floats small = hn::MulAdd(hn::Mul(magnitude, z), p, magnitude);

    const Floats one = hn::Set(f, 1.0F);
    const Floats two = hn::Set(f, 2.0F);
    const Floats power = Exponential()(hn::Add(magnitude, magnitude));
    const Floats large = hn::Sub(one, hn::Div(two, hn::Add(power, one)));
    const auto is_small = hn::Lt(magnitude, hn::Set(f, 0.625F));
    return hn::CopySign(hn::IfThenElse(is_small, small, large), x);
  }
};

struct Logistic {
  /// The exponential of the negative magnitude cannot overflow.
  Floats operator()(Floats x) const {
    const FloatTag f;
    const Floats one = hn::Set(f, 1.0F);
    const Floats power = Exponential()(hn::Neg(hn::Abs(x)));
    const Floats numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(f)), power, one);
    return hn::Div(numerator, hn::Add(one, power));
  }
};

struct SquareRoot {
  Floats operator()(Floats x) const { return hn::Sqrt(x); }
};

template <typename Function>
void apply(const float* x, float* y, std::int64_t count) {
  const FloatTag f;
  const Function function;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(function(hn::LoadU(f, x + i)), f, y + i);
  if (i == count) return;
  HWY_ALIGN float rest[hn::MaxLanes(f)] = {};
  for (std::int64_t j = i; j < count; ++j) rest[j - i] = x[j];
  hn::Store(function(hn::Load(f, rest)), f, rest);
  for (std::int64_t j = i; j < count; ++j) y[j] = rest[j - i];
}

void apply_exponential(const float* x, float* y, std::int64_t n) {
  apply<Exponential>(x, y, n);
}
void apply_logarithm(const float* x, float* y, std::int64_t n) {
  apply<Logarithm>(x, y, n);
}
void apply_tangent(const float* x, float* y, std::int64_t n) {
  apply<HyperbolicTangent>(x, y, n);
}
void apply_logistic(const float* x, float* y, std::int64_t n) {
  apply<Logistic>(x, y, n);
}
void apply_root(const float* x, float* y, std::int64_t n) {
  apply<SquareRoot>(x, y, n);
}

}  // namespace
}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace mantissa {
namespace {

HWY_EXPORT(apply_exponential);
HWY_EXPORT(apply_logarithm);
HWY_EXPORT(apply_tangent);
HWY_EXPORT(apply_logistic);
HWY_EXPORT(apply_root);

}  // namespace

void exponential(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_exponential)(x, y, count);
}

void natural_logarithm(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_logarithm)(x, y, count);
}

void hyperbolic_tangent(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_tangent)(x, y, count);
}

void logistic(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_logistic)(x, y, count);
}

void square_root(const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(apply_root)(x, y, count);
}

double natural_logarithm(double x) {
  if (!(x > 0)) {
    return x == 0 ? -std::numeric_limits<double>::infinity()
                  : std::numeric_limits<double>::quiet_NaN();
  }
  if (std::isinf(x)) return x;
  int exponent = 0;
  double significand = std::frexp(x, &exponent);
  if (significand < 0x1.6a09e667f3bcdp-1) {  // sqrt(1/2)
    significand *= 2;
    --exponent;
  }
  // log(m) = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...) with |s| <= 0.172: the term behind s^23 is
  // below 2^-58 s.
  const double s = (significand - 1) / (significand + 1);
  const double z = s * s;
  double series = 0;
  for (int k = 11; k >= 1; --k) series = (series + 1.0 / (2 * k + 1)) * z;
  constexpr double kLn2HighPart = 0x1.62e42fefp-1;  // 33 bits: exact times any exponent
  constexpr double kLn2LowPart = 0x1.473de6af278edp-34;
  return exponent * kLn2HighPart + (2 * s + (2 * s * series + exponent * kLn2LowPart));
}

}  // namespace mantissa

#endif  // HWY_ONCE
