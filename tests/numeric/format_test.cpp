#include "numeric/format.h"

#include <cmath>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "numeric/all_formats.h"
#include "support/error.h"

namespace mantissa {
namespace {

std::string error_of(std::string_view text) {
  try {
    const Format format = parse_format(text);
    return "no error: " + spelling(format);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("spelling to format to JSON to format to spelling is the identity on every format") {
  std::vector<Format> formats = float_formats(32);
  CHECK(formats.size() > 1500);
  for (const Format& format : fixed_formats(25)) formats.push_back(format);
  for (const Format& format : uneven_formats(32)) formats.push_back(format);
  for (int bias : {-100, -3, 0, 4, 11, 60, 127}) {
    for (const Specials specials : {Specials::ieee, Specials::finite_nan, Specials::none}) {
      add_if_possible(formats, {4, 3, bias, specials, true, false});
      add_if_possible(formats, {5, 10, bias, specials, false, false});
    }
  }
  for (const Format& format : formats) {
    const std::string text = spelling(format);
    INFO(text);
    CHECK(parse_format(text) == format);
    CHECK(parse_format(display_name(format)) == format);
    CHECK(format_from_json(to_json(format), "test") == format);
    CHECK(spelling(format_from_json(nlohmann::json(text), "test")) == text);
  }
}

TEST_CASE("aliases are the formats that they stand for") {
  CHECK(spelling(parse_format("fp32")) == "e8m23");
  CHECK(spelling(parse_format("tf32")) == "e8m10");
  CHECK(spelling(parse_format("bf16")) == "e8m7");
  CHECK(spelling(parse_format("fp16")) == "e5m10");
  CHECK(display_name(parse_format("e5m10")) == "fp16");
  CHECK(display_name(parse_format("e4m3fn")) == "e4m3fn");
  CHECK(Format() == parse_format("fp32"));
  CHECK(parse_format("fp32").is_fp32());
  CHECK_FALSE(parse_format("e8m23sat").is_fp32());
}

TEST_CASE("an explicit bias that is the default is read, and left out of the spelling") {
  CHECK(spelling(parse_format("e5m2b15")) == "e5m2");
  CHECK(spelling(parse_format("e4m3fnuzb8sat")) == "e4m3fnuzsat");
  CHECK(spelling(parse_format("e4m3b11")) == "e4m3b11");
  CHECK(spelling(parse_format("e4m3b-11nosub")) == "e4m3b-11nosub");
}

TEST_CASE("limits of published formats") {
  struct Row {
    const char* text;
    double max_finite;
    double min_normal;
    double min_positive;
    std::uint64_t values;
  };
  // OCP OFP8 v1.0 table 1, OCP MX v1.0 tables 2-4, IEEE 754-2019 table 3.5, bfloat16, and Noune et
  // al. 2022 (arXiv 2206.02915) for the fnuz variants,
  // IEEE P3109's value tables for uz.
  const Row rows[] = {
      {"e4m3fn", 448, 0x1p-6, 0x1p-9, 253},
      {"e5m2", 57344, 0x1p-14, 0x1p-16, 247},
      {"e3m2fin", 28, 0.25, 0.0625, 63},
      {"e2m3fin", 7.5, 1, 0.125, 63},
      {"e2m1fin", 6, 1, 0.5, 15},
      {"e4m3fnuz", 240, 0x1p-7, 0x1p-10, 255},
      {"e5m2fnuz", 57344, 0x1p-15, 0x1p-17, 255},
      {"e4m3uz", 224, 0x1p-7, 0x1p-10, 253},
      {"fp16", 65504, 0x1p-14, 0x1p-24, 63487},
      {"bf16", 0x1.fep127, 0x1p-126, 0x1p-133, 65279},
      {"fp32", 0x1.fffffep127, 0x1p-126, 0x1p-149, 4278190079},
      {"e4m3nosub", 240, 0x1p-6, 0x1p-6, 225},
      {"q8.8", 127.99609375, 0x1p-8, 0x1p-8, 65536},
      {"unum2_3", 0x1.fep8, 0x1p-6, 0x1p-14, 8189},
  };
  for (const Row& row : rows) {
    const FormatFacts known = facts(parse_format(row.text));
    INFO(std::string(row.text));
    CHECK(known.max_finite == row.max_finite);
    CHECK(known.min_normal == row.min_normal);
    CHECK(known.min_positive == row.min_positive);
    CHECK(known.finite_values == row.values);
  }
  CHECK(finite_values(parse_format("e2m1fin")) ==
        std::vector<double>{-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6});
}

TEST_CASE("facts agree with the list of values and its codes") {
  std::vector<Format> formats = float_formats(10);
  for (const Format& format : fixed_formats(10)) formats.push_back(format);
  for (const Format& format : uneven_formats(12)) formats.push_back(format);
  for (const Format& format : formats) {
    INFO(spelling(format));
    const FormatFacts known = facts(format);
    const std::vector<double> values = finite_values(format);
    CHECK(values.size() == known.finite_values);
    CHECK(values.back() == known.max_finite);
    CHECK(values.front() == known.min_finite);
    double epsilon = 0;
    double smallest = kInfinity;
    bool exact = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 1 && i + 1 < values.size()) epsilon = values[i + 1] - 1;
      if (values[i] > 0) smallest = std::min(smallest, values[i]);
      const auto code = encode(format, values[i]);
      exact = exact && code && decode(format, *code) == values[i];
    }
    CHECK(exact);
    CHECK(smallest == known.min_positive);
    CHECK(epsilon == known.epsilon);
    CHECK(encode(format, -0.0).has_value() == known.has_negative_zero);
    CHECK(encode(format, kNan).has_value() == known.has_nan);
    CHECK(encode(format, kInfinity).has_value() == known.has_infinity);
    if (known.has_nan) CHECK(std::isnan(decode(format, *encode(format, kNan))));
    if (known.has_infinity) CHECK(decode(format, *encode(format, -kInfinity)) == -kInfinity);
    CHECK_FALSE(encode(format, values.back() * 1.37).has_value());
  }
}

TEST_CASE("impossible formats are refused with the nearest possible one") {
  CHECK(error_of("e9m3") ==
        "\"e9m3\" is not possible: exponents have 1 to 8 bits; did you mean \"e8m3\"?");
  CHECK(error_of("e5m24") ==
        "\"e5m24\" is not possible: fractions have 0 to 23 bits; did you mean \"e5m23\"?");
  CHECK(error_of("e1m3") ==
        "\"e1m3\" is not possible: infinity or NaN take the only exponent that normal numbers "
        "could have; did you mean \"e1m3fin\"?");
  CHECK(error_of("e8m3fn") ==
        "\"e8m3fn\" is not possible: its numbers reach 2^128, but binary32, which carries every "
        "format, ends below 2^128; did you mean \"e8m3fnb128\"?");
  CHECK(error_of("e5m10b170") ==
        "\"e5m10b170\" is not possible: its numbers are multiples of 2^-179, but those of "
        "binary32, which carries every format, of 2^-149; did you mean \"e5m10b140\"?");
  CHECK(error_of("e4m3finsat") ==
        "\"e4m3finsat\" is not possible: a format without infinity and NaN (fin) always "
        "saturates; did you mean \"e4m3fin\"?");
  CHECK(error_of("q20.20") ==
        "\"q20.20\" is not possible: binary32, which carries every format, holds the sign and 24 "
        "bits; did you mean \"q20.5\"?");
  CHECK(error_of("posit32") ==
        "\"posit32\" is not possible: its values near 1 have 27 fraction bits, but those of "
        "binary32, which carries every format, 23; did you mean \"posit28\"?");
  CHECK(error_of("posit16es4") ==
        "\"posit16es4\" is not possible: its largest value is 2^224 and its smallest the "
        "reciprocal, but binary32, which carries every format, holds 2^126 and 2^-126 at most; did "
        "you mean \"posit9es4\"?");
  CHECK(error_of("posit1") ==
        "\"posit1\" is not possible: a posit has at least 2 bits; did you mean \"posit2\"?");
  CHECK(error_of("takum5") ==
        "\"takum5\" is not possible: a takum has at least 6 bits; did you mean \"takum6\"?");
  CHECK(error_of("takum32") ==
        "\"takum32\" is not possible: its values near 1 are less than 2^-23 apart, but those of "
        "binary32, which carries every format, are not; did you mean \"takum27\"?");
  CHECK(error_of("takumlin32") ==
        "\"takumlin32\" is not possible: its values near 1 have 27 fraction bits, but those of "
        "binary32, which carries every format, 23; did you mean \"takumlin28\"?");
  CHECK(error_of("lns9.4") ==
        "\"lns9.4\" is not possible: logarithms have up to 8 integer bits, those of the range of "
        "binary32, which carries every format; did you mean \"lns8.4\"?");
  CHECK(error_of("lns0.4").find("did you mean \"lns1.4\"?") != std::string::npos);
  CHECK(error_of("lns5.22").find("did you mean \"lns5.21\"?") != std::string::npos);
  CHECK(error_of("unum4_3") ==
        "\"unum4_3\" is not possible: its exponents have up to 2^4 bits, but those of binary32, "
        "which carries every format, 8; did you mean \"unum3_3\"?");
  CHECK(error_of("unum3_5").find("did you mean \"unum3_4\"?") != std::string::npos);
  CHECK(error_of("e99999999999m3").find("did you mean \"e8m3\"?") != std::string::npos);
  CHECK(error_of("e8m23fnuz").find("did you mean \"e8m22fnuz\"?") != std::string::npos);
}

TEST_CASE("what is nearly a spelling is refused with the spelling") {
  CHECK(error_of("e4m3x") == "no format is called \"e4m3x\"; did you mean \"e4m3fn\"?");
  CHECK(error_of("e4m3fnx") == "no format is called \"e4m3fnx\"; did you mean \"e4m3fn\"?");
  CHECK(error_of("e4m3satfn") == "no format is called \"e4m3satfn\"; did you mean \"e4m3fnsat\"?");
  CHECK(error_of("e4m3fm") == "no format is called \"e4m3fm\"; did you mean \"e4m3fn\"?");
  CHECK(error_of("e04m3") == "no format is called \"e04m3\"; did you mean \"e4m3\"?");
  CHECK(error_of("e4m3fnfn") == "no format is called \"e4m3fnfn\"; did you mean \"e4m3fn\"?");
  CHECK(error_of("posit016") == "no format is called \"posit016\"; did you mean \"posit16\"?");
  CHECK(error_of("posit16es2") == "no error: posit16");
  CHECK(error_of("posit16es1") == "no error: posit16es1");
  CHECK(error_of("takun16") == "no format is called \"takun16\"; did you mean \"takum16\"?");
  CHECK(error_of("takum08") == "no format is called \"takum08\"; did you mean \"takum8\"?");
  CHECK(error_of("lns5.010") == "no format is called \"lns5.010\"; did you mean \"lns5.10\"?");
  CHECK(error_of("bf61") == "no format is called \"bf61\"; did you mean \"bf16\"?");
  for (const char* text : {"",
                           "e",
                           "e4",
                           "em",
                           "e4m",
                           "q",
                           "q8",
                           "q.8",
                           "q8.",
                           "q08.8",
                           "q-8.8",
                           "E4M3",
                           " e4m3",
                           "e4m3 ",
                           "e4m3b",
                           "e4m3bx",
                           "e-4m3",
                           "q8.8.8",
                           "whatever this is",
                           "q1.0",
                           "posit",
                           "posit16es",
                           "posites2",
                           "posit16es2x",
                           "posit-8",
                           "takum",
                           "takum016",
                           "takumlin",
                           "takumlin16x",
                           "lns4",
                           "lns4.",
                           "lns.4",
                           "lns04.4",
                           "unum3",
                           "unum_4",
                           "unum3_",
                           "unum3.4",
                           "e3m0nosub"}) {
    INFO("\"" << text << "\": " << error_of(text));
    CHECK_THROWS_AS(parse_format(text), Error);
  }
}

TEST_CASE("every suggestion for an impossible combination is itself possible") {
  for (int exponent_bits = 0; exponent_bits <= 10; ++exponent_bits) {
    for (int fraction_bits = 0; fraction_bits <= 25; ++fraction_bits) {
      for (const char* suffix :
           {"", "fn", "fnuz", "uz", "fin", "b-300", "b300", "finsat", "nosub", "fnnosubsat"}) {
        const std::string text =
            "e" + std::to_string(exponent_bits) + "m" + std::to_string(fraction_bits) + suffix;
        const std::string message = error_of(text);
        if (message.rfind("no error", 0) == 0) continue;
        const std::size_t begin = message.rfind("mean \"") + 6;
        INFO(message);
        CHECK_NOTHROW(parse_format(message.substr(begin, message.rfind('"') - begin)));
      }
    }
  }
}

TEST_CASE("faults in a JSON format name the place") {
  const auto message = [](const char* json) -> std::string {
    try {
      const Format format = format_from_json(nlohmann::json::parse(json), "a.json#/roles/weight/2");
      return "no error: " + spelling(format);
    } catch (const Error& error) {
      return error.what();
    }
  };
  CHECK(message(R"("e4m3fm")") ==
        "a.json#/roles/weight/2: no format is called \"e4m3fm\"; did you mean \"e4m3fn\"?");
  CHECK(message("7") ==
        "a.json#/roles/weight/2: expected a format, found number; write a spelling (\"e4m3fn\") or "
        "an "
        "object with a \"family\"");
  CHECK(message(R"({"exponent_bits": 4})") ==
        "a.json#/roles/weight/2: the key \"family\" is missing");
  CHECK(message(R"({"family": "flaot", "exponent_bits": 4})") ==
        "a.json#/roles/weight/2/family: no family is called \"flaot\"; did you mean \"float\"?");
  CHECK(message(R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3, "bais": 3})") ==
        "a.json#/roles/weight/2/bais: unknown key \"bais\"; did you mean \"bias\"?");
  CHECK(message(R"({"family": "float", "exponent_bits": "4", "fraction_bits": 3})") ==
        "a.json#/roles/weight/2/exponent_bits: expected an integer, found string");
  CHECK(message(R"({"family": "float", "exponent_bits": 12, "fraction_bits": 3})") ==
        "a.json#/roles/weight/2: the format is not possible: exponents have 1 to 8 bits; did you "
        "mean \"e8m3\"?");
  CHECK(message(
            R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3, "specials": "ocp"})") ==
        "a.json#/roles/weight/2/specials: \"ocp\" are no special values; known are fnuz, fn, uz, "
        "fin, ieee");
  CHECK(message(R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3})") ==
        "no error: e4m3");
}

TEST_CASE("listing more than 2^16 codes is refused") {
  CHECK(finite_values(parse_format("q8.8")).size() == 65536);
  CHECK_THROWS_AS(finite_values(parse_format("q9.8")), Error);
}

TEST_CASE("every family's example is of the family") {
  for (const FormatFamily& family : families()) {
    CHECK(family.parse(family.example).has_value());
    CHECK(facts(parse_format(family.example)).family == family.name);
  }
}

}  // namespace
}  // namespace mantissa
