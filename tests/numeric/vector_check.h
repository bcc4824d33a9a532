#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <hwy/targets.h>

#include "numeric/all_formats.h"
#include "numeric/edge_inputs.h"
#include "numeric/mac.h"
#include "numeric/quantize.h"
#include "numeric/rounding_words.h"
#include "support/text.h"

namespace mantissa {

constexpr RandomKey kCheckKey{0x123456789ABCDEF0};

/// Runs `check(name)` once for each instruction set that was compiled and that this machine has.
template <typename Check>
void on_every_target(Check check) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    check(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
}

inline std::vector<RoundingMode> all_modes() {
  std::vector<RoundingMode> modes = deterministic_roundings();
  for (const int bits : {0, 1, 4, 16, 17, 23, 32})
    modes.push_back({Rounding::stochastic, static_cast<std::uint8_t>(bits)});
  return modes;
}

inline std::vector<std::uint32_t> codes(const std::vector<float>& values) {
  std::vector<std::uint32_t> codes;
  codes.reserve(values.size());
  for (const float value : values) codes.push_back(std::bit_cast<std::uint32_t>(value));
  return codes;
}

inline std::vector<float> by_reference(const std::vector<float>& inputs,
                                       const Quantization& quantization,
                                       std::uint64_t first_index) {
  std::vector<float> outputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    outputs.push_back(static_cast<float>(
        round_to_format(static_cast<double>(inputs[i]), quantization.format, quantization.rounding,
                        rounding_word(kCheckKey, first_index + i))));
  }
  return outputs;
}

/// The vector kernels against `round_to_format`, bit for bit.
inline void check_against_reference(const std::vector<float>& inputs,
                                    const Quantization& quantization) {
  constexpr std::uint64_t kFirstIndex = 77;
  const std::vector<std::uint32_t> expected =
      codes(by_reference(inputs, quantization, kFirstIndex));
  on_every_target([&](const char* target) {
    std::vector<float> outputs = inputs;
    quantize(outputs, quantization, kCheckKey, kFirstIndex);
    const std::vector<std::uint32_t> found = codes(outputs);
    if (found == expected) return;
    const auto at =
        std::mismatch(found.begin(), found.end(), expected.begin()).first - found.begin();
    const auto i = static_cast<std::size_t>(at);
    INFO(spelling(quantization) << " on " << std::string(target) << ": "
                                << hex_float(static_cast<double>(inputs[i])) << " became "
                                << hex_float(static_cast<double>(outputs[i])) << ", code "
                                << std::to_string(found[i]) << ", not code "
                                << std::to_string(expected[i]));
    CHECK(found == expected);
  });
}

/// `round_to_format` against an oracle.
template <typename Oracle>
void check_scalar(const std::vector<float>& inputs, const Format& format, const Oracle& oracle,
                  RoundingMode mode) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto x = static_cast<double>(inputs[i]);
    const std::uint32_t word = random_bits(kCheckKey, i);
    const double found = round_to_format(x, format, mode, word);
    const double expected = oracle.round(x, mode, word);
    if (found == expected || (std::isnan(found) && std::isnan(expected))) continue;
    INFO(spelling(format) << "/" << spelling(mode) << ": " << hex_float(x) << " became "
                          << hex_float(found) << ", not " << hex_float(expected));
    CHECK(found == expected);
    return;
  }
}

/// Special values, powers of two, random codes, and random numbers around 1.
inline void add_anywhere(std::vector<float>& inputs, std::size_t count) {
  add_specials(inputs);
  for (int exponent = -149; exponent <= 127; ++exponent)
    add_with_neighbours(inputs, std::ldexp(1.0, exponent));
  const RandomKey key{99};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = random_bits(key, i);
    inputs.push_back(std::bit_cast<float>(word));
    // Few exponents around 1, and few significant bits.
    const std::uint32_t near_one = (word & 0x87FC0000) | 0x38000000;
    inputs.push_back(std::bit_cast<float>(near_one));
    inputs.push_back(std::bit_cast<float>(near_one | (word & 0x00003FFF)));
  }
}

}  // namespace mantissa
