#include <limits>

#include "kernels/microkernel.h"

// Highway compiles this file once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/microkernel_binary32.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/microkernel_operands-inl.h"
#include "kernels/sum_to_odd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
using BitsTag = hn::RebindToUnsigned<Tag>;
using Bits = hn::Vec<BitsTag>;
using SignedTag = hn::RebindToSigned<Tag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

/// Rounding to nearest even where nothing overflows and every subnormal value is exact. The power
/// of two takes the value's sign with it. -0 becomes +0.
class PlainRounding {
 public:
  HWY_INLINE explicit PlainRounding(const Rounding32& rounding)
      : exponent_(hn::Set(BitsTag(), 0xFF800000U)),
        shift_(hn::Set(BitsTag(), rounding.exponent_shift)) {}

  HWY_INLINE Floats round(Floats value) const {
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), value), exponent_);
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    return hn::Sub(hn::Add(value, power), power);
  }

 private:
  Bits exponent_;
  Bits shift_;
};

/// Rounding to nearest even with subnormals, overflow, infinities and NaN.
class FullRounding {
 public:
  HWY_INLINE explicit FullRounding(const Rounding32& rounding)
      : exponent_(hn::Set(BitsTag(), 0x7F800000U)),
        shift_(hn::Set(BitsTag(), rounding.exponent_shift)),
        min_normal_(hn::Set(Tag(), rounding.min_normal)),
        max_finite_(hn::Set(Tag(), rounding.max_finite)),
        overflow_(hn::Set(Tag(), rounding.overflow)) {}

  HWY_INLINE Floats round(Floats value) const {
    const Floats magnitude = hn::Abs(value);
    // A NaN leaves Max as the second operand; it is still in `magnitude`.
    const Floats clamped = hn::Max(magnitude, min_normal_);
    const Bits exponent = hn::And(hn::BitCast(BitsTag(), clamped), exponent_);
    const Floats power = hn::BitCast(Tag(), hn::Add(exponent, shift_));
    const Floats rounded = hn::Sub(hn::Add(magnitude, power), power);
    const Floats bounded = hn::IfThenElse(hn::Gt(rounded, max_finite_), overflow_, rounded);
    return hn::CopySignToAbs(bounded, value);
  }

 private:
  Bits exponent_;
  Bits shift_;
  Floats min_normal_;
  Floats max_finite_;
  Floats overflow_;
};

/// One step of the chain.
template <Product32 kProduct, Sum32 kSum, class Rounding>
class Step {
 public:
  HWY_INLINE explicit Step(const Plan32& plan)
      : product_(plan.product_rounding), sum_(plan.sum_rounding) {}

  HWY_INLINE Floats operator()(Floats sum, Floats left, Floats right) const {
    if constexpr (kProduct == Product32::fused) {
      return sum_.round(hn::MulAdd(left, right, sum));
    } else {
      return add(sum, product(left, right));
    }
  }

 private:
  HWY_INLINE Floats product(Floats left, Floats right) const {
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

template <TileLayout kLayout, int kRows, class Step>
void continue_rows(const Step& step, const Tile& tile, int row) {
  int column = 0;
  if constexpr (kStepVectors == 2) {
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

template <class Step>
void add_by(const Step& step, const Tile& tile) {
  const Tag d;
  const Floats one = hn::Set(d, 1.0F);
  for (int row = 0; row < tile.rows; ++row) {
    for (int column = 0; column < tile.columns; column += kLanes) {
      float* sums = tile.sums + row * kColumns + column;
      const Floats right = hn::LoadU(d, tile.right + row * kColumns + column);
      hn::StoreU(step(hn::LoadU(d, sums), right, one), d, sums);
    }
  }
}

/// Calls `body` with the step of the plan.
template <class Body>
HWY_INLINE void with_step(const Plan32& plan, const Body& body) {
  const bool plain = plan.plain_range;
  if (plan.product == Product32::fused) {
    plain ? body(Step<Product32::fused, Sum32::rerounded, PlainRounding>(plan))
          : body(Step<Product32::fused, Sum32::rerounded, FullRounding>(plan));
  } else if (plan.product == Product32::multiplied) {
    if (plan.sum == Sum32::native) {
      body(Step<Product32::multiplied, Sum32::native, PlainRounding>(plan));
    } else {
      plain ? body(Step<Product32::multiplied, Sum32::odd, PlainRounding>(plan))
            : body(Step<Product32::multiplied, Sum32::odd, FullRounding>(plan));
    }
  } else if (plan.sum == Sum32::native) {
    plain ? body(Step<Product32::rounded, Sum32::native, PlainRounding>(plan))
          : body(Step<Product32::rounded, Sum32::native, FullRounding>(plan));
  } else if (plan.sum == Sum32::rerounded) {
    plain ? body(Step<Product32::rounded, Sum32::rerounded, PlainRounding>(plan))
          : body(Step<Product32::rounded, Sum32::rerounded, FullRounding>(plan));
  } else {
    plain ? body(Step<Product32::rounded, Sum32::odd, PlainRounding>(plan))
          : body(Step<Product32::rounded, Sum32::odd, FullRounding>(plan));
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

HWY_EXPORT(multiply_rounded32);
HWY_EXPORT(add_rounded32);

void multiply_binary32(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(multiply_rounded32)(tile, self.plan32);
}

void add_binary32(const Tile& tile, const Accumulation& self) {
  HWY_DYNAMIC_DISPATCH(add_rounded32)(tile, self.plan32);
}

}  // namespace mantissa
#endif
