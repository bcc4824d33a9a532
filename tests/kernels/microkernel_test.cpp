#include "kernels/microkernel.h"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "kernels/microkernel_facts.h"

namespace mantissa {
namespace {

constexpr std::int64_t kDepth = 100;

OperandFacts facts_of(std::vector<float> values) {
  return measure_facts(values.data(), static_cast<std::int64_t>(values.size()));
}

/// The kernel for products of two operands of the same facts.
Accumulation chosen(const std::string& mac, const OperandFacts& facts,
                    std::int64_t depth = kDepth) {
  return prepare(parse_mac(mac), {}, facts, facts, depth).inner;
}

TEST_CASE("facts are those of the extreme values, wherever they stand") {
  std::vector<float> values(10'001, 1.0F);
  const OperandFacts ones = facts_of(values);
  CHECK(ones.significand_bits == 1);
  CHECK(ones.lowest_exponent == 0);
  CHECK(ones.largest == 1.0F);
  CHECK(ones.finite);
  for (const std::size_t at : {std::size_t{0}, std::size_t{4097}, std::size_t{10'000}}) {
    CAPTURE(at);
    std::vector<float> changed = values;
    changed[at] = -0x1.4p-20F;
    CHECK(facts_of(changed).significand_bits == 3);
    CHECK(facts_of(changed).lowest_exponent == -22);
    CHECK(facts_of(changed).largest == 1.0F);
    changed[at] = -448.0F;
    CHECK(facts_of(changed).largest == 448.0F);
    CHECK(facts_of(changed).significand_bits == 3);
    CHECK(facts_of(changed).lowest_exponent == 0);
    changed[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(facts_of(changed).finite);
    changed[at] = -std::numeric_limits<float>::infinity();
    CHECK_FALSE(facts_of(changed).finite);
    changed[at] = 0x1p-140F;
    CHECK(facts_of(changed).lowest_exponent <= -140);
  }
  // Infinities hide nothing of the finite values.
  const OperandFacts mixed =
      facts_of({1.25F, -0x1p-30F, std::numeric_limits<float>::infinity(), 12.0F, 0.0F});
  CHECK(mixed.significand_bits == 3);
  CHECK(mixed.lowest_exponent == -30);
  CHECK(mixed.largest == 12.0F);
  CHECK(facts_of({0.0F, -0.0F}).largest == 0.0F);
  CHECK(facts_of({}).finite);
}

TEST_CASE("the cheapest kernel that is right is chosen") {
  const OperandFacts small = facts_of({1.75F, 0.125F, -2.0F});    // as of e4m3: 4 significant bits
  const OperandFacts half = facts_of({0x1.ffcp0F, 0x1.004p-3F});  // as of fp16: 11 of them
  const OperandFacts wide = facts_of({0x1.fffffep0F, 0x1p-3F});
  const OperandFacts tiny = facts_of({0x1p-70F});
  CHECK((chosen("fp32", small).multiply == &multiply_fp32));

  const Accumulation fused = chosen("e5m10", small);
  CHECK((fused.multiply == &multiply_binary32));
  CHECK(fused.plan32.product == Product32::fused);
  CHECK(fused.plan32.sum == Sum32::rerounded);
  CHECK(fused.plan32.range == Range32::plain);
  // Its 22 bits are more than re-rounding allows, and their last places lie below the format's
  // quantum.
  const Accumulation odd = chosen("e5m10", half);
  CHECK((odd.multiply == &multiply_binary32));
  CHECK(odd.plan32.sum == Sum32::odd);
  CHECK(odd.plan32.range ==
        (rounds_any_product_to_odd() ? Range32::coded_bounded : Range32::bounded));
  // Nothing is exact in binary32.
  const bool any = rounds_any_product_to_odd();
  CHECK((chosen("e5m10", wide).multiply == (any ? &multiply_binary32 : &multiply_binary64)));
  CHECK((chosen("e5m10/sr", small).multiply == &multiply_stochastic));
  CHECK((chosen("e5m10/sr", wide).multiply == &multiply_binary64));
  CHECK(chosen("e5m10/sr", small).plan64.quick_sum.used);
  CHECK(chosen("e5m10/sr", small).plan64.quick_sum.exact_sum);
  CHECK_FALSE(chosen("e5m10/sr", wide).plan64.quick_sum.used);
  CHECK(chosen("q8.8", small).plan32.range == Range32::fixed);
  CHECK((chosen("q12.12", small).multiply == &multiply_binary64));
  CHECK((chosen("e8m23/sr", small).multiply == &multiply_scalar));
  const bool tapered = chosen("posit16", small).multiply == &multiply_tapered_sums;
  CHECK(tapered == (chosen("takumlin16", small).multiply == &multiply_tapered_sums));
  CHECK((chosen("posit16", tiny).multiply == &multiply_posit));
  CHECK((chosen("posit16/rtz", small).multiply == &multiply_scalar));
}

TEST_CASE("an exact sum takes the words that its products' range needs") {
  const OperandFacts small = facts_of({1.75F, 0.125F, -2.0F});
  const OperandFacts half = facts_of({0x1.ffcp0F, 0x1.004p-3F, 0x1p-14F});
  const OperandFacts wide = facts_of({0x1.fffffep0F, 0x1.fffffep-20F});
  const auto words = [&](const OperandFacts& facts, std::int64_t depth = kDepth) {
    return chosen("exact", facts, depth).exact.words;
  };
  CHECK(words(small) == 1);
  CHECK(words(half) == 1);
  CHECK(words(half, std::int64_t{1} << 30) == 2);
  CHECK(words(wide) == 2);
  CHECK(words(facts_of({1.0F, 0x1p-60F})) == 3);
  CHECK(words(facts_of({0x1p10F, 0x1p-80F})) == 4);
  CHECK((chosen("exact", facts_of({0x1p100F, 0x1p-100F})).multiply !=
         chosen("exact", small).multiply));
  CHECK((chosen("exact product=e5m4", small).multiply != chosen("exact", small).multiply));
}

TEST_CASE("a product format that holds every product is left out") {
  const OperandFacts small = facts_of({1.75F, 0.125F, -2.0F});  // products of 6 bits, up to 4
  CHECK_FALSE(chosen("e5m10 product=e5m7", small).mac.rounds_product);
  CHECK((chosen("fp32 product=e4m5/sr", small).multiply == &multiply_fp32));
  CHECK(chosen("e5m10 product=e5m4", small).mac.rounds_product);
  CHECK(chosen("e5m10 product=e3m5b1", small).mac.rounds_product);    // 2^-6 lies below its quantum
  CHECK(chosen("e5m10 product=e4m7fnuz", small).mac.rounds_product);  // it has no -0
  CHECK(chosen("e5m10 product=e2m7", facts_of({4.0F})).mac.rounds_product);
}

TEST_CASE("overflow is thought of where the sum of the products can reach it") {
  const OperandFacts facts = facts_of({16.0F, 1.0F});  // products up to 256
  CHECK(chosen("e5m10", facts, 100).plan32.range == Range32::plain);
  CHECK(chosen("e5m10", facts, 1000).plan32.range ==
        (rounds_any_product_to_odd() ? Range32::coded : Range32::full));
  // From 2^19 on, products up to 256 are below half a unit in the last place of e6m10.
  CHECK(chosen("e6m10", facts, 1 << 30).plan32.range == Range32::plain);
  const OperandFacts infinite = facts_of({std::numeric_limits<float>::infinity()});
  CHECK(chosen("e5m10", infinite, 1).plan32.range == Range32::full);
}

TEST_CASE("zero products are left out only where no bit can tell") {
  const OperandFacts small = facts_of({1.75F, 0.125F, -2.0F});
  const OperandFacts tiny = facts_of({0x1p-100F});
  const OperandFacts infinite = facts_of({std::numeric_limits<float>::infinity()});
  const auto idle = [](const char* mac, const OperandFacts& facts) {
    return zero_products_are_idle(parse_mac(mac), facts, facts);
  };
  CHECK(idle("fp32", small));
  CHECK(idle("e5m10", small));
  CHECK_FALSE(idle("fp32", tiny));  // 0 - 2^-200 is -0
  CHECK_FALSE(idle("e5m10", tiny));
  CHECK_FALSE(idle("fp32", infinite));
  CHECK_FALSE(idle("e5m10/rdn", small));
  CHECK_FALSE(idle("e5m10/sr", small));
  CHECK_FALSE(idle("e5m10/chunk8", small));
  CHECK_FALSE(idle("e5m10nosub", small));
}

}  // namespace
}  // namespace mantissa
