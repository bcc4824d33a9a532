#include "numeric/rounding_words.h"

#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <hwy/targets.h>

#include "numeric/rounding_words_backend.h"

namespace mantissa {
namespace {

std::vector<rounding_words::Backend> backends() {
  std::vector<rounding_words::Backend> all = {rounding_words::portable_backend()};
#if defined(__x86_64__)
  if (rounding_words::has_aes()) all.push_back(rounding_words::aes_backend());
  if (rounding_words::has_vaes()) all.push_back(rounding_words::vaes_backend());
#endif
  return all;
}

/// The 16-bit unit that is the upper half of a word.
std::uint32_t unit(RandomKey key, std::uint64_t chain, std::uint64_t block, int index) {
  return rounding_word(key, kRoundingBlock * block + static_cast<std::uint64_t>(index), chain) >>
         16;
}

TEST_CASE("the words are the blocks of ARS-5, as Random123 1.14 computes them") {
  struct Case {
    std::uint64_t key, chain, block;
    std::array<std::uint32_t, 4> words;
  };
  const Case cases[] = {
      {0, 0, 0, {0x7ECCE06F, 0x7CDC3BCA, 0x15513C87, 0x29D24C9B}},
      {0x123456789ABCDEF0, 5, 0, {0xE522472E, 0xAA23E5EE, 0xCA0F7428, 0x6D733FC8}},
      {0xA4093822299F31D0,
       0x85A308D3243F6A88,
       0x0370734413198A2E,
       {0x4BF8E853, 0xEC72CA98, 0x39E5F8E4, 0xE8C4D3C6}},
  };
  for (const Case& c : cases) {
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t low = unit({c.key}, c.chain, c.block, 2 * i);
      const std::uint32_t high = unit({c.key}, c.chain, c.block, 2 * i + 1);
      CHECK((high << 16 | low) == c.words[static_cast<std::size_t>(i)]);
    }
  }
  // The lower halves are those of the block with the highest bit of its number set.
  std::array<std::uint32_t, 4> lower{};
  for (std::uint64_t i = 0; i < 8; ++i) {
    lower[i / 2] |= (rounding_word({7}, i, 1) & 0xFFFF) << (16 * (i % 2));
  }
  CHECK(lower == std::array<std::uint32_t, 4>{0x1345FC2B, 0x86E10F0B, 0x78B3BC65, 0x126C4483});
}

TEST_CASE("streams are the words one by one, from any position on, on every instruction set") {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    for (const std::uint64_t first : {0ULL, 1ULL, 7ULL, 8ULL, 1022ULL, (1ULL << 50) + 3}) {
      for (const int bits : {1, 16, 17, 32}) {
        std::vector<std::uint32_t> words(1500);
        fill_rounding_words(words, {3}, first, bits);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < words.size(); ++i) {
          const std::uint32_t expected = rounding_word({3}, first + i);
          const std::uint32_t kept = bits > 16 ? expected : expected >> 16 << 16;
          wrong += words[i] == kept ? 0U : 1U;
        }
        INFO(std::string(hwy::TargetName(target)) << ", from " << first << ", " << bits);
        CHECK(wrong == 0);
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST_CASE("chains have the words of their numbers, on every instruction set") {
  std::vector<std::uint64_t> chains;
  for (std::uint64_t i = 0; i < 32; ++i) chains.push_back(i * i * 0x123456789ULL + i);
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    for (const int bits : {1, 8, 13, 16, 17, 24, 32}) {
      std::vector<std::uint32_t> words(8 * 40);
      fill_chain_words({chains.data(), 32, 12, words.data(), 40}, {9}, bits);
      std::size_t wrong = 0;
      for (std::size_t step = 0; step < 8; ++step) {
        for (std::size_t i = 0; i < chains.size(); ++i) {
          const std::uint32_t word = rounding_word({9}, 96 + step, chains[i]);
          const std::uint32_t kept = word >> (32 - bits) << (32 - bits);
          wrong += words[step * 40 + i] == kept ? 0U : 1U;
        }
      }
      INFO(std::string(hwy::TargetName(target)) << ", " << bits << " bits");
      CHECK(wrong == 0);
    }
    std::vector<std::uint32_t> halves(4 * 40);
    fill_chain_halves({chains.data(), 32, 12, halves.data(), 40}, {9});
    std::size_t wrong = 0;
    for (std::size_t step = 0; step < 8; ++step) {
      for (std::size_t i = 0; i < chains.size(); ++i) {
        const std::uint32_t half = halves[step / 2 * 40 + i] >> (16 * (step % 2)) & 0xFFFF;
        wrong += half == rounding_word({9}, 96 + step, chains[i]) >> 16 ? 0U : 1U;
      }
    }
    CHECK(wrong == 0);
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST_CASE("every way to compute the blocks gives the same words") {
  rounding_words::Schedule schedule{};
  for (int i = 0; i <= rounding_words::kRounds; ++i) {
    schedule.keys[i][0] = 0x9E3779B97F4A7C15 * static_cast<std::uint64_t>(i + 3);
    schedule.keys[i][1] = 0xBB67AE8584CAA73B * static_cast<std::uint64_t>(i + 5);
  }
  const std::vector<std::uint64_t> chains = {0, 1, 2, 3, 1ULL << 40, 77, ~0ULL, 5,
                                             9, 8, 7, 6, 5,          4,  3,     2};
  for (const bool lower_halves : {false, true}) {
    std::vector<std::vector<std::uint32_t>> streams;
    std::vector<std::vector<std::uint32_t>> tiles;
    for (const rounding_words::Backend& backend : backends()) {
      std::vector<std::uint32_t> stream(8 * 12);
      backend.fill_stream({&schedule, 1ULL << 33, 12, lower_halves, stream.data()});
      streams.push_back(stream);
      std::vector<std::uint32_t> tile(8 * 16);
      for (const std::uint32_t kept : {0xFFFFFFFFU, 0xFFFF0000U}) {
        backend.fill_chains(
            {&schedule, chains.data(), 16, 1234567, lower_halves, kept, tile.data(), 16});
        tiles.push_back(tile);
      }
      backend.fill_halves({&schedule, chains.data(), 16, 1234567, false, 0, tile.data(), 16});
      tiles.push_back(tile);
    }
    for (std::size_t i = 1; i < streams.size(); ++i) CHECK(streams[i] == streams[0]);
    for (std::size_t i = 3; i < tiles.size(); ++i) CHECK(tiles[i] == tiles[i % 3]);
  }
}

TEST_CASE("a processor without the instructions takes the portable words") {
  CHECK(std::string(rounding_words::backend_for(false, false).name) == "portable");
#if defined(__x86_64__)
  CHECK(std::string(rounding_words::backend_for(true, false).name) == "aes");
  CHECK(std::string(rounding_words::backend_for(true, true).name) == "vaes");
#endif
}

/// Sum of the squared deviations of counts from a uniform distribution, in standard deviations.
double deviation(const std::vector<std::uint32_t>& counts) {
  double total = 0;
  for (const std::uint32_t count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double square = 0;
  for (const std::uint32_t count : counts) square += (count - expected) * (count - expected);
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (square / expected - freedom) / std::sqrt(2 * freedom);
}

TEST_CASE("the words of neighbouring positions, chains and keys are uniform and independent") {
  // Pairs of upper bytes of words that differ by one in one coordinate: 65536 classes of 64 pairs.
  constexpr std::uint64_t kWords = 1 << 22;
  for (const int coordinate : {0, 1, 2}) {
    std::vector<std::uint32_t> pairs(1 << 16);
    for (std::uint64_t i = 0; i < kWords / 64; ++i) {
      // 64 steps along the coordinate from 65536 starts.
      std::uint32_t before = 0;
      for (std::uint64_t j = 0; j <= 64; ++j) {
        const std::uint64_t at = 64 * i + j;
        const std::uint32_t word = coordinate == 0   ? rounding_word({1}, at)
                                   : coordinate == 1 ? rounding_word({1}, 3, at)
                                                     : rounding_word({at}, 3);
        if (j > 0) ++pairs[(before >> 24) << 8 | word >> 24];
        before = word;
      }
    }
    INFO(coordinate);
    CHECK(std::abs(deviation(pairs)) < 4);
  }
}

TEST_CASE("a bit of the counter or of the key changes half of the bits of a word") {
  constexpr int kTrials = 4096;
  for (int bit = 0; bit < 192; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << (bit % 64);
    // The lowest bits of a position and the highest choose a unit of a block.
    if (bit >= 128 && (bit < 131 || bit > 188)) continue;
    std::uint64_t changed = 0;
    for (std::uint64_t i = 0; i < kTrials; ++i) {
      const std::uint32_t word = rounding_word({i}, 8 * i, i * i);
      const std::uint32_t other = bit < 64    ? rounding_word({i ^ flip}, 8 * i, i * i)
                                  : bit < 128 ? rounding_word({i}, 8 * i, (i * i) ^ flip)
                                              : rounding_word({i}, (8 * i) ^ flip, i * i);
      changed += static_cast<std::uint64_t>(std::popcount(word ^ other));
    }
    // 32 * 4096 fair coins have a standard deviation of 181.
    INFO(bit);
    CHECK(std::abs(static_cast<double>(changed) - 16.0 * kTrials) < 5 * 181);
  }
}

}  // namespace
}  // namespace mantissa
