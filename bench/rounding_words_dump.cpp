// Writes the random words of stochastic rounding to the standard output without end, for programs
// that test random numbers. `stream`: those of a tensor's elements. `chains`: those of the sums of
// a matrix product, for each step of the reduction the words of 48 neighbouring chains.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include "numeric/rounding_words.h"

namespace mantissa {
namespace {

constexpr RandomKey kKey{1};

bool write(std::span<const std::uint32_t> words) {
  return std::fwrite(words.data(), sizeof(std::uint32_t), words.size(), stdout) == words.size();
}

void write_stream() {
  std::vector<std::uint32_t> words(1 << 16);
  std::uint64_t position = 0;
  do {
    fill_rounding_words(words, kKey, position);
    position += words.size();
  } while (write(words));
}

void write_chains() {
  constexpr std::size_t kChains = 48;
  constexpr std::uint64_t kBlocks = 72;  // a reduction of 576 products
  std::array<std::uint64_t, kChains> chains{};
  std::array<std::uint32_t, kChains * kRoundingBlock> words{};
  std::iota(chains.begin(), chains.end(), 0);
  while (true) {
    for (std::uint64_t block = 0; block < kBlocks; ++block) {
      fill_chain_words({chains.data(), kChains, block, words.data(), kChains}, kKey);
      if (!write(words)) return;
    }
    for (std::uint64_t& chain : chains) chain += kChains;
  }
}

}  // namespace
}  // namespace mantissa

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "stream") == 0) {
    mantissa::write_stream();
  } else if (count == 2 && std::strcmp(arguments[1], "chains") == 0) {
    mantissa::write_chains();
  } else {
    std::fputs("usage: rounding_words_dump stream|chains | dieharder -a -g 200\n", stderr);
    return 2;
  }
  return 0;
}
