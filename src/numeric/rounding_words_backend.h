#pragma once

#include <cstdint>

namespace mantissa::rounding_words {

// What the files that are compiled for one instruction set each share with the rest. Plain types
// only: an inline function of a library, compiled there, might be the copy that the linker keeps.

constexpr int kRounds = 5;

/// Key of the whitening and of each round.
struct Schedule {
  alignas(16) std::uint64_t keys[kRounds + 1][2];
};

/// `blocks` blocks of 8 words each, in order. `blocks` is a multiple of 4.
struct StreamRequest {
  const Schedule* schedule;
  std::uint64_t first_block;
  std::int64_t blocks;
  bool lower_halves;
  std::uint32_t* words;
};

/// As `ChainWords`, `count` a multiple of 16, or of 4 for the narrow backends. `fill_halves` takes
/// no notice of the lower halves and of `kept`.
struct ChainRequest {
  const Schedule* schedule;
  const std::uint64_t* chains;
  std::int64_t count;
  std::uint64_t block;
  bool lower_halves;
  std::uint32_t kept;
  std::uint32_t* words;
  std::int64_t step_stride;
};

/// One way to compute them; all give the same words.
struct Backend {
  const char* name;
  void (*fill_stream)(const StreamRequest& request);
  void (*fill_chains)(const ChainRequest& request);
  void (*fill_halves)(const ChainRequest& request);
};

Backend portable_backend();
#if defined(__x86_64__)
Backend aes_backend();   ///< AES on 128 bits
Backend vaes_backend();  ///< AES on 512 bits
#endif

/// The fastest where the processor has these instructions.
Backend backend_for(bool aes, bool vaes);
/// The fastest of this machine, or of the instruction set that Highway is told to use.
Backend chosen_backend();
/// The fastest that computes four chains at a time.
Backend narrow_backend();
bool has_aes();
bool has_vaes();

}  // namespace mantissa::rounding_words
