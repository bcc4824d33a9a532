#include "numeric/format_file.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "support/error.h"
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
  CHECK(shipped_names().size() >= 15);
  for (const std::string& name : shipped_names()) {
    INFO(std::string(name));
    const fs::path path = kShipped / (name + ".json");
    const FormatFile file = read_format_file(path);
    CHECK(file.name == name);
    CHECK(file.source.size() > 10);
    CHECK(file.summary.size() > 10);
    CHECK(parse_format(path.string()) == file.format);
    CHECK(parse_format(name) == file.format);
    // A family that read the name as a spelling of its own would hide the file.
    for (const FormatFamily& family : families()) CHECK_FALSE(family.parse(name).has_value());
  }
}

TEST_CASE("shipped formats have the limits that their publications state") {
  struct Row {
    const char* name;
    const char* spelling;
    double max_finite;
    double min_positive;
  };
  const Row rows[] = {
      {"binary32", "e8m23", 0x1.fffffep127, 0x1p-149},
      {"binary16", "e5m10", 65504, 0x1p-24},
      {"bfloat16", "e8m7", 0x1.fep127, 0x1p-133},
      {"tensorfloat32", "e8m10", 0x1.ffcp127, 0x1p-136},
      {"dlfloat16", "e6m9fnnosub", 0x1.ffp32, 0x1p-30},
      {"ocp-fp8-e4m3", "e4m3fn", 448, 0x1p-9},
      {"ocp-fp8-e4m3-sat", "e4m3fnsat", 448, 0x1p-9},
      {"ocp-fp8-e5m2", "e5m2", 57344, 0x1p-16},
      {"ocp-fp8-e5m2-sat", "e5m2sat", 57344, 0x1p-16},
      {"ocp-fp6-e3m2", "e3m2fin", 28, 0x1p-4},
      {"ocp-fp6-e2m3", "e2m3fin", 7.5, 0x1p-3},
      {"ocp-fp4-e2m1", "e2m1fin", 6, 0.5},
      // The logarithms 175 and -159; 177 7/16 and -174 5/8; 1 + 15/16 and 0 behind 2^127 and
      // 2^-126.
      {"hunhold-takum8", "takum8", 0x1.2d7566p126, 0x1.3c6e2cp-115},
      {"hunhold-takum16", "takum16", 0x1.fde92p127, 0x1.063ae4p-126},
      {"hunhold-takumlin16", "takumlin16", 0x1.fp127, 0x1p-126},
      {"gustafson-unum3_4", "unum3_4", 0x1.ffffp127, 0x1p-142},
      {"lns-madam", "lns4.3", 0x1.d5818ep7, 0x1p-8},
      {"fnuz-fp8-e4m3", "e4m3fnuz", 240, 0x1p-10},
      {"fnuz-fp8-e5m2", "e5m2fnuz", 57344, 0x1p-17},
      {"hfp8-forward", "e4m3fnb11", 28, 0x1p-13},
      {"hfp8-backward", "e5m2fn", 98304, 0x1p-16},
      {"xla-e4m3b11fnuz", "e4m3fnuzb11", 30, 0x1p-13},
      {"gupta-q8.8", "q8.8", 127.99609375, 0x1p-8},
      {"gupta-q4.12", "q4.12", 0x1.fffcp2, 0x1p-12},
  };
  CHECK(std::size(rows) == shipped_names().size());
  for (const Row& row : rows) {
    INFO(std::string(row.name));
    const Format format = parse_format(row.name);
    CHECK(spelling(format) == row.spelling);
    CHECK(facts(format).max_finite == row.max_finite);
    CHECK(facts(format).min_positive == row.min_positive);
  }
}

/// The Error's text, with the folder cut off, when the file holds `text`.
std::string error_of(const std::string& text) {
  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path();
  const fs::path path = temporary.write("mine.json", text);
  std::string message = "no error";
  try {
    message = "no error: " + spelling(parse_format(path.string()));
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
  CHECK(error_of("[]") == "mine.json: expected an object, found array");
  CHECK_THROWS_AS(parse_format("/nowhere/at/all.json"), Error);
}

}  // namespace
}  // namespace mantissa
