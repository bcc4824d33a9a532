#include "numeric/mac_spelling.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "numeric/mac.h"
#include "numeric/spelling_parts.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::string_view kChunk = "/chunk";
constexpr std::string_view kProduct = "product=";
constexpr std::string_view kMultiplier = "multiplier=";
constexpr std::string_view kOperands = "operands=";

// Xie, Wang, Yang & Yang, "MMA-Sim: Bit-Accurate Reference Model of Tensor Cores and Matrix Cores",
// arXiv 2511.10909, and its published simulator; Khattak & Mikaitis, "Accurate Models of NVIDIA
// Tensor Cores", arXiv 2512.07004. The last line says nothing of its operands, since those units
// mix both FP8 formats.
constexpr std::array<MatrixUnit, 18> kMatrixUnits = {{
    {"v100-fp16", "aligned23x4:e8m23/rtz operands=e5m10"},
    {"a100-fp16", "aligned24x8:e8m23/rtz operands=e5m10"},
    {"a100-bf16", "aligned24x8:e8m23/rtz operands=e8m7"},
    {"l40s-fp16", "aligned24x8:e8m23/rtz operands=e5m10"},
    {"l40s-bf16", "aligned24x8:e8m23/rtz operands=e8m7"},
    {"h100-fp16", "aligned25x16:e8m23/rtz operands=e5m10"},
    {"h100-bf16", "aligned25x16:e8m23/rtz operands=e8m7"},
    {"h200-fp16", "aligned25x16:e8m23/rtz operands=e5m10"},
    {"h200-bf16", "aligned25x16:e8m23/rtz operands=e8m7"},
    {"b200-fp16", "aligned25x16:e8m23/rtz operands=e5m10"},
    {"b200-bf16", "aligned25x16:e8m23/rtz operands=e8m7"},
    {"h100-e4m3", "aligned13x32:e8m13/rtz operands=e4m3fn"},
    {"h100-e5m2", "aligned13x32:e8m13/rtz operands=e5m2"},
    {"h200-e4m3", "aligned13x32:e8m13/rtz operands=e4m3fn"},
    {"h200-e5m2", "aligned13x32:e8m13/rtz operands=e5m2"},
    {"l40s-e4m3", "aligned13x16:e8m13/rtz operands=e4m3fn"},
    {"l40s-e5m2", "aligned13x16:e8m13/rtz operands=e5m2"},
    {"h100-fp8", "aligned13x32:e8m13/rtz"},
}};

int parse_chunk(std::string_view digits, std::string_view text) {
  const std::optional<int> chunk = family::count_in(digits);
  if (chunk && *chunk <= kMaxChunk) return *chunk;
  throw Error(
      "",
      quoted(text) + " is no accumulator: the size of a chunk is 1 to " + std::to_string(kMaxChunk),
      "write for instance \"e5m10/chunk64\"");
}

/// Reads `<F>x<K>[<cut>]`.
AlignedBlock parse_block(std::string_view text) {
  std::string_view rest = text;
  AlignedBlock block;
  const std::optional<int> fraction_bits = family::take_count(rest);
  const bool has_x = fraction_bits.has_value() && family::take(rest, "x");
  const std::optional<int> products = has_x ? family::take_count(rest) : std::nullopt;
  if (!products.has_value()) {
    throw Error("", quoted("aligned" + std::string(text)) + " is no sum of aligned products",
                "write \"aligned<F>x<K>\" with F fraction bits and K products, for instance "
                "\"aligned24x8\"");
  }
  block.fraction_bits = *fraction_bits;
  block.products = *products;
  if (!rest.empty()) block.cut = parse_rounding(rest);
  return block;
}

std::string spelling_of_block(const AlignedBlock& block) {
  std::string text =
      "aligned" + std::to_string(block.fraction_bits) + "x" + std::to_string(block.products);
  if (block.cut != AlignedBlock{}.cut) text += spelling(block.cut);
  return text;
}

[[noreturn]] void unknown_sum(std::string_view word) {
  std::vector<std::string> known = {"exact", "kahan", "pairwise", "aligned24x8"};
  for (const MatrixUnit& unit : kMatrixUnits) known.emplace_back(unit.name);
  std::string hint = did_you_mean(word, known);
  if (hint.empty()) hint = "known are exact, kahan, pairwise, aligned<F>x<K>";
  throw Error("", "no sum is called " + quoted(word), hint);
}

/// Whether `word` is nearer to the name of a sum than to anything that a format is called.
bool means_sum(std::string_view word) {
  std::vector<std::string> known = {"exact", "kahan", "pairwise"};
  for (const MatrixUnit& unit : kMatrixUnits) known.emplace_back(unit.name);
  return word.starts_with("aligned") || !nearest_word(word, known).empty();
}

/// Reads an accumulator alone, or a sum and the accumulator behind its colon.
void parse_sum(std::string_view text, Mac& mac) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const std::optional<Summation> named = find_summation(word);
  if (named.has_value() && *named != Summation::chain && word != "aligned") {
    mac.summation = *named;
  } else if (word.starts_with("aligned")) {
    mac.summation = Summation::aligned;
    mac.block = parse_block(word.substr(std::string_view("aligned").size()));
  } else if (colon != std::string_view::npos) {
    unknown_sum(word);
  } else {
    try {
      mac.accumulator = parse_unscaled(text);
    } catch (const Error&) {
      if (means_sum(word)) unknown_sum(word);
      throw;
    }
    return;
  }
  if (colon != std::string_view::npos) mac.accumulator = parse_unscaled(text.substr(colon + 1));
}

/// Reads `<S>[/chunk<C>[:<chunk accumulator>]]`.
void parse_sums(std::string_view text, Mac& mac) {
  const std::size_t chunk = text.find(kChunk);
  parse_sum(text.substr(0, chunk), mac);
  if (chunk == std::string_view::npos) return;
  const std::string_view behind = text.substr(chunk + kChunk.size());
  const std::size_t colon = behind.find(':');
  mac.chunk = parse_chunk(behind.substr(0, colon), text);
  mac.chunk_accumulator =
      colon == std::string_view::npos ? mac.accumulator : parse_unscaled(behind.substr(colon + 1));
}

void parse_operands(std::string_view text, Mac& mac) {
  const std::size_t comma = text.find(',');
  mac.left_operand = parse_format(text.substr(0, comma));
  mac.right_operand =
      comma == std::string_view::npos ? mac.left_operand : parse_format(text.substr(comma + 1));
}

[[noreturn]] void unknown_part(std::string_view text, std::string_view part) {
  std::string hint = "write for instance \"e5m10 product=e5m7\"";
  const std::string_view key = part.substr(0, part.find('='));
  const std::vector<std::string> known = {"product", "multiplier", "operands"};
  if (const std::string near = did_you_mean(key, known); !near.empty() && key != part) hint = near;
  throw Error("", quoted(text) + " is no accumulator: found " + quoted(part) + " behind the blank",
              hint);
}

/// Reads the parts behind the blanks.
void parse_parts(std::string_view text, std::string_view parts, Mac& mac) {
  std::string_view multiplier;
  int order = 0;
  while (!parts.empty()) {
    parts.remove_prefix(1);
    const std::string_view part = parts.substr(0, parts.find(' '));
    parts.remove_prefix(part.size());
    const auto is = [&](std::string_view key, int place) {
      if (!part.starts_with(key) || order >= place) return false;
      order = place;
      return true;
    };
    if (is(kProduct, 1)) {
      const std::string_view product = part.substr(kProduct.size());
      if (product == "exact") continue;
      mac.product = parse_unscaled(product);
      mac.rounds_product = true;
    } else if (is(kMultiplier, 2)) {
      multiplier = part.substr(kMultiplier.size());
    } else if (is(kOperands, 3)) {
      parse_operands(part.substr(kOperands.size()), mac);
    } else {
      unknown_part(text, part);
    }
  }
  if (multiplier.data() != nullptr) {
    mac.multiplier = parse_multiplier(multiplier, mac.left_operand, mac.right_operand);
  }
}

const MatrixUnit* find_matrix_unit(std::string_view name) {
  const auto* const found = std::find_if(kMatrixUnits.begin(), kMatrixUnits.end(),
                                         [&](const MatrixUnit& unit) { return unit.name == name; });
  return found == kMatrixUnits.end() ? nullptr : found;
}

}  // namespace

std::optional<Summation> find_summation(std::string_view word) {
  for (const SummationWord& known : kSummationWords) {
    if (known.word == word) return known.summation;
  }
  return std::nullopt;
}

std::span<const MatrixUnit> matrix_units() {
  return kMatrixUnits;
}

void require_possible(const Mac& mac) {
  const AlignedBlock& block = mac.block;
  const bool aligned = mac.summation == Summation::aligned;
  if (aligned && (block.fraction_bits < 1 || block.fraction_bits > kMaxBlockFraction)) {
    throw Error("", "aligned sums keep 1 to " + std::to_string(kMaxBlockFraction) +
                        " fraction bits, not " + std::to_string(block.fraction_bits));
  }
  if (aligned && (block.products < 1 || block.products > kMaxBlockProducts)) {
    throw Error("", "aligned sums have 1 to " + std::to_string(kMaxBlockProducts) +
                        " products, not " + std::to_string(block.products));
  }
  if (aligned && block.cut.rounding == Rounding::stochastic) {
    throw Error("", "products are not aligned by stochastic rounding",
                "the accumulator may be rounded so: \"aligned24x8:e8m10/sr\"");
  }
  if (aligned && mac.chunk % block.products != 0) {
    throw Error("",
                "a chunk of " + std::to_string(mac.chunk) +
                    " products does not consist of blocks of " + std::to_string(block.products),
                "take a multiple of " + std::to_string(block.products));
  }
  const bool stated = !mac.left_operand.is_fp32() || !mac.right_operand.is_fp32();
  if (stated && !aligned && mac.multiplier.is_exact()) {
    throw Error("",
                "operands have no meaning for an exact multiplier and a sum that does not align",
                "leave them out; the formats of a layer's tensors are those of its roles");
  }
}

std::string spelling(const Mac& mac) {
  std::string text;
  if (mac.summation == Summation::chain) {
    text = spelling(mac.accumulator);
  } else {
    for (const SummationWord& known : kSummationWords) {
      if (known.summation == mac.summation) text = known.word;
    }
    if (mac.summation == Summation::aligned) text = spelling_of_block(mac.block);
    if (mac.accumulator != Quantization{}) text += ":" + spelling(mac.accumulator);
  }
  if (mac.chunk > 0) {
    text += std::string(kChunk) + std::to_string(mac.chunk);
    if (mac.chunk_accumulator != mac.accumulator) text += ":" + spelling(mac.chunk_accumulator);
  }
  const auto part = [&](std::string_view key, const std::string& value) {
    text += " " + std::string(key) + value;
  };
  if (mac.rounds_product) part(kProduct, spelling(mac.product));
  if (!mac.multiplier.is_exact()) part(kMultiplier, spelling(mac.multiplier));
  if (mac.left_operand != mac.right_operand) {
    part(kOperands, spelling(mac.left_operand) + "," + spelling(mac.right_operand));
  } else if (!mac.left_operand.is_fp32()) {
    part(kOperands, spelling(mac.left_operand));
  }
  return text;
}

Mac parse_mac(std::string_view text) {
  Mac mac;
  const std::size_t blank = text.find(' ');
  const std::string_view sums = text.substr(0, blank);
  if (const MatrixUnit* unit = find_matrix_unit(sums)) {
    mac = parse_mac(unit->spelling);
  } else {
    parse_sums(sums, mac);
  }
  if (blank != std::string_view::npos) parse_parts(text, text.substr(blank), mac);
  require_possible(mac);
  return mac;
}

}  // namespace mantissa
