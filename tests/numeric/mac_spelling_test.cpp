#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "numeric/mac.h"
#include "support/error_of.h"

namespace mantissa {
namespace {

using test::error_of;

TEST_CASE("every rounding's spelling reads back to it") {
  std::vector<RoundingMode> modes;
  modes.reserve(7 + 32);
  for (int i = 0; i < 7; ++i) modes.push_back({static_cast<Rounding>(i), 0});
  for (std::uint8_t bits = 1; bits <= 32; ++bits) modes.push_back({Rounding::stochastic, bits});
  for (const RoundingMode& mode : modes) CHECK(parse_rounding(spelling(mode)) == mode);
  CHECK(spelling(RoundingMode{}) == "rne");
  CHECK(spelling(RoundingMode{Rounding::stochastic, 10}) == "sr10");
}

TEST_CASE("what is no rounding is refused with the nearest one") {
  CHECK(error_of([] { parse_rounding("rnx"); }) ==
        "no rounding is called \"rnx\"; did you mean \"rne\"?");
  CHECK(error_of([] { parse_rounding("sr33"); }) ==
        "\"sr33\" asks for a number of random bits outside of 1..32; the nearest is \"sr32\"");
  CHECK(error_of([] { parse_rounding("sr0"); }) ==
        "\"sr0\" asks for a number of random bits outside of 1..32; the nearest is \"sr1\"");
  for (const char* text :
       {"", "s", "srx", "sr08", "sr-1", "sr1x", "RNE", "nearest", "sr99999999999999"}) {
    INFO(std::string(text));
    CHECK_THROWS_AS(parse_rounding(text), Error);
  }
}

TEST_CASE("the canonical spelling of a multiply-accumulate reads back to it, through JSON too") {
  for (const char* text : {"e8m23",
                           "e5m10",
                           "e5m10/rtz",
                           "e5m10/chunk64",
                           "e6m9/sr/chunk64:e8m23",
                           "e5m10/sr8/chunk1:e5m10",
                           "e8m7/chunk8:e5m10/ro",
                           "e5m10 product=e5m7/rtz",
                           "e8m23 product=e8m23",
                           "q8.8/sr/chunk4:q12.8 product=q4.12",
                           "e5m10/chunk64 product=e4m3fn",
                           "exact",
                           "exact:e5m10/rtz",
                           "exact/chunk64",
                           "exact:e5m10/chunk64:e8m23",
                           "kahan",
                           "kahan:e5m10/sr",
                           "pairwise:e8m7/chunk16:e8m23",
                           "aligned24x8",
                           "aligned24x8rne:e8m23/rtz",
                           "aligned13x32:e8m13/rtz operands=e4m3fn",
                           "aligned13x32/chunk64:e5m10 operands=e4m3fn,e5m2",
                           "e5m10 multiplier=mitchell",
                           "kahan:e5m10 product=e5m7 multiplier=truncated3 operands=e4m3fn",
                           "exact multiplier=drum3 operands=q4.4,q2.6"}) {
    INFO(std::string(text));
    const Mac mac = parse_mac(text);
    CHECK(spelling(mac) == text);
    CHECK(mac_from_json(to_json(mac), "test") == mac);
    CHECK(mac_from_json(nlohmann::json(text), "test") == mac);
  }
}

TEST_CASE("a multiply-accumulate is read with aliases and with what is the default") {
  CHECK(parse_mac("fp32").is_fp32());
  CHECK(parse_mac("fp32/rne product=exact").is_fp32());
  CHECK(spelling(parse_mac("fp16/rne/chunk64:fp16")) == "e5m10/chunk64");
  CHECK_FALSE(parse_mac("fp32 product=fp32").is_fp32());
  CHECK_FALSE(parse_mac("fp32/chunk64").is_fp32());
  CHECK(mac_from_json(nlohmann::json::parse("{}"), "").is_fp32());
  CHECK(spelling(mac_from_json(
            nlohmann::json::parse(
                R"({"accumulator": "fp16", "rounding": "sr", "chunk": 32, "product": "exact"})"),
            "")) == "e5m10/sr/chunk32");
}

TEST_CASE(
    "a chunk accumulator without a rounding rounds to nearest, whatever the accumulator does") {
  const Mac mac = parse_mac("e5m10/sr/chunk64:e5m10");
  CHECK(mac.chunk_accumulator.rounding == RoundingMode{});
  CHECK(spelling(mac) == "e5m10/sr/chunk64:e5m10");
}

TEST_CASE("faulty accumulators are refused with their fault") {
  for (const char* text :
       {"", "e5m10/", "e5m10/chunk", "e5m10/chunk0", "e5m10/chunk-4",
        "e5m10/chunk64:", "e5m10/chunk064", "e5m10 ", "e5m10 products=e5m7",
        "e5m10 product=", "e5m10/rne/rtz", "e5m10/chunk4x", "e5m10/chunk99999999999",
        "e5m10  product=e5m7", "e5m10 product=exact/rne"}) {
    INFO(std::string(text));
    CHECK_THROWS_AS(parse_mac(text), Error);
  }
  CHECK(error_of([] { parse_mac("e5m10/rnx"); }) ==
        "no rounding is called \"rnx\"; did you mean \"rne\"?");
  const auto json_error = [](const char* json) {
    return error_of([&] { mac_from_json(nlohmann::json::parse(json), "s.json#/mac"); });
  };
  CHECK(json_error(R"({"acumulator": "fp16"})") ==
        "s.json#/mac/acumulator: unknown key \"acumulator\"; did you mean \"accumulator\"?");
  CHECK(json_error(R"({"rounding": "rtx"})") ==
        "s.json#/mac/rounding: no rounding is called \"rtx\"; did you mean \"rtz\"?");
  CHECK(json_error(R"({"chunk": 0})") ==
        "s.json#/mac/chunk: a chunk has 1 to 1048576 products; leave it out to sum without chunks");
  CHECK(json_error(R"({"chunk_accumulator": "fp32"})") ==
        "s.json#/mac/chunk_accumulator: has no meaning without \"chunk\"");
  CHECK(json_error("3") == "s.json#/mac: expected an object, found number");
}

TEST_CASE("the names of matrix units stand for their sums") {
  for (const MatrixUnit& unit : matrix_units()) {
    INFO(std::string(unit.name));
    CHECK(spelling(parse_mac(unit.name)) == unit.spelling);
    const nlohmann::json json = {{"unit", unit.name}};
    CHECK(spelling(mac_from_json(json, "")) == unit.spelling);
  }
}

TEST_CASE("sums and multipliers that are not possible are refused with their fault") {
  const auto error = [](const char* text) { return error_of([&] { parse_mac(text); }); };
  CHECK(error("kahn:e5m10") == "no sum is called \"kahn\"; did you mean \"kahan\"?");
  CHECK(error("exat") == "no sum is called \"exat\"; did you mean \"exact\"?");
  CHECK(error("h100-fp15").find("no sum is called \"h100-fp15\"; did you mean \"h100-") == 0);
  CHECK(error("foo:e5m10") ==
        "no sum is called \"foo\"; known are exact, kahan, pairwise, aligned<F>x<K>");
  CHECK(error("aligned24").find("write \"aligned<F>x<K>\"") != std::string::npos);
  CHECK(error("aligned31x8") == "aligned sums keep 1 to 30 fraction bits, not 31");
  CHECK(error("aligned24x65") == "aligned sums have 1 to 64 products, not 65");
  CHECK(error("aligned24x8sr:e5m10").find("not aligned by stochastic rounding") !=
        std::string::npos);
  CHECK(error("aligned24x8/chunk20") ==
        "a chunk of 20 products does not consist of blocks of 8; take a multiple of 8");
  CHECK(error("e5m10 operands=e4m3fn").find("operands have no meaning") == 0);
  CHECK(error("e5m10 multplier=mitchell") ==
        "\"e5m10 multplier=mitchell\" is no accumulator: found \"multplier=mitchell\" behind the "
        "blank; did you mean \"multiplier\"?");
  for (const char* text :
       {"exact:", "exact/rtz", "kahan:e5m10:e5m10", "aligned", "aligned8", "alignedx8", "aligned8x",
        "aligned08x8", "aligned8x8foo", "chain", "chain:e5m10", "exact operands=e4m3fn",
        "e5m10 multiplier=mitchell product=e5m7", "e5m10 multiplier=mitchell multiplier=drum4",
        "aligned8x8 operands=", "aligned8x8 operands=e4m3fn,", "e5m10 multiplier="}) {
    INFO(std::string(text));
    CHECK_THROWS_AS(parse_mac(text), Error);
  }
  const auto json_error = [](const char* json) {
    return error_of([&] { mac_from_json(nlohmann::json::parse(json), "s.json#/mac"); });
  };
  CHECK(json_error(R"({"accumulation": "kahn"})") ==
        "s.json#/mac/accumulation: no sum is called \"kahn\"; did you mean \"kahan\"?");
  CHECK(json_error(R"({"fraction_bits": 13})") ==
        "s.json#/mac/fraction_bits: has no meaning without \"accumulation\": \"aligned\"");
  CHECK(json_error(R"({"unit": "h100-fp16", "accumulator": "fp32"})") ==
        "s.json#/mac/accumulator: is a property of the \"unit\"; leave out one of the two");
  CHECK(json_error(R"({"unit": "h10-fp16"})") ==
        "s.json#/mac/unit: no matrix unit is called \"h10-fp16\"; did you mean \"h100-fp16\"?");
  CHECK(json_error(R"({"operands": ["e4m3fn"]})").find("expected an array of two formats") !=
        std::string::npos);
  CHECK(json_error(R"({"multiplier": "mitchel"})") ==
        "s.json#/mac/multiplier: no multiplier is called \"mitchel\"; did you mean \"mitchell\"?");
}

TEST_CASE("a quantization is a format and, unless to nearest even, its rounding") {
  CHECK(spelling(parse_quantization("e4m3fn/sr")) == "e4m3fn/sr");
  CHECK(spelling(parse_quantization("fp16/rne")) == "e5m10");
  const auto json = nlohmann::json::parse(
      R"({"format": {"family": "fixed", "integer_bits": 8, "fraction_bits": 8}, "rounding": "sr4"})");
  CHECK(spelling(quantization_from_json(json, "")) == "q8.8/sr4");
  CHECK(spelling(quantization_from_json(json["format"], "")) == "q8.8");
}

}  // namespace
}  // namespace mantissa
