#include "support/text.h"

#include <cmath>

#include <doctest/doctest.h>

#include "support/error.h"
#include "support/random.h"

namespace mantissa {
namespace {

TEST_CASE("a glob matches whole texts only") {
  CHECK(matches_glob("conv1", "conv*"));
  CHECK(matches_glob("features.3.conv", "features.*.conv"));
  CHECK(matches_glob("anything", "*"));
  CHECK(matches_glob("fc2", "fc?"));
  CHECK_FALSE(matches_glob("fc12", "fc?"));
  CHECK_FALSE(matches_glob("preconv", "conv*"));
  CHECK(matches_glob("", "*"));
  CHECK_FALSE(matches_glob("", "?"));
}

TEST_CASE("the nearest word is offered only if it is near") {
  const std::vector<std::string> words = {"e4m3fn", "e5m2", "posit8"};
  CHECK(nearest_word("e4m3x", words) == "e4m3fn");
  CHECK(nearest_word("logarithmic", words).empty());
}

TEST_CASE("a hex float reads back to the same bits") {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const double value =
        std::ldexp(random_normal({7}, i), static_cast<int>(random_below({8}, i, 200)) - 100);
    CHECK(parse_real(hex_float(value)) == value);
    CHECK(parse_real(shortest_decimal(value)) == value);
  }
  CHECK(std::isnan(parse_real("nan")));
  CHECK(parse_real("-inf") == -INFINITY);
}

TEST_CASE("text that is not one whole number is refused") {
  for (const char* text : {"", " 1", "1 ", "0x", "1.5.2", "one", "1,5"}) {
    INFO("text: \"" << text << "\"");
    CHECK_THROWS_AS(parse_real(text), Error);
  }
}

TEST_CASE("SI prefixes keep three digits") {
  CHECK(with_si_prefix(1234567) == "1.23 M");
  CHECK(with_si_prefix(999.6) == "1.00 k");
  CHECK(with_si_prefix(0.00456) == "4.56 m");
  CHECK(with_si_prefix(0) == "0.00");
  CHECK(with_si_prefix(0, "s") == "0.00 s");
  CHECK(with_si_prefix(13.5, "J") == "13.5 J");
  CHECK(with_si_prefix(6.6e-4, "J") == "660 uJ");
}

}  // namespace
}  // namespace mantissa
