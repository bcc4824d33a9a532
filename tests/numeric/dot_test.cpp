// The scalar reference of whole dot products against MPFR and against sums written once more, in
// another way, from the definitions in docs/numerics.md.

#include "numeric/dot.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "numeric/mpfr_oracle.h"
#include "numeric/quire.h"
#include "numeric/rounding_words.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::uint64_t kChain = 1000;  ///< whose random words are taken

/// Operands of one dot product, and what it starts with.
struct Vectors {
  float start = 0;
  std::vector<float> a;
  std::vector<float> b;
};

enum class Kind { near, far, cancelling, special };

Vectors draw(std::uint64_t seed, std::size_t length, Kind kind) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float edges[] = {0.0F,      -0.0F,    0x1p-149F, -0x1.8p-130F, 0x1p-126F, 0x1.fffffep127F,
                         -0x1p127F, 65504.0F, 0x1p-24F,  0x1.8p-9F,    kInf,      -kInf,
                         NAN,       448.0F,   0x1p-75F,  -0x1.2p-74F};
  RandomSequence random({seed});
  const auto value = [&] {
    const float sign = random.below(2) == 0 ? 1.0F : -1.0F;
    const auto fraction = static_cast<float>(random.uniform());
    const int size = static_cast<int>(random.below(9)) - 4;
    if (kind == Kind::near) return sign * std::ldexp(1 + fraction, size);
    if (kind == Kind::cancelling) {
      return sign * std::ldexp(static_cast<float>(random.below(8)), size);
    }
    if (kind == Kind::special && random.below(12) == 0) return edges[random.below(16)];
    return sign * std::ldexp(1 + fraction, 8 * size);
  };
  Vectors drawn;
  drawn.start = random.below(2) == 0 ? 0.0F : value();
  for (std::size_t k = 0; k < length; ++k) {
    drawn.a.push_back(value());
    drawn.b.push_back(value());
    if (kind == Kind::cancelling && k % 3 == 2) {  // takes back an earlier product
      drawn.a[k] = -drawn.a[k - 1];
      drawn.b[k] = drawn.b[k - 1];
    }
  }
  return drawn;
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Calls expected(vectors) for many vectors, and compares with `dot`.
template <class Expected>
void check_dots(const Mac& mac, Expected expected) {
  INFO(spelling(mac));
  std::uint64_t seed = 1;
  for (const Kind kind : {Kind::near, Kind::far, Kind::cancelling, Kind::special}) {
    for (const std::size_t length : {0U, 1U, 2U, 3U, 5U, 8U, 17U, 40U, 100U}) {
      for (int repetition = 0; repetition < 8; ++repetition) {
        const Vectors v = draw(seed++, length, kind);
        const double wanted = expected(v);
        const double found = dot(v.start, v.a, v.b, mac, {6}, kChain);
        if (same(found, wanted)) continue;
        INFO("seed " << seed - 1 << ", length " << length << ": " << hex_float(found)
                     << " instead of " << hex_float(wanted));
        CHECK(same(found, wanted));
      }
    }
  }
}

/// x + y by MPFR, rounded once, with IEEE's signs of zero.
double sum_of(double x, double y, const Quantization& to, std::uint32_t random = 0) {
  Real a(53);
  Real b(53);
  Real sum(kExactPrecision);
  mpfr_set_d(a.get(), x, MPFR_RNDN);
  mpfr_set_d(b.get(), y, MPFR_RNDN);
  const bool down = to.rounding.rounding == Rounding::down;
  mpfr_add(sum.get(), a.get(), b.get(), down ? MPFR_RNDD : MPFR_RNDN);
  return MpfrOracle(to.format).round(sum, to.rounding, random);
}

double start_of(const Vectors& v, const Quantization& accumulator) {
  Real c(53);
  mpfr_set_d(c.get(), static_cast<double>(v.start), MPFR_RNDN);
  return MpfrOracle(accumulator.format).round(c, {});
}

double product_of(const Vectors& v, std::size_t k) {
  return static_cast<double>(v.a[k]) * static_cast<double>(v.b[k]);
}

std::uint32_t sum_word(std::uint64_t k) {
  return rounding_word(RandomKey{6}.child("sum"), k, kChain);
}

TEST_CASE("an exact sum is MPFR's sum of all products, rounded once") {
  for (const char* text : {"exact", "exact:e5m10", "exact:e8m7/rna", "exact:e4m3fn/rtz",
                           "exact:e5m2/rup", "exact:e8m23/rdn", "exact:e6m9/ro", "exact:e8m22fnuz",
                           "exact:q8.8", "exact:e5m10/sr", "exact:e8m23/sr", "exact:e4m3/sr5"}) {
    const Mac mac = parse_mac(text);
    const MpfrOracle oracle(mac.accumulator.format);
    check_dots(mac, [&](const Vectors& v) {
      Real sum(kExactPrecision);
      mpfr_set_d(sum.get(), static_cast<double>(v.start), MPFR_RNDN);
      for (std::size_t k = 0; k < v.a.size(); ++k) {
        mpfr_add_d(sum.get(), sum.get(), product_of(v, k), MPFR_RNDN);
      }
      if (mpfr_zero_p(sum.get()) != 0) return 0.0;
      const std::uint32_t random = v.a.empty() ? 0 : sum_word(v.a.size() - 1);
      return oracle.round(sum, mac.accumulator.rounding, random);
    });
  }
}

TEST_CASE("an exact sum does not depend on the order of its products") {
  const Mac mac = parse_mac("exact");
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    Vectors v = draw(seed, 50, seed % 2 == 0 ? Kind::far : Kind::special);
    const double sum = dot(v.start, v.a, v.b, mac);
    std::reverse(v.a.begin(), v.a.end());
    std::reverse(v.b.begin(), v.b.end());
    CHECK(same(dot(v.start, v.a, v.b, mac), sum));
  }
}

TEST_CASE("a quire holds the largest and the smallest products at once") {
  Quire quire;
  constexpr auto kLargest = static_cast<double>(std::numeric_limits<float>::max());
  for (int i = 0; i < 1000; ++i) quire.add(kLargest * kLargest);
  quire.add(0x1p-298);
  for (int i = 0; i < 1000; ++i) quire.add(-kLargest * kLargest);
  CHECK(quire.rounded({{}, {Rounding::up, 0}}) == 0x1p-149);
  quire.add(-0x1p-297);
  CHECK(quire.rounded({{}, {Rounding::down, 0}}) == -0x1p-149);
  quire.add(0x1p-298);
  CHECK(same(quire.rounded({{}, {Rounding::down, 0}}), 0.0));
  CHECK(Quire(quire.words()).words() == quire.words());
}

TEST_CASE("a Kahan sum rounds each of its four steps, as MPFR does them") {
  for (const char* text : {"kahan", "kahan:e5m10", "kahan:e8m7/rna", "kahan:e4m3fn/rtz",
                           "kahan:e5m2/rup", "kahan:e8m7/rdn", "kahan:e6m9/ro", "kahan:e4m3fnuz",
                           "kahan:q8.8", "kahan:e5m10/sr", "kahan:e5m2sat/sr3"}) {
    const Mac mac = parse_mac(text);
    const Quantization& a = mac.accumulator;
    check_dots(mac, [&](const Vectors& v) {
      double sum = start_of(v, a);
      double compensation = 0;
      for (std::size_t k = 0; k < v.a.size(); ++k) {
        const std::uint64_t word = 4 * k;
        const double y = sum_of(product_of(v, k), -compensation, a, sum_word(word));
        const double t = sum_of(sum, y, a, sum_word(word + 1));
        const double d = sum_of(t, -sum, a, sum_word(word + 2));
        compensation = sum_of(d, -y, a, sum_word(word + 3));
        sum = t;
      }
      return sum;
    });
  }
}

TEST_CASE("compensation keeps what a chain loses") {
  const std::vector<float> ones(5000, 1.0F);
  CHECK(dot(0, ones, ones, parse_mac("bf16")) == 256);
  // Between 4096 and 8192 bf16 numbers are 32 apart; 5000 is nearest to 4992.
  CHECK(dot(0, ones, ones, parse_mac("kahan:bf16")) == 4992);
  CHECK(dot(0, ones, ones, parse_mac("exact:bf16")) == 4992);
  CHECK(std::abs(dot(0, ones, ones, parse_mac("pairwise:bf16")) - 5000) <= 64);
}

TEST_CASE("a pairwise sum adds neighbours, level by level") {
  for (const char* text :
       {"pairwise", "pairwise:e5m10", "pairwise:e8m7/rna", "pairwise:e4m3fn/rtz",
        "pairwise:e5m2/rdn", "pairwise:e6m9/ro", "pairwise:e4m3fnuz", "pairwise:q8.8"}) {
    const Mac mac = parse_mac(text);
    const Quantization& a = mac.accumulator;
    check_dots(mac, [&](const Vectors& v) {
      std::vector<double> level;
      for (std::size_t k = 0; k < v.a.size(); ++k) {
        level.push_back(round_to_format(product_of(v, k), a.format, a.rounding));
      }
      if (level.empty()) return start_of(v, a);
      while (level.size() > 1) {  // an odd one out waits for the next level
        std::vector<double> next;
        for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
          next.push_back(sum_of(level[i], level[i + 1], a));
        }
        if (level.size() % 2 != 0) next.push_back(level.back());
        level = next;
      }
      return sum_of(start_of(v, a), level[0], a);
    });
  }
}

/// An addend's value and exponent, or no exponent for zero.
struct Term {
  double value;
  std::optional<int> exponent;
};

Term term_of(double value, int lowest_exponent, int exponent) {
  if (value == 0) return {value, std::nullopt};
  return {value, std::max(exponent, lowest_exponent)};
}

mpfr_rnd_t integer_rounding(Rounding rounding) {
  if (rounding == Rounding::nearest_even) return MPFR_RNDN;
  if (rounding == Rounding::down) return MPFR_RNDD;
  return rounding == Rounding::up ? MPFR_RNDU : MPFR_RNDZ;
}

/// One block, by MPFR's integers.
double block_sum(const std::vector<Term>& terms, const Mac& mac, std::uint32_t random) {
  double special = 0;
  std::optional<int> largest;
  for (const Term& term : terms) {
    if (!std::isfinite(term.value)) special += term.value;
    if (term.exponent.has_value()) largest = std::max(largest.value_or(-9999), *term.exponent);
  }
  Real sum(kExactPrecision);
  if (!std::isfinite(special)) {
    mpfr_set_d(sum.get(), special, MPFR_RNDN);
    return MpfrOracle(mac.accumulator.format).round(sum, mac.accumulator.rounding, random);
  }
  if (!largest.has_value()) return 0;
  const int quantum = *largest - mac.block.fraction_bits;
  mpfr_set_zero(sum.get(), 1);
  for (const Term& term : terms) {
    Real addend(2000);
    mpfr_set_d(addend.get(), term.value, MPFR_RNDN);
    mpfr_div_2si(addend.get(), addend.get(), quantum, MPFR_RNDN);
    mpfr_rint(addend.get(), addend.get(), integer_rounding(mac.block.cut.rounding));
    mpfr_add(sum.get(), sum.get(), addend.get(), MPFR_RNDN);
  }
  if (mpfr_zero_p(sum.get()) != 0) return 0;
  mpfr_mul_2si(sum.get(), sum.get(), quantum, MPFR_RNDN);
  return MpfrOracle(mac.accumulator.format).round(sum, mac.accumulator.rounding, random);
}

TEST_CASE("a block of aligned products is a sum of integers") {
  for (const char* text : {"aligned24x8", "aligned23x4:e8m23/rtz", "aligned25x16:e8m23/rtz",
                           "aligned13x32:e8m13/rtz", "aligned10x5rne:e5m10",
                           "aligned8x3rdn:e8m7/ro", "aligned30x64:e5m10/sr", "aligned1x1:e4m3fn"}) {
    const Mac mac = parse_mac(text);
    const int lowest = mac.accumulator.format.as_float()->min_exponent();
    const auto products = static_cast<std::size_t>(mac.block.products);
    check_dots(mac, [&](const Vectors& v) {
      double sum = start_of(v, mac.accumulator);
      for (std::size_t first = 0; first < v.a.size(); first += products) {
        const std::size_t last = std::min(first + products, v.a.size());
        std::vector<Term> terms = {term_of(sum, lowest, sum == 0 ? 0 : std::ilogb(sum))};
        for (std::size_t k = first; k < last; ++k) {
          const auto exponent = [](float x) { return std::max(std::ilogb(x), -126); };
          const double product = product_of(v, k);
          const bool counts = product != 0 && std::isfinite(product);
          terms.push_back(
              term_of(product, -9999, counts ? exponent(v.a[k]) + exponent(v.b[k]) : 0));
        }
        sum = block_sum(terms, mac, sum_word(last - 1));
      }
      return sum;
    });
  }
}

TEST_CASE("aligned sums lose what published measurements of matrix units say they lose") {
  // One and 2^-n: the bit at 2^-F is the last that counts.
  const auto sum = [](const char* unit, float small) {
    const std::vector<float> a = {1.0F, small};
    return dot(0, a, std::vector<float>(2, 1.0F), parse_mac(unit));
  };
  CHECK(sum("v100-fp16", 0x1p-23F) == 1 + 0x1p-23);
  CHECK(sum("h100-fp8", 0x1p-13F) == 1 + 0x1p-13);
  CHECK(sum("h100-fp8", 0x1p-14F) == 1);
  // Bits below binary32's last add up inside of a block where the unit keeps them: 2^-24 twice.
  const auto four = [](const char* unit) {
    const std::vector<float> a = {1.0F, 0x1p-24F, 0x1p-24F, 0.0F};
    return dot(0, a, std::vector<float>(4, 1.0F), parse_mac(unit));
  };
  CHECK(four("v100-fp16") == 1);
  CHECK(four("a100-fp16") == 1 + 0x1p-23);
  const auto eight = [](const char* unit) {
    std::vector<float> a(8, 0x1p-25F);
    a[0] = 1;
    a[1] = a[2] = a[3] = 0;
    return dot(0, a, std::vector<float>(8, 1.0F), parse_mac(unit));
  };
  CHECK(eight("a100-bf16") == 1);
  CHECK(eight("h100-bf16") == 1 + 0x1p-23);
  // Results are truncated, not rounded to nearest.
  CHECK(sum("a100-fp16", 0x1.8p-23F) == 1 + 0x1p-23);
  CHECK(sum("a100-fp16", -0x1p-24F) == 1 - 0x1p-24);
  // Products are not normalised: 1.5 * 1.5 has the exponent 0, so a bit at 2^-24 is kept.
  const std::vector<float> a = {1.5F, 0x1p-12F};
  CHECK(dot(0, a, a, parse_mac("aligned24x8:e8m23/rup")) == 2.25 + 0x1p-22);
  CHECK(dot(0, a, a, parse_mac("aligned23x8:e8m23/rup")) == 2.25);
}

TEST_CASE(
    "a subnormal operand has the smallest normal exponent of the format that the unit takes") {
  // 2^-24 of fp16 is subnormal: its product with 1 has the exponent -14, from which 10 bits reach
  // to 2^-24, so that 2^-26 is cut off. By its own exponent all is kept.
  const std::vector<float> a = {0x1p-24F, 0x1p-13F};
  const std::vector<float> b = {1.0F, 0x1p-13F};
  CHECK(dot(0, a, b, parse_mac("aligned10x2 operands=fp16")) == 0x1p-24);
  CHECK(dot(0, a, b, parse_mac("aligned10x2")) == 0x1p-24 + 0x1p-26);
}

TEST_CASE("runs of a chunk are summed as the mac says and added in order") {
  for (const char* text : {"exact:e5m10/chunk7:e6m9", "kahan:e5m10/chunk7:e6m9",
                           "pairwise:e5m10/chunk7:e6m9", "aligned9x7:e5m10/chunk7:e6m9"}) {
    const Mac mac = parse_mac(text);
    Mac within = mac;
    within.chunk = 0;
    within.chunk_accumulator = {};
    check_dots(mac, [&](const Vectors& v) {
      double total = start_of(v, mac.chunk_accumulator);
      for (std::size_t first = 0; first < v.a.size(); first += 7) {
        const std::size_t count = std::min<std::size_t>(7, v.a.size() - first);
        const double run = dot(0, std::span(v.a).subspan(first, count),
                               std::span(v.b).subspan(first, count), within);
        total = sum_of(total, run, mac.chunk_accumulator);
      }
      return total;
    });
  }
}

}  // namespace
}  // namespace mantissa
