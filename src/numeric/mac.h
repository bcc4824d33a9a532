#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/quantize.h"

namespace mantissa {

/// How the products of a dot product are summed:
/// `acc <- A(acc + P(a * b))`, from +0, in increasing k.
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

  /// True for the plain binary32 fused chain, which needs no emulation.
  bool is_fp32() const;
  friend bool operator==(const Mac&, const Mac&) = default;
};

/// `<A>[/chunk<C>[:<chunk accumulator>]][ product=<P>]`, each format with its rounding as in
/// `spelling(Quantization)`: `e8m23`, `e5m10`, `e5m10/rtz`, `e5m10/chunk64`,
/// `e6m9/sr/chunk64:e8m23`, `e5m10 product=e5m7/rtz`. The chunk accumulator is written where it is
/// not A; a product where it is rounded. `parse_mac` reads it back, and also aliases, file names,
/// `/rne` and `product=exact`.
std::string spelling(const Mac& mac);
Mac parse_mac(std::string_view text);

/// Reads a spelling or `{"accumulator": F, "rounding": R, "product": F, "product_rounding": R,
/// "chunk": C, "chunk_accumulator": F, "chunk_rounding": R}`, all optional; F is what
/// `format_from_json` reads, and "product" also "exact".
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
/// Reads a spelling, the JSON object of a format (rounded to nearest, ties to even), or `{"format":
/// F, "rounding": R, "scale": S}`.
Quantization quantization_from_json(const nlohmann::json& value, std::string_view where);

/// One step of the chain by exact arithmetic: rounds `accumulator + P(a*b)` once. The reference for
/// every kernel. `random_product`, `random_sum`: words for stochastic rounding.
///
/// A sum of exactly zero has the sign that IEEE 754-2019 section 6.3 gives it: +0, but -0 where
/// both addends are -0, and under `rdn` unless both are +0. Where the accumulator has no -0 it is
/// +0.
double multiply_accumulate(double accumulator, float a, float b, const Mac& mac,
                           std::uint32_t random_product = 0, std::uint32_t random_sum = 0);

}  // namespace mantissa
