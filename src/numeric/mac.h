#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/quantize.h"

namespace mantissa {

/// How the products of a dot product are summed (numerics.md section 3):
/// `acc <- A(acc + P(a * b))`, from +0, in increasing k.
struct Mac {
  /// P. e8m23 here means *exact*: the product is not rounded and the multiply-accumulate is fused. (A product rounded
  /// to binary32 has `rounds_product` set.)
  Quantization product;
  bool rounds_product = false;

  /// A. e8m23 with rne and an exact product is the binary32 fused multiply-add.
  Quantization accumulator;

  /// 0: no chunks. C: runs of C products are each summed from +0 in `accumulator`, and the runs' sums are added in order
  /// in `chunk_accumulator` (Wang et al., NeurIPS 2018, arXiv 1812.08011).
  int chunk = 0;
  Quantization chunk_accumulator;

  /// True for the plain binary32 fused chain, which needs no emulation.
  bool is_fp32() const;
  friend bool operator==(const Mac&, const Mac&) = default;
};

/// `fp32`, `e5m10`, `e5m10/rtz`, `e5m10/chunk64`, `e6m9/rne/chunk64:fp32`, with `product=e5m7/rne` behind it separated by a
/// blank if products are rounded. `parse_mac` reads it back.
std::string spelling(const Mac& mac);
Mac parse_mac(std::string_view text);

/// Reads a spelling or `{"accumulator": F, "rounding": R, "product": F, "product_rounding": R, "chunk": C, "chunk_accumulator": F}`.
Mac mac_from_json(const nlohmann::json& value, std::string_view where);
nlohmann::json to_json(const Mac& mac);

/// `e4m3fn` or `e4m3fn/sr`: a format and, unless rne, its rounding.
std::string spelling(const Quantization& quantization);
Quantization parse_quantization(std::string_view text);
Quantization quantization_from_json(const nlohmann::json& value, std::string_view where);

/// One step of the chain by exact arithmetic: rounds `accumulator + P(a*b)` once. The reference for every kernel.
/// `random_product`, `random_sum`: words for stochastic rounding.
double multiply_accumulate(double accumulator, float a, float b, const Mac& mac,
                           std::uint32_t random_product = 0, std::uint32_t random_sum = 0);

}  // namespace mantissa
