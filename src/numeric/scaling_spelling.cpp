#include <array>
#include <optional>
#include <vector>

#include "numeric/quantize.h"
#include "numeric/scaling.h"
#include "numeric/spelling_parts.h"
#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

using family::count_in;
using family::take;

constexpr std::string_view kExample =
    "write for instance \"tensor\", \"channel\", \"tensor:delayed16\" or \"block32:p2:floor\"";
constexpr int kMaxBlock = 1 << 16;
constexpr int kMaxHistory = 1024;

constexpr std::array<std::string_view, 3> kKinds = {"real", "p2", "e4m3"};
constexpr std::array<std::string_view, 4> kRules = {"floor", "ceil", "even", "rceil"};

Error no_scaling(std::string_view text, const std::string& what, std::string_view hint = kExample) {
  return {"", "\"" + std::string(text) + "\" is no scaling: " + what, std::string(hint)};
}

ScaleGroup parse_group(std::string_view word, std::string_view text, int& block) {
  if (word == "tensor") return ScaleGroup::tensor;
  if (word == "channel") return ScaleGroup::channel;
  if (!take(word, "block")) {
    throw no_scaling(text, "the elements that share a scale are missing");
  }
  const std::optional<int> size = count_in(word);
  if (!size || *size < 2 || *size > kMaxBlock) {
    throw no_scaling(text, "a block has 2 to " + std::to_string(kMaxBlock) + " elements");
  }
  block = *size;
  return ScaleGroup::block;
}

template <typename Enum, std::size_t count>
bool parse_word(std::string_view word, const std::array<std::string_view, count>& words,
                Enum& value) {
  for (std::size_t i = 0; i < count; ++i) {
    if (words[i] != word) continue;
    value = static_cast<Enum>(i);
    return true;
  }
  return false;
}

bool parse_history(std::string_view word, std::string_view text, Scaling& scaling) {
  if (!take(word, "delayed")) return false;
  const std::optional<int> history = count_in(word);
  if (!history || *history > kMaxHistory) {
    throw no_scaling(text, "a history has 1 to " + std::to_string(kMaxHistory) + " tensors");
  }
  scaling.history = *history;
  return true;
}

Error unknown_word(std::string_view word, std::string_view text) {
  std::vector<std::string> known(kKinds.begin(), kKinds.end());
  known.insert(known.end(), kRules.begin(), kRules.end());
  known.emplace_back("delayed16");
  return no_scaling(text, "\"" + std::string(word) + "\" means nothing", suggestion(word, known));
}

void require_meaning(const Scaling& scaling, bool has_rule, std::string_view text) {
  if (has_rule && scaling.kind != ScaleKind::power_of_two) {
    throw no_scaling(text, "a rule is for powers of two", "add \":p2\" or leave the rule out");
  }
  if (scaling.kind == ScaleKind::e4m3 && scaling.group != ScaleGroup::block) {
    throw no_scaling(text, "scales in e4m3 are those of blocks", "write \"block16:e4m3\"");
  }
  if (scaling.history > 0 && scaling.group != ScaleGroup::tensor) {
    throw no_scaling(text, "only the scale of a whole tensor can be delayed",
                     "write \"tensor:delayed16\"");
  }
}

Quantization scaled(Format element, Scaling scaling) {
  return {element, {}, scaling};
}

constexpr Scaling block_of_32() {
  return {ScaleGroup::block, 32, ScaleKind::power_of_two, ScaleRule::floor};
}

struct NamedScaling {
  std::string_view name;
  Quantization quantization;
};

/// OCP Microscaling Formats v1.0, table 1, and NVIDIA's FP4.
const std::vector<NamedScaling>& named_scalings() {
  const auto fin = [](int exponent_bits, int fraction_bits) {
    return FloatFormat{exponent_bits, fraction_bits,
                       FloatFormat::default_bias(exponent_bits, Specials::none), Specials::none};
  };
  static const std::vector<NamedScaling> table = {
      {"mxfp8e4m3", scaled(FloatFormat{4, 3, 7, Specials::finite_nan}, block_of_32())},
      {"mxfp8e5m2", scaled(FloatFormat{5, 2, 15}, block_of_32())},
      {"mxfp6e3m2", scaled(fin(3, 2), block_of_32())},
      {"mxfp6e2m3", scaled(fin(2, 3), block_of_32())},
      {"mxfp4", scaled(fin(2, 1), block_of_32())},
      {"mxint8", scaled(FixedFormat{2, 6}, block_of_32())},
      {"nvfp4", scaled(fin(2, 1), {ScaleGroup::block, 16, ScaleKind::e4m3})},
  };
  return table;
}

constexpr int kMaxIntegerBits = 16;

void require_width(int bits, std::string_view text) {
  if (bits >= 2 && bits <= kMaxIntegerBits) return;
  throw Error("",
              "\"" + std::string(text) + "\" is not possible: a scaled integer has 2 to " +
                  std::to_string(kMaxIntegerBits) + " bits",
              "did you mean \"int8\"?");
}

/// `int<N>[c][p2]`.
bool parse_integer(std::string_view text, Quantization& quantization) {
  std::string_view rest = text;
  if (!take(rest, "int")) return false;
  Scaling scaling{ScaleGroup::tensor};
  if (rest.size() > 2 && rest.substr(rest.size() - 2) == "p2") {
    scaling.kind = ScaleKind::power_of_two;
    scaling.rule = ScaleRule::rceil;
    rest.remove_suffix(2);
  }
  if (!rest.empty() && rest.back() == 'c') {
    scaling.group = ScaleGroup::channel;
    rest.remove_suffix(1);
  }
  const std::optional<int> bits = count_in(rest);
  if (!bits) return false;
  require_width(*bits, text);
  quantization = scaled(FixedFormat{*bits, 0}, scaling);
  return true;
}

/// `bfp<M>b<B>`.
bool parse_block_float(std::string_view text, Quantization& quantization) {
  std::string_view rest = text;
  if (!take(rest, "bfp")) return false;
  const std::size_t b = rest.find('b');
  if (b == std::string_view::npos) return false;
  const std::optional<int> bits = count_in(rest.substr(0, b));
  const std::optional<int> block = count_in(rest.substr(b + 1));
  if (!bits || !block) return false;
  require_width(*bits, text);
  if (*block < 2 || *block > kMaxBlock) {
    throw no_scaling(text, "a block has 2 to " + std::to_string(kMaxBlock) + " elements",
                     "did you mean \"bfp8b16\"?");
  }
  quantization = scaled(FixedFormat{1, *bits - 1},
                        {ScaleGroup::block, *block, ScaleKind::power_of_two, ScaleRule::floor});
  return true;
}

}  // namespace

std::string spelling(const Scaling& scaling) {
  if (!scaling.scales()) return "none";
  std::string text = scaling.group == ScaleGroup::tensor ? "tensor"
                     : scaling.group == ScaleGroup::channel
                         ? "channel"
                         : "block" + std::to_string(scaling.block);
  if (scaling.kind != ScaleKind::real) {
    text += ":" + std::string(kKinds[static_cast<std::size_t>(scaling.kind)]);
  }
  if (scaling.kind == ScaleKind::power_of_two) {
    text += ":" + std::string(kRules[static_cast<std::size_t>(scaling.rule)]);
  }
  if (scaling.history > 0) text += ":delayed" + std::to_string(scaling.history);
  return text;
}

Scaling parse_scaling(std::string_view text) {
  const std::vector<std::string> words = split(text, ':');
  Scaling scaling;
  scaling.group = parse_group(words.front(), text, scaling.block);
  bool has_rule = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (parse_word(words[i], kKinds, scaling.kind)) continue;
    const bool is_rule = parse_word(words[i], kRules, scaling.rule);
    has_rule = has_rule || is_rule;
    if (!is_rule && !parse_history(words[i], text, scaling)) throw unknown_word(words[i], text);
  }
  require_meaning(scaling, has_rule, text);
  return scaling;
}

bool parse_scaled_name(std::string_view text, Quantization& quantization) {
  for (const NamedScaling& named : named_scalings()) {
    if (named.name != text) continue;
    quantization = named.quantization;
    return true;
  }
  return parse_integer(text, quantization) || parse_block_float(text, quantization);
}

std::vector<std::string> scaled_names() {
  std::vector<std::string> names = {"int8", "int8c", "int8p2", "bfp8b16"};
  for (const NamedScaling& named : named_scalings()) names.emplace_back(named.name);
  return names;
}

std::string scaled_name(const Quantization& quantization) {
  const Quantization plain = scaled(quantization.format, quantization.scaling);
  for (const NamedScaling& named : named_scalings()) {
    if (named.quantization == plain) return std::string(named.name);
  }
  const FixedFormat* fixed = quantization.format.as_fixed();
  if (fixed == nullptr) return {};
  const std::string bits = std::to_string(fixed->storage_bits());
  for (const std::string& name :
       {"int" + bits, "int" + bits + "c", "int" + bits + "p2", "int" + bits + "cp2",
        "bfp" + bits + "b" + std::to_string(quantization.scaling.block)}) {
    Quantization named;
    if (fixed->storage_bits() > kMaxIntegerBits ||
        (name[0] == 'b' && quantization.scaling.group != ScaleGroup::block)) {
      continue;
    }
    if (parse_scaled_name(name, named) && named == plain) return name;
  }
  return {};
}

}  // namespace mantissa
