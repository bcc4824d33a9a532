#include <cmath>
#include <limits>

#include "kernels/microkernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_binary32.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/rounding32-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

#if HWY_TARGET <= HWY_AVX3
/// Rounding to nearest even of scaled finite values by their bits: half a unit less one bit is
/// added, and one more where the last bit kept is set. There is no NaN but the
/// default one.
template <bool kBounded>
class CodeRounding {
 public:
  HWY_INLINE explicit CodeRounding(const Rounding32& rounding)
      : dropped_(_mm512_set1_epi32(static_cast<int>(rounding.dropped))),
        max_finite_(_mm512_set1_ps(rounding.max_finite * rounding.scale)),
        overflow_(_mm512_set1_ps(std::isfinite(rounding.overflow)
                                     ? rounding.overflow * rounding.scale
                                     : rounding.overflow)) {}

  HWY_INLINE Floats round(Floats value) const {
    const __m512i bits = _mm512_castps_si512(value.raw);
    const __m512i last = _mm512_add_epi32(dropped_, _mm512_set1_epi32(1));
    const __mmask16 odd = _mm512_test_epi32_mask(bits, last);
    const __m512i half = _mm512_add_epi32(bits, _mm512_srli_epi32(dropped_, 1));
    const __m512i carried = _mm512_mask_add_epi32(half, odd, half, _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_andnot_si512(dropped_, carried);
    if constexpr (kBounded) return Floats{_mm512_castsi512_ps(rounded)};
    const Floats magnitude = hn::Abs(Floats{_mm512_castsi512_ps(rounded)});
    const __mmask16 over = _mm512_cmp_ps_mask(magnitude.raw, max_finite_, _CMP_GT_OQ);
    constexpr int kAndOr = 0xEA;  // (rounded & sign bit) | overflow
    return Floats{_mm512_castsi512_ps(_mm512_mask_ternarylogic_epi32(
        rounded, over, _mm512_set1_epi32(std::numeric_limits<int>::min()),
        _mm512_castps_si512(overflow_), kAndOr))};
  }

 private:
  __m512i dropped_;
  __m512 max_finite_;
  __m512 overflow_;
};

/// One step of a chain whose sums are rounded by their bits.
template <Sum32 kSum, bool kBounded>
class CodeStep {
 public:
  HWY_INLINE explicit CodeStep(const Plan32& plan)
      : rounding_(plan.sum_rounding),
        scale_(hn::Set(Tag(), plan.sum_rounding.scale)),
        unscale_(hn::Set(Tag(), 1 / plan.sum_rounding.scale)) {}

  HWY_INLINE Floats enter(Floats sum) const { return hn::Mul(sum, scale_); }
  HWY_INLINE Floats leave(Floats sum) const { return hn::Mul(sum, unscale_); }

  HWY_INLINE Floats operator()(Floats sum, Floats left, Floats right) const {
    const Floats scaled = hn::Mul(right, scale_);
    if constexpr (kSum == Sum32::odd) {
      return rounding_.round(multiply_add_to_odd(Tag(), left, scaled, sum));
    }
    return rounding_.round(hn::MulAdd(left, scaled, sum));
  }

 private:
  CodeRounding<kBounded> rounding_;
  Floats scale_;
  Floats unscale_;
};
#endif

/// One step of the chain.
template <Product32 kProduct, Sum32 kSum, class Rounding>
class Step {
 public:
  static constexpr bool kOneVector = kProduct == Product32::rounded || kProduct == Product32::odd;

  HWY_INLINE explicit Step(const Plan32& plan)
      : product_(plan.product_rounding), sum_(plan.sum_rounding) {}

  HWY_INLINE Floats operator()(Floats sum, Floats left, Floats right) const {
    if constexpr (kProduct == Product32::fused && kSum == Sum32::odd) {
      return sum_.round(multiply_add_to_odd(Tag(), left, right, sum));
    } else if constexpr (kProduct == Product32::fused) {
      return sum_.round(hn::MulAdd(left, right, sum));
    } else {
      return add(sum, product(left, right));
    }
  }

 private:
  HWY_INLINE Floats product(Floats left, Floats right) const {
    if constexpr (kProduct == Product32::odd) {
      return product_.round(multiply_to_odd(Tag(), left, right));
    }
    const Floats exact = hn::Mul(left, right);
    if constexpr (kProduct == Product32::rounded) return product_.round(exact);
    return exact;
  }
  HWY_INLINE Floats add(Floats sum, Floats product) const {
    if constexpr (kSum == Sum32::native) return hn::Add(sum, product);
    if constexpr (kSum == Sum32::rerounded) return sum_.round(hn::Add(sum, product));
    return sum_.round(add_to_odd(Tag(), sum, product));
  }

  Rounding product_;
  Rounding sum_;
};

// Chains at work at once: enough to hide the latency of a step, few enough for the registers.
constexpr int kStepVectors = kLanes >= 16 ? 2 : 1;

/// Steps of two roundings leave fewer registers.
template <class Step>
constexpr bool takes_one_vector() {
  if constexpr (requires { Step::kOneVector; }) return Step::kOneVector;
  return false;
}

template <TileLayout kLayout, int kRows, class Step>
void continue_rows(const Step& step, const Tile& tile, int row) {
  int column = 0;
  if constexpr (kStepVectors == 2 && !takes_one_vector<Step>()) {
    for (; column + kLanes < tile.columns; column += 2 * kLanes) {
      continue_chains<kLayout, kRows, 2>(step, tile, row, column);
    }
  }
  for (; column < tile.columns; column += kLanes) {
    continue_chains<kLayout, kRows, 1>(step, tile, row, column);
  }
}

template <class Step>
struct MultiplyBy {
  const Step& step;
  const Tile& tile;

  template <TileLayout kLayout>
  void run() const {
    int row = 0;
    if (tile.rows > 4) {
      continue_rows<kLayout, 8>(step, tile, row);
      row = 8;
    } else if (tile.rows > 2) {
      continue_rows<kLayout, 4>(step, tile, row);
      row = 4;
    }
    for (; row < tile.rows; ++row) continue_rows<kLayout, 1>(step, tile, row);
  }
};

template <Product32 kProduct, Sum32 kSum, class Body>
HWY_INLINE void with_range(const Plan32& plan, const Body& body) {
  if (plan.range == Range32::plain) {
    body(Step<kProduct, kSum, PlainRounding>(plan));
  } else if (plan.range == Range32::bounded) {
    body(Step<kProduct, kSum, BoundedRounding>(plan));
  } else {
    body(Step<kProduct, kSum, FullRounding>(plan));
  }
}

template <Sum32 kSum, class Body>
HWY_INLINE void with_fused(const Plan32& plan, const Body& body) {
  if (plan.range == Range32::fixed) {
    body(Step<Product32::fused, Sum32::odd, FixedRounding>(plan));
  } else {
    with_range<Product32::fused, kSum>(plan, body);
  }
}

template <Product32 kProduct, class Body>
HWY_INLINE void with_rounded(const Plan32& plan, const Body& body) {
  if (plan.sum == Sum32::native) {
    with_range<kProduct, Sum32::native>(plan, body);
  } else if (plan.sum == Sum32::rerounded) {
    with_range<kProduct, Sum32::rerounded>(plan, body);
  } else {
    with_range<kProduct, Sum32::odd>(plan, body);
  }
}

#if HWY_TARGET <= HWY_AVX3
template <Sum32 kSum, class Body>
HWY_INLINE void with_coded(const Plan32& plan, const Body& body) {
  if (plan.range == Range32::coded_bounded) {
    body(CodeStep<kSum, true>(plan));
  } else {
    body(CodeStep<kSum, false>(plan));
  }
}
#endif

/// Calls `body` with the step of the plan.
template <class Body>
HWY_INLINE void with_step(const Plan32& plan, const Body& body) {
#if HWY_TARGET <= HWY_AVX3
  if (plan.range == Range32::coded || plan.range == Range32::coded_bounded) {
    if (plan.sum == Sum32::odd) {
      with_coded<Sum32::odd>(plan, body);
    } else {
      with_coded<Sum32::rerounded>(plan, body);
    }
    return;
  }
#endif
  if (plan.product == Product32::fused) {
    if (plan.sum == Sum32::odd) {
      with_fused<Sum32::odd>(plan, body);
    } else {
      with_fused<Sum32::rerounded>(plan, body);
    }
  } else if (plan.product == Product32::rounded) {
    with_rounded<Product32::rounded>(plan, body);
  } else if (plan.product == Product32::odd) {
    // Such products are rarely proven to need less.
    if (plan.sum == Sum32::native) {
      body(Step<Product32::odd, Sum32::native, FullRounding>(plan));
    } else {
      body(Step<Product32::odd, Sum32::odd, FullRounding>(plan));
    }
  } else if (plan.sum == Sum32::native) {
    body(Step<Product32::multiplied, Sum32::native, PlainRounding>(plan));
  } else {
    with_range<Product32::multiplied, Sum32::odd>(plan, body);
  }
}

struct MultiplyBody {
  const Tile& tile;
  template <class Step>
  HWY_INLINE void operator()(const Step& step) const {
    with_layout(tile.layout, MultiplyBy<Step>{step, tile});
  }
};

struct AddBody {
  const Tile& tile;
  template <class Step>
  HWY_INLINE void operator()(const Step& step) const {
    add_by(step, tile);
  }
};

}  // namespace

bool multiplies_to_odd() {
  return kMultipliesToOdd;
}

void multiply_rounded32(const Tile& tile, const Plan32& plan) {
  with_step(plan, MultiplyBody{tile});
}

void add_rounded32(const Tile& tile, const Plan32& plan) {
  with_step(plan, AddBody{tile});
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {

HWY_EXPORT(multiplies_to_odd);
HWY_EXPORT(multiply_rounded32);
HWY_EXPORT(add_rounded32);

bool rounds_any_product_to_odd() {
  return HWY_DYNAMIC_DISPATCH(multiplies_to_odd)();
}

void multiply_binary32(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(multiply_rounded32)(tile, self.plan32);
}

void add_binary32(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(add_rounded32)(tile, self.plan32);
}

}  // namespace mantissa
#endif
