#include "support/random.h"

#include <cmath>
#include <numbers>

namespace mantissa {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53;  // Salmon et al., SC'11, section 3.3
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;  // sqrt(3) - 1

std::uint64_t word_pair(RandomKey key, std::uint64_t index) {
  const std::uint64_t high = random_bits(key, 2 * index);
  const std::uint64_t low = random_bits(key, 2 * index + 1);
  return (high << 32) | low;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

RandomKey RandomKey::child(std::uint64_t tag) const {
  const auto block = philox4x32({static_cast<std::uint32_t>(tag),
                                 static_cast<std::uint32_t>(tag >> 32), 0x6368696C, 0x64000000},
                                words());
  return {(std::uint64_t{block[1]} << 32) | block[0]};
}

RandomKey RandomKey::child(std::string_view tag) const {
  std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a, 64 bits
  for (const char letter : tag) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
  }
  return child(hash);
}

std::uint32_t random_bits(RandomKey key, std::uint64_t index) {
  const std::uint64_t block = index / 4;
  const auto words =
      philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0},
                 key.words());
  return words[index % 4];
}

double random_uniform(RandomKey key, std::uint64_t index) {
  return static_cast<double>(word_pair(key, index) >> 11) * 0x1p-53;
}

double random_normal(RandomKey key, std::uint64_t index) {
  const double radius = std::sqrt(-2 * std::log1p(-random_uniform(key, 2 * index)));
  return radius * std::cos(2 * std::numbers::pi * random_uniform(key, 2 * index + 1));
}

std::uint32_t random_below(RandomKey key, std::uint64_t index, std::uint32_t bound) {
  return static_cast<std::uint32_t>((std::uint64_t{random_bits(key, index)} * bound) >> 32);
}

}  // namespace mantissa
