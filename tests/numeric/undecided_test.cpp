// Stochastic rounding where the upper half of the random word does not decide, and quotients by
// scales that lie beside ties and members: what random inputs hardly ever meet.

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "numeric/mac.h"
#include "numeric/rounding_grid.h"
#include "numeric/rounding_words.h"
#include "numeric/scaled_kernels.h"
#include "numeric/scaled_spellings.h"
#include "numeric/vector_check.h"

namespace mantissa {
namespace {

constexpr std::uint64_t kFirstIndex = 77;  // as check_against_reference counts

/// For each word a number whose discarded part, in units of the last place, begins with the word's
/// first 16 bits or is next to that, in random binades from below the smallest normal one on.
std::vector<double> beside_words(const RoundingGrid& grid, std::size_t count) {
  const int binades = std::min(grid.max_exponent - grid.min_exponent + 1, 12);
  std::vector<double> inputs;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = rounding_word(kCheckKey, kFirstIndex + i);
    const RandomKey key = RandomKey{3}.child(i);
    // 0: subnormal, or fixed point.
    const auto binade = static_cast<int>(random_below(key, 0, static_cast<std::uint32_t>(binades)));
    const auto steps = std::uint32_t{1} << grid.fraction_bits;
    const std::uint32_t multiple = random_below(key, 1, steps) + (binade > 0 ? steps : 0);
    const double upper = static_cast<double>(word >> 16) * 0x1p-16;
    const double whole = static_cast<double>(word) * 0x1p-32;
    const double parts[] = {upper,           upper + 0x1p-17, upper + 0x1p-16 - 0x1p-24,
                            upper - 0x1p-24, upper + 0x1p-16, whole,
                            whole + 0x1p-32, whole - 0x1p-32};
    const double part = parts[random_below(key, 2, 8)];
    const int exponent = grid.min_quantum_exponent() + std::max(binade - 1, 0);
    const double sign = random_below(key, 3, 2) == 0 ? 1 : -1;
    inputs.push_back(sign * std::ldexp(multiple + part, exponent));
  }
  return inputs;
}

std::vector<float> to_floats(const std::vector<double>& values) {
  std::vector<float> floats;
  for (const double value : values) floats.push_back(static_cast<float>(value));
  return floats;
}

std::vector<RoundingMode> stochastic_modes() {
  std::vector<RoundingMode> modes;
  for (const RoundingMode mode : all_modes()) {
    if (mode.rounding == Rounding::stochastic) modes.push_back(mode);
  }
  return modes;
}

TEST_CASE("values whose discarded part begins as the random word are rounded by all its bits") {
  for (const char* text :
       {"e4m3fn",   "e5m2",    "e4m3fnuz", "e5m10", "e5m10nosub", "e3m2fin", "e2m1fin", "e2m3fin",
        "e5m0",     "e6m9",    "e7m15",    "e5m20", "e8m3",       "e8m7",    "e8m10",   "e8m22",
        "e8m7fnuz", "e4m3b20", "q8.8",     "q4.0",  "e5m2b60",    "e8m0"}) {
    const Format format = parse_format(text);
    const std::vector<float> inputs = to_floats(beside_words(rounding_grid(format), 3000));
    for (const RoundingMode mode : stochastic_modes())
      check_against_reference(inputs, {format, mode});
  }
}

/// The same between neighbouring members of formats that are not evenly spaced.
std::vector<float> beside_words_between(const Format& format, std::size_t count) {
  std::vector<float> inputs;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = rounding_word(kCheckKey, kFirstIndex + i);
    const RandomKey key = RandomKey{4}.child(i);
    const auto binade = static_cast<int>(random_below(key, 0, 60)) - 30;
    const double around = std::ldexp(1.0 + random_below(key, 1, 1 << 23) * 0x1p-23, binade);
    const double below = round_to_format(around, format, {Rounding::toward_zero});
    const double past = static_cast<double>(std::nextafter(static_cast<float>(below), INFINITY));
    const double above = round_to_format(past, format, {Rounding::up});
    const double part = (static_cast<double>(word >> 16) + 0.5 * random_below(key, 2, 4)) * 0x1p-16;
    const double sign = random_below(key, 3, 2) == 0 ? 1 : -1;
    inputs.push_back(static_cast<float>(sign * (below + part * (above - below))));
  }
  return inputs;
}

TEST_CASE("between uneven members, too, all bits of the random word are looked at") {
  for (const char* text : {"posit8", "posit16", "posit20", "posit8es4", "takumlin8", "takumlin16",
                           "takumlin24", "unum2_3", "unum3_4", "takum8", "takum12", "takum16",
                           "takum20", "takum24", "lns4.3", "lns8.7", "lns5.10", "lns6.13"}) {
    const Format format = parse_format(text);
    const std::vector<float> inputs = beside_words_between(format, 1500);
    for (const RoundingMode mode : stochastic_modes())
      check_against_reference(inputs, {format, mode});
  }
}

/// Numbers on and beside the members and ties of the elements, and beside random words, scaled.
std::vector<float> scaled_inputs(const Quantization& quantization, float scale) {
  RoundingGrid grid = rounding_grid(quantization.format);
  std::vector<double> quotients = beside_words(grid, 600);
  const double factor = static_cast<double>(scale);
  std::vector<float> inputs;
  for (const double quotient : quotients) inputs.push_back(static_cast<float>(quotient * factor));
  // The words of the following ones are random to them.
  for (std::size_t i = 0; i < quotients.size(); ++i) {
    const int exponent = quotients[i] == 0 ? 0 : std::ilogb(quotients[i]);
    const int quantum = std::max(exponent, grid.min_exponent) - grid.fraction_bits;
    const double halves =
        std::ldexp(std::floor(std::ldexp(quotients[i], 1 - quantum)), quantum - 1);
    add_with_neighbours(inputs, halves * factor);
  }
  add_with_neighbours(inputs, grid.max_positive * factor);
  add_with_neighbours(inputs, grid.max_positive * factor * 4);
  add_specials(inputs);
  return inputs;
}

bool same_bits(float found, double expected) {
  if (std::isnan(expected)) return std::isnan(found);
  return std::bit_cast<std::uint32_t>(found) ==
         std::bit_cast<std::uint32_t>(static_cast<float>(expected));
}

TEST_CASE("quotients on and beside ties and members round as the exact ones, by every scale") {
  for (const char* text :
       {"int8", "int4", "int2", "int16", "nvfp4", "e4m3fn scale=tensor", "e5m10 scale=tensor",
        "e3m2fin scale=block16:e4m3", "q1.7 scale=tensor", "e5m2b40 scale=tensor", "mxfp8e4m3",
        "mxfp8e5m2", "mxfp4", "mxint8", "bfp8b16", "e4m3nosub scale=tensor", "int8p2"}) {
    Quantization quantization = parse_quantization(text);
    const ScaleChooser choose(quantization);
    for (const float amax : {0x1.8p-149F, 0x1.23456p-95F, 0x1.76543p-60F, 0x1.0f1e2dp-20F, 0.731F,
                             117.3F, 0x1.abcdefp40F, 0x1.654321p100F, 0x1.fffffep127F}) {
      const float scale = choose.of_group(amax, choose.of_tensor(amax * 0.9F));
      const std::vector<float> inputs = scaled_inputs(quantization, scale);
      const auto count = static_cast<std::int64_t>(inputs.size());
      const std::vector<float> scales(inputs.size(), scale);
      for (const RoundingMode mode : all_modes()) {
        quantization.rounding = mode;
        std::vector<float> expected;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          expected.push_back(static_cast<float>(round_scaled(
              inputs[i], scale, quantization, rounding_word(kCheckKey, kFirstIndex + i))));
        }
        const ScaledRounder rounder(quantization);
        on_every_target([&](const char* target) {
          std::vector<float> runs(inputs.size());
          std::vector<float> row(inputs.size());
          std::vector<float> blocks(inputs.size());
          std::vector<float> parts(inputs.size());
          rounder.round_runs(inputs.data(), runs.data(), 1, count, &scale, kCheckKey, kFirstIndex);
          // Runs of whole vectors, and others, each to the end of the inputs.
          const auto cut = [&](std::int64_t length, std::vector<float>& to) {
            const std::int64_t whole = count / length;
            rounder.round_runs(inputs.data(), to.data(), whole, length, scales.data(), kCheckKey,
                               kFirstIndex);
            const std::int64_t done = whole * length;
            rounder.round_elements(inputs.data() + done, to.data() + done, count - done,
                                   scales.data(), kCheckKey,
                                   kFirstIndex + static_cast<std::uint64_t>(done));
          };
          cut(32, blocks);
          cut(20, parts);
          rounder.round_elements(inputs.data(), row.data(), count, scales.data(), kCheckKey,
                                 kFirstIndex);
          for (std::size_t i = 0; i < inputs.size(); ++i) {
            const auto wanted = static_cast<double>(expected[i]);
            if (same_bits(runs[i], wanted) && same_bits(row[i], wanted) &&
                same_bits(blocks[i], wanted) && same_bits(parts[i], wanted)) {
              continue;
            }
            INFO(spelling(quantization)
                 << " on " << std::string(target) << ", scale "
                 << hex_float(static_cast<double>(scale)) << ": "
                 << hex_float(static_cast<double>(inputs[i])) << " became "
                 << hex_float(static_cast<double>(runs[i])) << " and "
                 << hex_float(static_cast<double>(row[i])) << ", not " << hex_float(wanted));
            CHECK(false);
            return;
          }
        });
      }
    }
  }
}

TEST_CASE("scales of many groups are the scales of each, on every instruction set") {
  std::vector<float> maxima = {0, 0x1p-149F, 0x1p-126F, 0x1.fffffep127F, 448, 6, 0x1.8p-127F};
  for (std::size_t i = 0; i < 4000; ++i) {
    const std::uint32_t word = random_bits({5}, i);
    maxima.push_back(std::abs(std::bit_cast<float>(word & 0x7F7FFFFF)));
    // Ties of scales in e4m3, and few exponents.
    maxima.push_back(std::bit_cast<float>((word & 0x03F80000) | 0x3E000000));
  }
  for (const std::string& text : scaled_spellings()) {
    const Quantization quantization = parse_quantization(text);
    const ScaleChooser choose(quantization);
    for (const float largest : {1.0F, 0x1.fp-140F, 0x1.9p20F}) {
      const float tensor_scale = choose.of_tensor(largest);
      on_every_target([&](const char* target) {
        CAPTURE(text);
        CAPTURE(target);
        std::vector<float> scales = maxima;
        choose.of_groups(scales, tensor_scale);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < maxima.size(); ++i) {
          wrong += scales[i] == choose.of_group(maxima[i], tensor_scale) ? 0U : 1U;
        }
        CHECK(wrong == 0);
      });
    }
  }
}

}  // namespace
}  // namespace mantissa
