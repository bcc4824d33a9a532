#include "numeric/multiplier.h"

#include <cmath>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "numeric/mac.h"
#include "support/error_of.h"
#include "support/random.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

using test::error_of;

/// The product of two significands of bf16, 128 to 255, as an integer.
double significand_product(const std::string& multiplier, int a, int b) {
  const Format bf16 = parse_format("bf16");
  return multiply(static_cast<float>(a) / 128, static_cast<float>(b) / 128,
                  parse_multiplier(multiplier, bf16, bf16), bf16, bf16) *
         16384;
}

TEST_CASE("truncation leaves out the low columns of the partial products") {
  for (const int columns : {1, 4, 8, 14}) {
    for (int a = 128; a < 256; ++a) {
      for (int b = 128; b < 256; b += 3) {
        int expected = 0;
        for (int i = 0; i < 8; ++i) {
          for (int j = 0; j < 8; ++j) {
            if (i + j >= columns) expected += ((a >> i) & 1) * ((b >> j) & 1) << (i + j);
          }
        }
        CHECK(significand_product("truncated" + std::to_string(columns), a, b) == expected);
      }
    }
  }
}

TEST_CASE("Mitchell's multiplier adds linear logarithms") {
  for (int a = 128; a < 256; ++a) {
    for (int b = 128; b < 256; ++b) {
      const double sum = (a / 128.0 - 1) + (b / 128.0 - 1);
      const double expected = sum < 1 ? 1 + sum : 2 * sum;
      CHECK(significand_product("mitchell", a, b) == expected * 16384);
      CHECK(expected * 16384 <= a * b);
      CHECK(expected * 16384 >= a * b * (8.0 / 9));  // the error is at most 1/9 (Mitchell 1962)
    }
  }
}

TEST_CASE("a DRUM multiplier sees a segment behind the leading one, its last bit set") {
  for (int a = 128; a < 256; ++a) {
    for (int b = 128; b < 256; b += 5) {
      const auto segment = [](int value) { return (value / 16 | 1) * 16; };  // 4 of 8 bits
      CHECK(significand_product("drum4", a, b) == segment(a) * segment(b));
    }
  }
  // Fixed point: small numbers are exact, as their leading one stands in the segment.
  const Format q8 = parse_format("q8.0");
  const Multiplier drum = parse_multiplier("drum4", q8, q8);
  CHECK(multiply(13, -7, drum, q8, q8) == -91);
  CHECK(multiply(100, 7, drum, q8, q8) == 104 * 7);  // 1100100 is seen as 1101000
}

TEST_CASE(
    "inexact multipliers scale by powers of two, and know signs, zeros and what is infinite") {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const Format fp16 = parse_format("fp16");
  for (const char* text : {"truncated6", "mitchell", "drum4"}) {
    INFO(std::string(text));
    const Multiplier multiplier = parse_multiplier(text, fp16, fp16);
    const auto product = [&](float a, float b) { return multiply(a, b, multiplier, fp16, fp16); };
    for (std::uint64_t i = 0; i < 300; ++i) {
      const float a = std::ldexp(static_cast<float>(1024 + random_below({1}, i, 1024)), -10);
      const float b = std::ldexp(static_cast<float>(1024 + random_below({2}, i, 1024)), -10);
      CHECK(product(a, b) == product(b, a));
      CHECK(product(-a, b) == -product(a, b));
      CHECK(product(a * 32, b / 256) == product(a, b) / 8);
      // Two segments of 4 bits are each off by at most an eighth.
      CHECK(std::abs(product(a, b) / (static_cast<double>(a) * static_cast<double>(b)) - 1) < 0.27);
    }
    CHECK(std::signbit(product(-0.0F, 1)));
    CHECK(product(-0.0F, 1) == 0);
    CHECK(product(kInf, -2) == -static_cast<double>(kInf));
    CHECK(std::isnan(product(kInf, 0)));
    CHECK(std::isnan(product(NAN, 1)));
  }
}

TEST_CASE("operands are read as members of their format") {
  const Format e4m3 = parse_format("e4m3fn");
  const OperandBits normal = read_operand(-1.75F, e4m3);
  CHECK(normal.negative);
  CHECK(normal.significand == 14);
  CHECK(normal.exponent == -3);
  CHECK(normal.leading == 0);
  const OperandBits subnormal = read_operand(0x1p-9F, e4m3);
  CHECK(subnormal.significand == 1);
  CHECK(subnormal.leading == -6);
  CHECK(read_operand(1.99F, e4m3).significand == 15);  // cut, not rounded
  const Format q26 = parse_format("q2.6");
  CHECK(read_operand(-2.0F, q26).significand == 128);
  CHECK(read_operand(5.0F, q26).significand == 127);
  CHECK(read_operand(0.5F, q26).leading == 1);
}

/// A signed table whose entries tell their row and column.
std::int32_t entry(int row, int column) {
  return 100 * row - 3 * column - 77;
}

std::string c_array(int rows, int columns, bool is_signed) {
  std::string text = "// {9, 9}\n#include <stdint.h>\n/* {1} */ const int lut[][] = {\n";
  for (int row = 0; row < rows; ++row) {
    text += "  {";
    for (int column = 0; column < columns; ++column) {
      const std::int32_t value = is_signed ? entry(row, column) : row * 256 + column;
      text += (column > 0 ? ", " : "") + std::to_string(value);
    }
    text += "}, // row\n";
  }
  return text + "};\nint unrelated[1] = {3};\n";
}

TEST_CASE("signed tables are indexed by two's complement, by offset or by magnitude") {
  const TemporaryFolder folder;
  const Format q8 = parse_format("q8.0");
  const std::string file = folder.write("lut.h", c_array(256, 256, true)).string();
  const auto product = [&](const std::string& text, float a, float b) {
    return multiply(a, b, parse_multiplier(text, q8, q8), q8, q8);
  };
  CHECK(product("table:" + file, 3, 5) == entry(3, 5));
  CHECK(product("table:" + file, -1, 5) == entry(255, 5));
  CHECK(product("table:" + file, -128, -128) == entry(128, 128));
  CHECK(product("table:" + file, 0, 0) == entry(0, 0));  // a circuit that is wrong there too
  CHECK(product("offset-table:" + file, 3, 5) == entry(131, 133));
  CHECK(product("offset-table:" + file, -128, 127) == entry(0, 255));
  const std::string magnitudes = folder.write("mag.h", c_array(256, 256, false)).string();
  CHECK(product("magnitude-table:" + magnitudes, -3, 5) == -(3 * 256 + 5));
  CHECK(product("magnitude-table:" + magnitudes, -128, -128) == 128 * 256 + 128);
  const Format q26 = parse_format("q2.6");
  const Multiplier scaled = parse_multiplier("table:" + file, q26, q26);
  CHECK(multiply(3.0F / 64, 5.0F / 64, scaled, q26, q26) == entry(3, 5) / 4096.0);
}

TEST_CASE("a table of significands multiplies floats") {
  const TemporaryFolder folder;
  const Format e4m3 = parse_format("e4m3fn");
  const std::string file = folder.write("sig.txt", c_array(16, 16, false)).string();
  const Multiplier table = parse_multiplier("table:" + file, e4m3, e4m3);
  CHECK(multiply(1.25F, -1.5F, table, e4m3, e4m3) == -(10 * 256 + 12) / 64.0);
  CHECK(multiply(20.0F, 0.1875F, table, e4m3, e4m3) == (10 * 256 + 12) / 64.0 * 2);
  CHECK(multiply(0x1p-9F, 1.0F, table, e4m3, e4m3) == (1 * 256 + 8) * 0x1p-12);  // subnormal
  CHECK(multiply(0.0F, 1.5F, table, e4m3, e4m3) == 0);
}

TEST_CASE("tables are read from text without braces and from binary entries of 1, 2 and 4 bytes") {
  const TemporaryFolder folder;
  const Format q3 = parse_format("q3.0");
  const Format e2m2 = parse_format("e2m2");
  std::string text;
  std::string bytes;
  std::string words;
  std::string long_words;
  for (int i = 0; i < 64; ++i) {
    text += std::to_string(-i) + (i % 8 == 7 ? "\n" : "\t");
    bytes += static_cast<char>(-i);
    words += {static_cast<char>(-i), static_cast<char>(i == 0 ? 0 : -1)};
    long_words += {static_cast<char>(i), 1, 0, 0};
  }
  for (const std::string& file :
       {folder.write("a.txt", text).string(), folder.write("b.bin", bytes).string(),
        folder.write("c.bin", words).string()}) {
    INFO(file);
    CHECK(multiply(1, 2, parse_multiplier("table:" + file, q3, q3), q3, q3) == -(1 * 8 + 2));
    CHECK(multiply(-1, 2, parse_multiplier("table:" + file, q3, q3), q3, q3) == -(7 * 8 + 2));
  }
  const std::string wide = folder.write("d.bin", long_words).string();
  CHECK(multiply(1.25F, 1.5F, parse_multiplier("table:" + wide, e2m2, e2m2), e2m2, e2m2) ==
        (256 + 5 * 8 + 6) / 16.0);
  const std::string hexadecimal = folder.write("e.h", "x = {0x10u, 0xFFUL, -0x1, +2}").string();
  const Format q2 = parse_format("q2.0");
  CHECK(error_of([&] { parse_multiplier("table:" + hexadecimal, q2, q2); }).find("has 4 entries") !=
        std::string::npos);
}

TEST_CASE("a table keeps its identity: the digest of its entries is part of its spelling") {
  const TemporaryFolder folder;
  const std::string file = folder.write("lut.h", c_array(256, 256, true)).string();
  const std::string text = "exact multiplier=table:" + file + " operands=q8.0";
  const Mac mac = parse_mac(text);
  const std::string canonical = spelling(mac);
  CHECK(canonical ==
        "exact multiplier=table:" + file + "#" + mac.multiplier.table->digest() + " operands=q8.0");
  CHECK(parse_mac(canonical) == mac);
  folder.write("lut.h", c_array(256, 256, true) + "\n");
  CHECK(parse_mac(canonical) == mac);  // its entries are the same
  std::string changed = c_array(256, 256, true);
  changed[changed.find("-77")] = '+';
  folder.write("lut.h", changed);
  CHECK_FALSE(parse_mac(text) == mac);
  CHECK(error_of([&] { parse_mac(canonical); }).find("holds other products than were meant") !=
        std::string::npos);
}

TEST_CASE("a table that cannot be used is refused, and named") {
  const TemporaryFolder folder;
  const Format q8 = parse_format("q8.0");
  const Format fp16 = parse_format("fp16");
  const Format e4m3 = parse_format("e4m3fn");
  const auto error = [&](const std::string& text, const Format& left, const Format& right) {
    return error_of([&] { parse_multiplier(text, left, right); });
  };
  const auto mentions = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  const std::string missing = (folder.path() / "none.bin").string();
  CHECK(mentions(error("table:" + missing, q8, q8), missing));
  const std::string small = folder.write("small.bin", std::string(100, 'x')).string();
  CHECK(error("table:" + small, q8, q8) ==
        small +
            ": has 100 bytes, but a table of these operands has 65536 entries of 1, 2 or 4 "
            "bytes; check the operands' formats");
  const std::string few = folder.write("few.h", "{1, 2, 3}").string();
  CHECK(mentions(error("table:" + few, e4m3, e4m3), "has 3 entries, but"));
  const std::string open = folder.write("open.h", "{{1, 2}, {3").string();
  CHECK(mentions(error("table:" + open, q8, q8), "ends within the braces"));
  const std::string words = folder.write("words.h", "{1, two}").string();
  CHECK(mentions(error("table:" + words, q8, q8), "entry 1 is no integer: found \"two\""));
  const std::string negative = folder.write("minus.h", c_array(16, 16, true)).string();
  CHECK(mentions(error("table:" + negative, e4m3, e4m3), "are not negative"));
  CHECK(mentions(error("table:" + few, fp16, fp16), "operands of up to 8 bits"));
  CHECK(mentions(error("offset-table:" + few, e4m3, e4m3), "fixed-point numbers"));
  CHECK(mentions(error("table:" + few, e4m3, q8), "one operand in fixed point"));
  CHECK(mentions(error("table:", q8, q8), "file is missing"));
}

TEST_CASE("what is no multiplier, or an impossible one, is refused with what is near") {
  const Format e4m3 = parse_format("e4m3fn");
  const auto error = [&](const char* text) {
    return error_of([&] { parse_multiplier(text, e4m3, e4m3); });
  };
  CHECK(error("mitchel") == "no multiplier is called \"mitchel\"; did you mean \"mitchell\"?");
  CHECK(error("truncatd4") ==
        "no multiplier is called \"truncatd4\"; did you mean \"truncated4\"?");
  CHECK(error("truncated7") ==
        "a multiplier of e4m3fn has 7 columns of partial products, so that 7 cannot be left out; "
        "the most is \"truncated6\"");
  CHECK(error("drum4").find("a segment of 4 bits is not possible") == 0);
  CHECK(error("drum1").find("a segment of 1 bits is not possible") == 0);
  for (const char* text : {"", "truncated", "truncated0", "truncated04", "drum", "drumx", "drum-3",
                           "table", "exactly", "truncated99999999999"}) {
    INFO(std::string(text));
    CHECK_FALSE(error(text).empty());
  }
}

}  // namespace
}  // namespace mantissa
