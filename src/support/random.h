#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace mantissa {

/// Counter-based random numbers, Philox 4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", SC'11): the n-th number depends on (key, n) alone, never on a
/// thread or on what was drawn before.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// Names a stream of random numbers. A stream for a part of the work is made from that of the whole
/// by `child`: `run.child("dropout").child(node).child(step)`.
struct RandomKey {
  std::uint64_t value = 0;

  RandomKey child(std::uint64_t tag) const;
  RandomKey child(std::string_view tag) const;

  std::array<std::uint32_t, 2> words() const {
    return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
  }
  friend bool operator==(const RandomKey&, const RandomKey&) = default;
};

/// Word `index % 4` of the Philox block `index / 4` of the stream: 32 uniform bits.
std::uint32_t random_bits(RandomKey key, std::uint64_t index);

/// Uniform in [0, 1), a multiple of 2^-53, from words 2*index and 2*index + 1 of the stream.
double random_uniform(RandomKey key, std::uint64_t index);

/// For tests and benches: the last bit may differ between C libraries, whose log and cos it uses.
/// Standard normal by the Box-Muller transform on uniforms 2*index and 2*index + 1.
double random_normal(RandomKey key, std::uint64_t index);

/// Uniform in [0, bound), without bias to 2^-32 (Lemire's multiplication). `bound` >= 1.
std::uint32_t random_below(RandomKey key, std::uint64_t index, std::uint32_t bound);

/// A generator over one stream, for code that draws in sequence on one thread.
class RandomSequence {
 public:
  explicit RandomSequence(RandomKey key, std::uint64_t position = 0)
      : key_(key), position_(position) {}

  double uniform() { return random_uniform(key_, position_++); }
  std::uint32_t below(std::uint32_t bound) { return random_below(key_, position_++, bound); }
  std::uint64_t position() const { return position_; }

 private:
  RandomKey key_;
  std::uint64_t position_;
};

}  // namespace mantissa
