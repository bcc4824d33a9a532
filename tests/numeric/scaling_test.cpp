#include "numeric/scaling.h"

#include <bit>
#include <cmath>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "numeric/mac.h"
#include "numeric/rounding_words.h"
#include "numeric/scaled_kernels.h"
#include "numeric/scaled_spellings.h"
#include "numeric/vector_check.h"
#include "support/error_of.h"

namespace mantissa {
namespace {

std::string error_of(const std::string& text) {
  return test::error_of([&] { parse_quantization(text); });
}

TEST_CASE("a scaled format reads back from its spelling, with any rounding") {
  for (const std::string& text : scaled_spellings()) {
    CAPTURE(text);
    Quantization quantization = parse_quantization(text);
    CHECK(quantization.scaling.scales());
    CHECK(spelling(quantization) == text);
    quantization.rounding = {Rounding::stochastic, 8};
    CHECK(parse_quantization(spelling(quantization)) == quantization);
  }
}

TEST_CASE("a name and the elements and scales that it stands for are the same format") {
  CHECK(parse_quantization("int8") == parse_quantization("q8.0 scale=tensor"));
  CHECK(parse_quantization("int8cp2") == parse_quantization("q8.0 scale=channel:p2:rceil"));
  CHECK(parse_quantization("bfp8b16") == parse_quantization("q1.7 scale=block16:p2:floor"));
  CHECK(parse_quantization("mxfp8e4m3/sr") ==
        parse_quantization("e4m3fn/sr scale=block32:p2:floor"));
  CHECK(parse_quantization("nvfp4") == parse_quantization("e2m1fin scale=block16:e4m3"));
  CHECK(spelling(parse_quantization("q2.6 scale=block32:p2:floor")) == "mxint8");
}

TEST_CASE("JSON names elements, rounding and scale") {
  const auto read = [](const char* text) {
    return quantization_from_json(nlohmann::json::parse(text), "here");
  };
  CHECK(read(R"({"format": "e4m3fn", "rounding": "sr", "scale": "tensor"})") ==
        parse_quantization("e4m3fn/sr scale=tensor"));
  CHECK(read(R"({"format": "mxfp4"})") == parse_quantization("mxfp4"));
}

TEST_CASE("an impossible scaling is refused with what would be right") {
  const auto refused = [](const std::string& text, const std::string& hint) {
    INFO(text << ": " << error_of(text));
    CHECK(error_of(text).find(hint) != std::string::npos);
  };
  refused("e4m3fn scale=tensr", "are missing");
  refused("e4m3fn scale=block1", "2 to 65536");
  refused("e4m3fn scale=block32:flor", "\"floor\"");
  refused("e4m3fn scale=block32:floor", "\":p2\"");
  refused("e4m3fn scale=channel:delayed4", "whole tensor");
  refused("e4m3fn scale=tensor:e4m3", "block16:e4m3");
  refused("e8m7 scale=tensor", "5 exponent bits");
  refused("q1.20 scale=tensor", "too many bits");
  refused("mxfp4 scale=tensor", "already");
  refused("int17", "2 to 16");
  refused("int99999999999", "no format");
  refused("mxfp5", "did you mean \"mxfp4\"?");
}

TEST_CASE("a sum or a product has no scales") {
  CHECK_THROWS_AS(parse_mac("mxfp4"), Error);
  CHECK_THROWS_AS(parse_mac("e5m10 product=int8"), Error);
  CHECK_THROWS_AS(mac_from_json({{"accumulator", "mxfp4"}}, "here"), Error);
}

TEST_CASE("the rules of powers of two differ where they should") {
  const auto exponent = [](const char* rule, float amax) {
    const std::string text = std::string("e4m3fn scale=block32:p2:") + rule;
    return std::ilogb(ScaleChooser(parse_quantization(text)).of_group(amax));
  };
  // The largest e4m3fn is 448 = 1.75 * 2^8, with 4 significant bits.
  struct Row {
    float amax;
    int floor, ceil, even, rceil;
  };
  for (const Row& row :
       {Row{256, 0, 0, 0, 0}, Row{300, 0, 1, 0, 0}, Row{448, 0, 1, 0, 0}, Row{449, 0, 1, 0, 1},
        Row{495, 0, 1, 0, 1}, Row{496, 0, 1, 1, 1}, Row{511, 0, 1, 1, 1}, Row{512, 1, 1, 1, 1},
        Row{0x1p-140F, -127, -127, -127, -127}}) {
    CAPTURE(row.amax);
    CHECK(exponent("floor", row.amax) == row.floor);
    CHECK(exponent("ceil", row.amax) == row.ceil);
    CHECK(exponent("even", row.amax) == row.even);
    CHECK(exponent("rceil", row.amax) == row.rceil);
  }
}

TEST_CASE("every member of a scaled format is a binary32 value") {
  for (const std::string& text : scaled_spellings()) {
    CAPTURE(text);
    const Quantization quantization = parse_quantization(text);
    const ScaleChooser choose(quantization);
    std::vector<double> elements;
    if (facts(quantization.format).storage_bits <= 8) {
      elements = finite_values(quantization.format);
    } else {
      const FormatFacts known = facts(quantization.format);
      const double odd =
          round_to_format(known.max_finite * 0.7, quantization.format, {Rounding::to_odd});
      elements = {known.max_finite, known.min_positive, odd};
    }
    bool exact = true;
    for (std::size_t i = 0; i < 2000; ++i) {
      const float amax = std::abs(std::bit_cast<float>(random_bits({5}, i) & 0x7F7FFFFF));
      const float scale = choose.of_group(amax, choose.of_tensor(amax * 0.75F));
      for (const double element : elements) {
        const double member = element * static_cast<double>(scale);
        exact = exact && (static_cast<double>(static_cast<float>(member)) == member ||
                          std::abs(member) > 0x1.fffffep127);
      }
    }
    CHECK(exact);
  }
}

TEST_CASE("a real scale lets nothing saturate and wastes less than its last place") {
  const Quantization int8 = parse_quantization("int8");
  const ScaleChooser choose(int8);
  for (std::size_t i = 0; i < 1000; ++i) {
    const float amax = std::ldexp(static_cast<float>(random_uniform({6}, i)) + 0.5F,
                                  static_cast<int>(i % 60) - 30);
    const double largest = static_cast<double>(amax) / static_cast<double>(choose.of_group(amax));
    CHECK(largest <= 127 * (1 + 0x1p-50));
    CHECK(largest > 127 * (1 - 0x1p-16));
  }
}

std::vector<float> inputs_to_scale() {
  std::vector<float> inputs;
  add_anywhere(inputs, 300);
  for (int i = -600; i <= 600; ++i) {  // ties and edges of every element format
    inputs.push_back(static_cast<float>(i) * 0.125F);
    inputs.push_back(std::nextafter(static_cast<float>(i) * 0.25F, 1e9F));
  }
  return inputs;
}

bool same(float found, double expected) {
  if (std::isnan(expected)) return std::isnan(found);
  return std::bit_cast<std::uint32_t>(found) ==
         std::bit_cast<std::uint32_t>(static_cast<float>(expected));
}

TEST_CASE("the vector kernels of scaled rounding equal the scalar reference on every target") {
  const std::vector<float> inputs = inputs_to_scale();
  const auto count = static_cast<std::int64_t>(inputs.size());
  for (const std::string& text : scaled_spellings()) {
    Quantization quantization = parse_quantization(text);
    const bool real = quantization.scaling.kind == ScaleKind::real;
    for (const RoundingMode mode : all_modes()) {
      quantization.rounding = mode;
      for (const float scale : {real ? 0.7109375F : 0.5F, 4.0F}) {
        on_every_target([&](const char* target) {
          CAPTURE(spelling(quantization));
          CAPTURE(target);
          std::vector<float> runs(inputs.size());
          std::vector<float> row(inputs.size());
          const std::vector<float> scales(inputs.size(), scale);
          const ScaledRounder rounder(quantization);
          rounder.round_runs(inputs.data(), runs.data(), 1, count, scales.data(), kCheckKey, 3);
          rounder.round_elements(inputs.data(), row.data(), count, scales.data(), kCheckKey, 3);
          std::size_t wrong = 0;
          for (std::size_t i = 0; i < inputs.size(); ++i) {
            const double expected =
                round_scaled(inputs[i], scale, quantization, rounding_word(kCheckKey, 3 + i));
            wrong += same(runs[i], expected) && same(row[i], expected) ? 0U : 1U;
          }
          CHECK(wrong == 0);
        });
      }
    }
  }
}

TEST_CASE("runs of any length are rounded as their elements one by one") {
  const std::vector<float> inputs = inputs_to_scale();
  const Quantization quantization = parse_quantization("e4m3fn/sr scale=block32:p2:floor");
  const ScaledRounder rounder(quantization);
  for (const std::int64_t length : {1, 3, 16, 31, 32, 33, 500}) {
    const std::int64_t count = static_cast<std::int64_t>(inputs.size()) / length;
    std::vector<float> scales;
    for (std::int64_t run = 0; run < count; ++run) {
      scales.push_back(std::ldexp(1.0F, static_cast<int>(run % 9) - 4));
    }
    std::vector<float> outputs(inputs.size());
    rounder.round_runs(inputs.data(), outputs.data(), count, length, scales.data(), kCheckKey, 0);
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < count * length; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double expected = round_scaled(inputs[at], scales[static_cast<std::size_t>(i / length)],
                                           quantization, rounding_word(kCheckKey, at));
      wrong += same(outputs[at], expected) ? 0U : 1U;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("the largest magnitude is that of the finite elements") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values(100, 0.5F);
  values[7] = nan;
  values[40] = -infinity;
  values[71] = -3;
  values[99] = 2;
  on_every_target([&](const char* target) {
    CAPTURE(target);
    std::vector<float> maxima(2);
    max_magnitudes(values.data(), 2, 50, maxima.data());
    CHECK(maxima == std::vector<float>{0.5F, 3});
    std::vector<float> raised(100, 1.0F);
    raise_max_magnitudes(values.data(), 100, raised.data());
    CHECK(raised[7] == 1);
    CHECK(raised[40] == 1);
    CHECK(raised[71] == 3);
    CHECK(raised[99] == 2);
  });
}

}  // namespace
}  // namespace mantissa
