#include "numeric/format_file.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "numeric/mac.h"
#include "numeric/scaling.h"
#include "support/error.h"
#include "support/error_of.h"
#include "support/files.h"
#include "support/temporary_folder.h"

namespace fs = std::filesystem;

namespace mantissa {
namespace {

const fs::path kShipped = fs::path(MANTISSA_SOURCE_DIR) / "formats";

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kShipped))
    names.push_back(entry.path().stem().string());
  return names;
}

TEST_CASE("every shipped format is found by name and by path, and says what it is and whence") {
  CHECK(shipped_names().size() >= 60);
  for (const std::string& name : shipped_names()) {
    INFO(std::string(name));
    const fs::path path = kShipped / (name + ".json");
    const FormatFile file = read_format_file(path);
    CHECK(file.name == name);
    CHECK(file.source.size() > 10);
    CHECK(file.summary.size() > 10);
    CHECK(parse_quantization(path.string()) == file.quantization);
    CHECK(parse_quantization(name) == file.quantization);
    CHECK(parse_quantization(spelling(file.quantization)) == file.quantization);
    // A family that read the name as a spelling of its own would hide the file.
    for (const FormatFamily& family : families()) CHECK_FALSE(family.parse(name).has_value());
    Quantization scaled;
    CHECK_FALSE(parse_scaled_name(name, scaled));
  }
}

TEST_CASE("shipped formats have the limits that their publications state") {
  struct Row {
    const char* name;
    const char* spelling;
    double max_finite;  ///< of an element
    double min_normal;
    double min_positive;
    double bits;  ///< of an element and its part of the scale
  };
  const Row rows[] = {
      {"binary32", "e8m23", 0x1.fffffep127, 0x1p-126, 0x1p-149, 32},
      {"binary16", "e5m10", 65504, 0x1p-14, 0x1p-24, 16},
      {"bfloat16", "e8m7", 0x1.fep127, 0x1p-126, 0x1p-133, 16},
      {"intel-bfloat16", "e8m7nosub", 0x1.fep127, 0x1p-126, 0x1p-126, 16},
      {"tensorfloat32", "e8m10", 0x1.ffcp127, 0x1p-126, 0x1p-136, 19},
      {"pixar-pxr24", "e8m15", 0x1.fffep127, 0x1p-126, 0x1p-141, 24},
      {"amd-fp24", "e7m16finnosub", 0x1.ffffp64, 0x1p-62, 0x1p-62, 24},
      {"dlfloat16", "e6m9fnnosub", 0x1.ffp32, 0x1p-30, 0x1p-30, 16},
      {"wang-fp16", "e6m9", 0x1.ff8p31, 0x1p-30, 0x1p-39, 16},
      {"wang-fp8", "e5m2", 57344, 0x1p-14, 0x1p-16, 8},
      {"tesla-cfloat16-shp", "e5m10finb31", 0x1.ffcp0, 0x1p-30, 0x1p-40, 16},
      {"tesla-cfloat8-1-4-3", "e4m3fin", 480, 0x1p-6, 0x1p-9, 8},
      {"tesla-cfloat8-1-5-2", "e5m2fin", 0x1.cp16, 0x1p-14, 0x1p-16, 8},
      {"ocp-fp8-e4m3", "e4m3fn", 448, 0x1p-6, 0x1p-9, 8},
      {"ocp-fp8-e4m3-sat", "e4m3fnsat", 448, 0x1p-6, 0x1p-9, 8},
      {"ocp-fp8-e5m2", "e5m2", 57344, 0x1p-14, 0x1p-16, 8},
      {"ocp-fp8-e5m2-sat", "e5m2sat", 57344, 0x1p-14, 0x1p-16, 8},
      {"ocp-fp6-e3m2", "e3m2fin", 28, 0.25, 0.0625, 6},
      {"ocp-fp6-e2m3", "e2m3fin", 7.5, 1, 0.125, 6},
      {"ocp-fp4-e2m1", "e2m1fin", 6, 1, 0.5, 4},
      {"stablehlo-f8e4m3", "e4m3", 240, 0x1p-6, 0x1p-9, 8},
      {"stablehlo-f8e3m4", "e3m4", 15.5, 0.25, 0x1p-6, 8},
      {"p3109-binary8p2", "e6m1uz", 0x1p31, 0x1p-31, 0x1p-32, 8},
      {"p3109-binary8p3", "e5m2uz", 49152, 0x1p-15, 0x1p-17, 8},
      {"p3109-binary8p4", "e4m3uz", 224, 0x1p-7, 0x1p-10, 8},
      {"p3109-binary8p5", "e3m4uz", 15, 0x1p-3, 0x1p-7, 8},
      {"p3109-binary8p6", "e2m5uz", 3.875, 0.5, 0x1p-6, 8},
      {"p3109-binary8p7", "e1m6uz", 1.96875, 1, 0x1p-6, 8},
      {"p3109-binary8p3-finite", "e5m2fnuzsat", 57344, 0x1p-15, 0x1p-17, 8},
      {"p3109-binary8p4-finite", "e4m3fnuzsat", 240, 0x1p-7, 0x1p-10, 8},
      {"p3109-binary8p5-finite", "e3m4fnuzsat", 15.5, 0x1p-3, 0x1p-7, 8},
      {"fnuz-fp8-e4m3", "e4m3fnuz", 240, 0x1p-7, 0x1p-10, 8},
      {"fnuz-fp8-e5m2", "e5m2fnuz", 57344, 0x1p-15, 0x1p-17, 8},
      {"hfp8-forward", "e4m3fnb11", 28, 0x1p-10, 0x1p-13, 8},
      {"hfp8-backward", "e5m2fn", 98304, 0x1p-14, 0x1p-16, 8},
      {"xla-e4m3b11fnuz", "e4m3fnuzb11", 30, 0x1p-10, 0x1p-13, 8},
      {"luq-fp4", "e3m0fin scale=tensor", 16, 0.25, 0.25, 4},
      {"posit-standard-8", "posit8", 0x1p24, 0x1p-24, 0x1p-24, 8},
      {"posit-standard-16", "posit16", 0x1p56, 0x1p-56, 0x1p-56, 16},
      {"posit-draft-8", "posit8es0", 64, 0x1p-6, 0x1p-6, 8},
      {"posit-draft-16", "posit16es1", 0x1p28, 0x1p-28, 0x1p-28, 16},
      {"lu-posit8-1", "posit8es1", 4096, 0x1p-12, 0x1p-12, 8},
      // The logarithms 175 and -159; 177 7/16 and -174 5/8; 1 + 15/16 and 0 behind 2^127 and
      // 2^-126; 2^127 and 2^-119.
      {"hunhold-takum8", "takum8", 0x1.2d7566p126, 0x1.3c6e2cp-115, 0x1.3c6e2cp-115, 8},
      {"hunhold-takum16", "takum16", 0x1.fde92p127, 0x1.063ae4p-126, 0x1.063ae4p-126, 16},
      {"hunhold-takumlin16", "takumlin16", 0x1.fp127, 0x1p-126, 0x1p-126, 16},
      {"hunhold-takumlin8", "takumlin8", 0x1p127, 0x1p-119, 0x1p-119, 8},
      {"gustafson-unum3_4", "unum3_4", 0x1.ffffp127, 0x1p-126, 0x1p-142, 33},
      {"lns-madam", "lns4.3", 0x1.d5818ep7, 0x1p-8, 0x1p-8, 9},
      {"gupta-q8.8", "q8.8", 127.99609375, 0x1p-8, 0x1p-8, 16},
      {"gupta-q4.12", "q4.12", 0x1.fffcp2, 0x1p-12, 0x1p-12, 16},
      {"ocp-mxfp8-e4m3", "mxfp8e4m3", 448, 0x1p-6, 0x1p-9, 8.25},
      {"ocp-mxfp8-e5m2", "mxfp8e5m2", 57344, 0x1p-14, 0x1p-16, 8.25},
      {"ocp-mxfp6-e3m2", "mxfp6e3m2", 28, 0.25, 0.0625, 6.25},
      {"ocp-mxfp6-e2m3", "mxfp6e2m3", 7.5, 1, 0.125, 6.25},
      {"ocp-mxfp4", "mxfp4", 6, 1, 0.5, 4.25},
      {"ocp-mxint8", "mxint8", 1 + 63.0 / 64, 1.0 / 64, 1.0 / 64, 8.25},
      {"nvidia-nvfp4", "nvfp4", 6, 1, 0.5, 4.5},
      // 3, 5 and 7 bits of magnitude; the unit of the elements is of no matter beside the scale.
      {"msfp12", "e1m2fin scale=block16:p2:floor", 7 * 0.5, 2, 0.5, 4.5},
      {"msfp14", "e1m4fin scale=block16:p2:floor", 31 * 0.125, 2, 0.125, 6.5},
      {"msfp16", "e1m6fin scale=block16:p2:floor", 127 * 0.03125, 2, 0.03125, 8.5},
      {"hbfp8", "bfp8b24", 127.0 / 128, 0x1p-7, 0x1p-7, 8 + 8.0 / 24},
      {"flexpoint-16-5", "q16.0 scale=tensor:p2:rceil:delayed16", 32767, 1, 1, 16},
      {"das-dfp16", "q16.0 scale=tensor:p2:floor", 32767, 1, 1, 16},
      {"symmetric-int8", "int8", 127, 1, 1, 8},
      {"symmetric-int8-channel", "int8c", 127, 1, 1, 8},
      {"symmetric-int4-channel", "int4c", 7, 1, 1, 4},
      {"fp8-tensor-scaled-e4m3", "e4m3fn scale=tensor:delayed16", 448, 0x1p-6, 0x1p-9, 8},
      {"fp8-tensor-scaled-e5m2", "e5m2 scale=tensor:delayed16", 57344, 0x1p-14, 0x1p-16, 8},
      {"deepseek-fp8-block", "e4m3fn scale=block128", 448, 0x1p-6, 0x1p-9, 8.25},
  };
  CHECK(std::size(rows) == shipped_names().size());
  for (const Row& row : rows) {
    INFO(std::string(row.name));
    const Quantization quantization = parse_quantization(row.name);
    const FormatFacts known = facts(quantization.format);
    CHECK(spelling(quantization) == row.spelling);
    CHECK(known.max_finite == row.max_finite);
    CHECK(known.min_normal == row.min_normal);
    CHECK(known.min_positive == row.min_positive);
    CHECK(known.storage_bits + quantization.scaling.bits_per_element() == row.bits);
  }
}

TEST_CASE("a shared scale in a file stands where one can, and is refused with reason elsewhere") {
  const auto refused = [](const auto& parse) { return test::error_of(parse); };
  CHECK(parse_quantization("ocp-mxfp4/sr") == parse_quantization("mxfp4/sr"));
  CHECK(quantization_from_json("msfp12", "here") == parse_quantization("msfp12"));
  CHECK(quantization_from_json({{"format", "msfp12"}, {"rounding", "rtz"}}, "here") ==
        parse_quantization("msfp12/rtz"));
  CHECK(quantization_from_json({{"family", "fixed"},
                                {"integer_bits", 1},
                                {"fraction_bits", 3},
                                {"scale", "block16:p2:floor"}},
                               "here") == parse_quantization("bfp4b16"));
  const std::string reason =
      "\"ocp-mxfp4\" has scales, and only a weight, an activation or an error can have them; the "
      "format of its elements is \"e2m1fin\"";
  CHECK(refused([] { parse_format("ocp-mxfp4"); }) == reason);
  CHECK(refused([] { parse_unscaled("ocp-mxfp4"); }) == reason);
  CHECK(refused([] { parse_mac("ocp-mxfp4"); }) == reason);
  CHECK(refused([] { parse_mac("fp32 operands=ocp-mxfp4"); }) == reason);
  CHECK(refused([] { parse_format("mxfp4"); }).find("has scales") != std::string::npos);
  CHECK(refused([] {
          mac_from_json({{"accumulator", "msfp12"}}, "here");
        }).find("accumulator: \"e1m2fin scale=block16:p2:floor\" has scales") != std::string::npos);
  CHECK(refused([] {
          parse_quantization("msfp12 scale=tensor");
        }).rfind("\"e1m2fin scale=block16:p2:floor\" has its scale already", 0) == 0);
}

/// The Error's text, with the folder cut off, when the file holds `text`.
std::string error_of(const std::string& text) {
  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path();
  const fs::path path = temporary.write("mine.json", text);
  std::string message = "no error";
  try {
    message = "no error: " + spelling(parse_quantization(path.string()));
  } catch (const Error& error) {
    message = error.what();
  }
  const std::string prefix = folder.string() + "/";
  if (message.rfind(prefix, 0) == 0) message.erase(0, prefix.size());
  return message;
}

TEST_CASE("a format file may leave out all that describes it") {
  CHECK(error_of(
            R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3, "specials": "fn"})") ==
        "no error: e4m3fn");
  CHECK(error_of(R"({"name": "x", "family": "fixed", "integer_bits": 4, "fraction_bits": 3})") ==
        "no error: q4.3");
  CHECK(error_of(R"({"format": "e2m1fin", "scale": "block8:p2:even"})") ==
        "no error: e2m1fin scale=block8:p2:even");
}

TEST_CASE("faults of a format file name the file and the JSON pointer") {
  CHECK(error_of(R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3, "bais": 11})") ==
        "mine.json#/bais: unknown key \"bais\"; did you mean \"bias\"?");
  CHECK(error_of(R"({"family": "float", "exponent_bits": 4})") ==
        "mine.json: the key \"fraction_bits\" is missing");
  CHECK(error_of(R"({"family": "float", "exponent_bits": 4.5, "fraction_bits": 3})") ==
        "mine.json#/exponent_bits: expected an integer, found number");
  CHECK(
      error_of(R"({"family": "float", "exponent_bits": 4, "fraction_bits": 3, "subnormals": 0})") ==
      "mine.json#/subnormals: expected true or false, found number");
  CHECK(error_of(R"({"family": "fixed", "integer_bits": 30, "fraction_bits": 3})") ==
        "mine.json: the format is not possible: binary32, which carries every format, holds the "
        "sign and 24 bits; did you "
        "mean \"q25.0\"?");
  CHECK(error_of(R"({"family": "fixed", "integer_bits": 3, "fraction_bits": 3, "name": 7})") ==
        "mine.json#/name: expected a string, found number");
  CHECK(error_of(R"({"family": "fixed", "integer_bits": 3,)")
            .rfind("mine.json:1:39: is not valid JSON", 0) == 0);
  CHECK(error_of(R"({"family": "fixed", "integer_bits": 3, "fraction_bits": 3, "scale": "rows"})")
            .rfind("mine.json#/scale: \"rows\" is no scaling", 0) == 0);
  CHECK(error_of(R"({"family": "posit", "bits": 8, "scale": "tensor"})")
            .rfind("mine.json#/scale: elements of posit8 cannot be scaled", 0) == 0);
  CHECK(
      error_of(R"({"family": "fixed", "integer_bits": 3, "fraction_bits": 3, "rounding": "sr"})") ==
      "mine.json#/rounding: a file holds a format without a rounding; write that behind the "
      "format's name: \"mine/sr\"");
  CHECK(error_of("[]") == "mine.json: expected an object, found array");
  CHECK_THROWS_AS(parse_format("/nowhere/at/all.json"), Error);
}

}  // namespace
}  // namespace mantissa
