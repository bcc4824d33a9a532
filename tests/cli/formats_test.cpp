#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include "command.h"
#include "support/random.h"
#include "support/text.h"

namespace mantissa {
namespace {

using test::CommandResult;
using test::run_mantissa;

std::string quantized(const std::string& input, const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"formats", "quantize"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const CommandResult result = run_mantissa(all, input);
  INFO(result.err);
  CHECK(result.exit_code == 0);
  return result.out;
}

TEST_CASE("formats lists families and shipped files") {
  const CommandResult result = run_mantissa({"formats"});
  CHECK(result.exit_code == 0);
  for (const char* text : {"e<X>m<Y>", "q<I>.<F>", "ocp-fp8-e4m3", "dlfloat16", "sr<R>"}) {
    CHECK(result.out.find(text) != std::string::npos);
  }
}

TEST_CASE("formats show gives a format's limits, by whatever name") {
  for (const char* name : {"e4m3fn", "ocp-fp8-e4m3", "e4m3fnb7"}) {
    const CommandResult result = run_mantissa({"formats", "show", name});
    INFO(std::string(name) << ": " << result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.out.rfind("e4m3fn\n", 0) == 0);
    CHECK(result.out.find("448") != std::string::npos);
    CHECK(result.out.find("253") != std::string::npos);
  }
}

TEST_CASE("formats show --values lists a line for each code, and refuses wide formats") {
  CHECK(run_mantissa({"formats", "show", "e2m0fnuz", "--values"}).out ==
        "0 0x0p+0\n1 0x1p-1\n2 0x1p+0\n3 0x1p+1\n4 nan\n5 -0x1p-1\n6 -0x1p+0\n7 -0x1p+1\n");
  const CommandResult wide = run_mantissa({"formats", "show", "fp32", "--values"});
  CHECK(wide.exit_code == 2);
  CHECK(wide.err ==
        "error: --values: \"fp32\" has 32 bits; codes are listed for formats of up to 16 bits\n");
}

TEST_CASE("formats quantize answers each number with a hex float") {
  CHECK(quantized("0.1\n448.5\n0x1p-10\n-0\n-inf\nnan\n", {"e5m2"}) ==
        "0x1.8p-4\n0x1.cp+8\n0x1p-10\n-0x0p+0\n-inf\nnan\n");
  CHECK(quantized("1.0625\r\n-1.0625\r\n", {"e4m3fn", "--rounding", "rup"}) ==
        "0x1.2p+0\n-0x1p+0\n");
  CHECK(quantized("", {"e4m3fn"}).empty());
  CHECK(quantized("1", {"q8.8"}) == "0x1p+0\n");
}

TEST_CASE("formats quantize rounds stochastically by seed and line") {
  std::string input;
  std::string expected;
  for (std::uint64_t line = 0; line < 40; ++line) {
    input += "1.03125\n";  // a quarter of the way from 1 to 1.125
    expected += random_bits(RandomKey{7}, line) < 0x40000000U ? "0x1.2p+0\n" : "0x1p+0\n";
  }
  CHECK(quantized(input, {"e4m3", "--rounding", "sr", "--seed", "7"}) == expected);
  CHECK(quantized(input, {"e4m3", "--rounding", "sr", "--seed", "8"}) != expected);
}

TEST_CASE("formats quantize refuses a bad line by its number and prints nothing") {
  for (const char* line : {"", "one", "1.5.2", " 1", "0x"}) {
    const CommandResult result =
        run_mantissa({"formats", "quantize", "e4m3"}, "1\n2\n" + std::string(line) + "\n4\n");
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.err.rfind("error: line 3: \"" + std::string(line) + "\" is not a number; ", 0) ==
          0);
  }
  CHECK(run_mantissa({"formats", "quantize", "e4m3", "--rounding", "up"}).exit_code == 2);
  CHECK(run_mantissa({"formats", "quantize", "e4m3", "--seed", "-1"}).exit_code == 2);
}

TEST_CASE("a format with shared scales is shown by its elements and rounds a row of numbers") {
  const CommandResult shown = run_mantissa({"formats", "show", "mxfp4"});
  CHECK(shown.exit_code == 0);
  CHECK(shown.out.find("e2m1fin") != std::string::npos);
  CHECK(shown.out.find("block32:p2:floor") != std::string::npos);
  CHECK(shown.out.find("0.25 bits an element") != std::string::npos);
  CHECK(quantized("7\n5\n2.5\n1.75\n0.25\n", {"mxfp4"}) ==
        "0x1.8p+2\n0x1p+2\n0x1p+1\n0x1p+1\n0x0p+0\n");
  CHECK(run_mantissa({"formats", "show", "mxfp5"}).exit_code == 2);
}

}  // namespace
}  // namespace mantissa
