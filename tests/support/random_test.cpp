#include "support/random.h"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

namespace mantissa {
namespace {

TEST_CASE("Philox 4x32-10 gives the known answers published with Random123") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("children of a stream are streams of their own") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t tag = 0; tag < 1000; ++tag) seen.insert(RandomKey{42}.child(tag).value);
  CHECK(seen.size() == 1000);
  CHECK(RandomKey{1}.child("a") != RandomKey{1}.child("b"));
  CHECK(RandomKey{1}.child("a") != RandomKey{2}.child("a"));
}

TEST_CASE("uniform numbers have the mean and variance of the uniform distribution") {
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 1 << 16;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random_uniform({3}, static_cast<std::uint64_t>(i));
    REQUIRE(value >= 0);
    REQUIRE(value < 1);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  CHECK(std::abs(mean - 0.5) < 4 * std::sqrt(1.0 / 12 / kDraws));
  CHECK(std::abs(squares / kDraws - mean * mean - 1.0 / 12) < 0.003);
}

TEST_CASE("a bounded number stays below its bound") {
  for (std::uint32_t bound : {1U, 2U, 3U, 10U, 1000U}) {
    for (std::uint64_t i = 0; i < 200; ++i) CHECK(random_below({5}, i, bound) < bound);
  }
}

}  // namespace
}  // namespace mantissa
