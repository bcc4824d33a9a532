#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/multiplier.h"
#include "numeric/quantize.h"

namespace mantissa {

/// How the products of a dot product are summed.
enum class Summation : std::uint8_t {
  chain,     ///< `acc <- A(acc + p)` for each product, in increasing k
  exact,     ///< `exact`: all products without rounding, as a quire holds them; A once, at the end
  kahan,     ///< `kahan`: a chain that carries what its roundings lost (Kahan 1965)
  pairwise,  ///< `pairwise`: a fixed binary tree over k, each node rounded by A
  aligned,   ///< `aligned<F>x<K>`: the block fused multiply-add of matrix units
};

/// A matrix unit's sum of K products and the accumulator.
///
/// All are aligned to the largest exponent among them and cut to multiples of 2^(largest - F), then
/// added as integers; A rounds the sum once. The exponent of a product is the sum of its operands'
/// exponents (`read_operand`), without normalising; that of a rounded product or an accumulator is
/// its own, but not below its format's smallest normal one.
struct AlignedBlock {
  int fraction_bits = 24;                         ///< F, 1..30
  int products = 8;                               ///< K, 1..64
  RoundingMode cut = {Rounding::toward_zero, 0};  ///< not stochastic

  friend bool operator==(const AlignedBlock&, const AlignedBlock&) = default;
};

/// How the products of a dot product are made and summed: docs/numerics.md has the definition of
/// each part.
struct Mac {
  /// P. Unless `rounds_product` is set the product is *exact*, the multiply-accumulate fused, and
  /// `product` is e8m23 with rne.
  Quantization product;
  bool rounds_product = false;

  /// A. e8m23 with rne and an exact product is the binary32 fused multiply-add.
  Quantization accumulator;

  /// 0: no chunks. C: runs of C products are each summed from +0 in `accumulator`, and the runs'
  /// sums are added in order in `chunk_accumulator` (Wang et al., NeurIPS 2018, arXiv 1812.08011).
  int chunk = 0;
  Quantization chunk_accumulator;  ///< e8m23 with rne where there are no chunks

  Summation summation = Summation::chain;
  AlignedBlock block;  ///< of `Summation::aligned`

  Multiplier multiplier;
  /// The formats that the unit takes: they give an inexact multiplier its width, and aligned sums
  /// the exponents of subnormal operands. e8m23, which holds every operand, unless stated.
  Format left_operand;
  Format right_operand;

  /// True for the plain binary32 fused chain, which needs no emulation.
  bool is_fp32() const;
  friend bool operator==(const Mac&, const Mac&) = default;
};

/// `<S>[/chunk<C>[:<chunk accumulator>]][ product=<P>][ multiplier=<M>][ operands=<F>[,<F>]]`.
///
/// S, the sum, is an accumulator A alone, or `exact`, `kahan`, `pairwise` or
/// `aligned<F>x<K>[<cut>]` followed by `:` and A unless that is e8m23. Formats have their rounding
/// as in `spelling(Quantization)`: `e8m23`, `e5m10/rtz`, `e6m9/sr/chunk64:e8m23`, `e5m10
/// product=e5m7/rtz`, `kahan:e5m10`, `aligned24x8:e8m23/rtz operands=e5m10`. What is the default is
/// left out. `parse_mac` reads it back, and also aliases, file names, `/rne`, `product=exact`,
/// `multiplier=exact` and the names of `matrix_units()` for S.
std::string spelling(const Mac& mac);
Mac parse_mac(std::string_view text);

/// A published matrix unit: `parse_mac(name)` and `parse_mac(spelling)` are the same.
struct MatrixUnit {
  std::string_view name;
  std::string_view spelling;
};
std::span<const MatrixUnit> matrix_units();

/// Reads a spelling or `{"accumulation": "chain", "accumulator": F, "rounding": R, "product": F,
/// "product_rounding": R, "chunk": C, "chunk_accumulator": F, "chunk_rounding": R, "multiplier": M,
/// "operands": [F, F]}`, all optional; F is what `format_from_json` reads, and "product" also
/// "exact". With the accumulation "aligned" also "fraction_bits", "block" and "cut". Instead of
/// these five, "unit" names a matrix unit.
Mac mac_from_json(const nlohmann::json& value, std::string_view where);
/// The canonical object, with formats as spellings; without the keys that do not apply.
nlohmann::json to_json(const Mac& mac);

/// `e4m3fn`, `e4m3fn/sr`, `mxfp4/sr`, `e5m2 scale=tensor`: a format, its rounding unless rne, and
/// its scaling where the format's name does not say it.
std::string spelling(const Quantization& quantization);
Quantization parse_quantization(std::string_view text);
/// The same for a place that holds single numbers, not a tensor whose elements share scales: a sum,
/// a product, a result. Throws Error for a scaled format.
Quantization parse_unscaled(std::string_view text);
/// Reads a spelling, the JSON object of a format (rounded to nearest, ties to even) with or without
/// a "scale", or `{"format": F, "rounding": R, "scale": S}`.
Quantization quantization_from_json(const nlohmann::json& value, std::string_view where);

/// One step of the chain by exact arithmetic: rounds `accumulator + P(a*b)` once. The reference for
/// every kernel of chains. `random_product`, `random_sum`: words for stochastic rounding.
///
/// A sum of exactly zero has the sign that IEEE 754-2019 section 6.3 gives it: +0, but -0 where
/// both addends are -0, and under `rdn` unless both are +0. Where the accumulator has no -0 it is
/// +0.
double multiply_accumulate(double accumulator, float a, float b, const Mac& mac,
                           std::uint32_t random_product = 0, std::uint32_t random_sum = 0);

/// P(a * b) by the mac's multiplier. A binary64 holds it exactly, whether rounded or not.
double multiply_rounded(float a, float b, const Mac& mac, std::uint32_t random = 0);

/// The sum of two binary64 numbers, rounded once; zeros as in `multiply_accumulate`.
double add_rounded(double a, double b, const Quantization& sum, std::uint32_t random = 0);

/// A chain with compensation.
struct KahanSum {
  double sum = 0;
  double compensation = 0;

  /// `y = A(p - compensation); t = A(sum + y); d = A(t - sum); compensation = A(d - y); sum = t`,
  /// with the random words of y, t, d and the compensation. An infinite sum ends in NaN, as it does
  /// in a unit that works by these steps.
  void add(double product, const Quantization& accumulator,
           const std::array<std::uint32_t, 4>& random = {});
};

/// An addend of an aligned sum.
struct AlignedTerm {
  double value = 0;
  int exponent = 0;  ///< that the unit compares
};
/// P(a * b) and its exponent; of any number where the value is zero or not finite.
AlignedTerm aligned_product(float a, float b, const Mac& mac, std::uint32_t random = 0);
/// The accumulator after a block of up to K products. A sum of exactly zero is +0. `*lost`, if
/// wanted, is how many products that are not zero the cut leaves nothing of.
double add_aligned(double accumulator, std::span<const AlignedTerm> products, const Mac& mac,
                   std::uint32_t random = 0, std::int64_t* lost = nullptr);

}  // namespace mantissa
