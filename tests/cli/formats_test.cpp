#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include "command.h"
#include "numeric/rounding_words.h"
#include "support/temporary_folder.h"
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

TEST_CASE("formats quantize --bits tells what a number takes, on average") {
  CHECK(quantized("1\n0\n1.00390625\n1\n", {"unum2_3", "--bits"}) == "11\n");  // 9, 9, 17, 9
  CHECK(quantized("1\n2\n", {"takum16", "--bits"}) == "16\n");
  CHECK(quantized("1\n2\n", {"mxfp4", "--bits"}) == "4.25\n");
  CHECK(run_mantissa({"formats", "show", "unum2_3"}).out.find("9 to 19 bits") != std::string::npos);
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
    expected += rounding_word(RandomKey{7}, line) < 0x40000000U ? "0x1.2p+0\n" : "0x1p+0\n";
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

TEST_CASE("formats dot answers each line with its sum, by a spelling or a file") {
  const std::string lines = "0 1 1 0x1p-12 0x1p-12\n1.5 2 3\n-7\r\n0 inf 1 -inf 1\n\t0  1  1 \n";
  const CommandResult chain = run_mantissa({"formats", "dot", "fp32"}, lines);
  INFO(chain.err);
  CHECK(chain.exit_code == 0);
  CHECK(chain.out == "0x1p+0\n0x1.ep+2\n-0x1.cp+2\nnan\n0x1p+0\n");
  CHECK(run_mantissa({"formats", "dot", "fp32/rup"}, "0 1 1 0x1p-30 1\n").out == "0x1.000002p+0\n");
  const TemporaryFolder folder;
  const std::string file =
      folder.write("mac.json", R"({"accumulation": "kahan", "accumulator": "bf16"})").string();
  std::string ones = "0";
  for (int i = 0; i < 1000; ++i) ones += " 1 1";
  CHECK(run_mantissa({"formats", "dot", file}, ones).out == "0x1.f4p+9\n");
  CHECK(run_mantissa({"formats", "dot", "bf16"}, ones).out == "0x1p+8\n");
  CHECK(run_mantissa({"formats", "dot", "exact"}, "1 0x1p100 1 -0x1p100 1").out == "0x1p+0\n");
  CHECK(run_mantissa({"formats", "dot", "exact"}, "").out.empty());
}

TEST_CASE("formats dot draws other random words for each line, and the same ones again") {
  std::string lines;
  for (int i = 0; i < 64; ++i) lines += "0 1 1 0x1p-3 0.5\n";
  const std::string once = run_mantissa({"formats", "dot", "e5m2/sr", "--seed", "3"}, lines).out;
  CHECK(once.find("0x1p+0\n") != std::string::npos);
  CHECK(once.find("0x1.4p+0\n") != std::string::npos);
  CHECK(run_mantissa({"formats", "dot", "e5m2/sr", "--seed", "3"}, lines).out == once);
  CHECK(run_mantissa({"formats", "dot", "e5m2/sr", "--seed", "4"}, lines).out != once);
}

TEST_CASE("formats dot names the line at fault and prints nothing, and says what a mac lacks") {
  const auto error = [](const std::string& mac, const std::string& lines) {
    const CommandResult result = run_mantissa({"formats", "dot", mac}, lines);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(error("fp32", "0 1 1\n0 1\n") ==
        "error: line 2: has 2 numbers; write `c a1 b1 a2 b2 ...`: what the sum starts with, then "
        "pairs\n");
  CHECK(error("fp32", "0 1 1\n\n").find("line 2: has 0 numbers") != std::string::npos);
  CHECK(error("fp32", "0 1 x\n").find("line 1: ") != std::string::npos);
  CHECK(error("kahn:e5m10", "") == "error: no sum is called \"kahn\"; did you mean \"kahan\"?\n");
  const TemporaryFolder folder;
  const std::string file = folder.write("mac.json", R"({"acumulator": "bf16"})").string();
  CHECK(error(file, "") ==
        "error: " + file +
            "#/acumulator: unknown key \"acumulator\"; did you mean \"accumulator\"?\n");
}

}  // namespace
}  // namespace mantissa
