#include "numeric/rounding_words.h"

#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "numeric/rounding_words_backend.h"

// Highway compiles this part once per instruction set; it tells which one is in use.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/rounding_words.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mantissa::HWY_NAMESPACE {

bool has_wide_vectors() {
  return hwy::HWY_NAMESPACE::MaxLanes(hwy::HWY_NAMESPACE::ScalableTag<std::uint64_t>()) >= 8;
}

}  // namespace mantissa::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mantissa {
HWY_EXPORT(has_wide_vectors);
namespace {

namespace backend = rounding_words;

/// Each round's key is the one before plus a constant in each half: the golden ratio and sqrt(3) -
/// 1 (Salmon et al. 2011, section 3.1). The key of the stream is the lower half of the first.
backend::Schedule make_schedule(RandomKey key) {
  constexpr std::uint64_t kWeyl[2] = {0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B};
  backend::Schedule schedule{};
  schedule.keys[0][0] = key.value;
  schedule.keys[0][1] = 0;
  for (int round = 1; round <= backend::kRounds; ++round) {
    for (int half = 0; half < 2; ++half) {
      schedule.keys[round][half] = schedule.keys[round - 1][half] + kWeyl[half];
    }
  }
  return schedule;
}

constexpr int kHalfBits = 16;

backend::ChainRequest chain_request(const ChainWords& request, const backend::Schedule& schedule) {
  constexpr std::int64_t kStep = 16;
  const std::int64_t count = (std::int64_t{request.count} + kStep - 1) / kStep * kStep;
  return {&schedule,     request.chains,     count, request.block, false, 0,
          request.words, request.step_stride};
}

#if defined(__x86_64__)
/// clang 14 has no name for it in __builtin_cpu_supports.
bool has_vaes_instructions() {
  constexpr unsigned kLeaf = 7;
  constexpr unsigned kVaes = 1U << 9;  // of ecx
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(kLeaf, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & kVaes) != 0;
}
#endif

}  // namespace

namespace rounding_words {

bool has_aes() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("aes") != 0;
  return has;
#else
  return false;
#endif
}

bool has_vaes() {
#if defined(__x86_64__)
  static const bool has = has_vaes_instructions() && __builtin_cpu_supports("avx512f") != 0 &&
                          __builtin_cpu_supports("avx512bw") != 0 &&
                          __builtin_cpu_supports("avx512dq") != 0;
  return has;
#else
  return false;
#endif
}

Backend backend_for([[maybe_unused]] bool aes, [[maybe_unused]] bool vaes) {
#if defined(__x86_64__)
  if (vaes) return vaes_backend();
  if (aes) return aes_backend();
#endif
  return portable_backend();
}

Backend narrow_backend() {
  return backend_for(has_aes(), false);
}

Backend chosen_backend() {
  return backend_for(has_aes(), has_vaes() && HWY_DYNAMIC_DISPATCH(has_wide_vectors)());
}

}  // namespace rounding_words

std::uint32_t rounding_word(RandomKey key, std::uint64_t position, std::uint64_t chain) {
  constexpr std::size_t kChains = 4;  // as few as a backend computes at a time
  const backend::Schedule schedule = make_schedule(key);
  const std::array<std::uint64_t, kChains> chains = {chain};
  std::array<std::uint32_t, kChains * kRoundingBlock> words{};
  backend::narrow_backend().fill_chains({&schedule, chains.data(), kChains,
                                         position / kRoundingBlock, true, 0xFFFFFFFFU, words.data(),
                                         kChains});
  return words[kChains * (position % kRoundingBlock)];
}

void fill_rounding_words(std::span<std::uint32_t> words, RandomKey key,
                         std::uint64_t first_position, int random_bits) {
  constexpr std::size_t kStep = std::size_t{4} * kRoundingBlock;
  alignas(64) std::array<std::uint32_t, 1024 + kStep> made{};
  const RoundingStream stream(key);
  const std::size_t offset = first_position % kRoundingBlock;
  for (std::size_t done = 0; done < words.size();) {
    const std::size_t count = std::min<std::size_t>(1024, words.size() - done);
    const std::size_t filled = (offset + count + kStep - 1) / kStep * kStep;
    stream.fill_blocks(std::span(made).first(filled), (first_position + done) / kRoundingBlock,
                       random_bits);
    std::copy_n(made.data() + offset, count, words.data() + done);
    done += count;
  }
}

RoundingStream::RoundingStream(RandomKey key)
    : schedule_(make_schedule(key)), backend_(backend::chosen_backend()) {}

void RoundingStream::fill_blocks(std::span<std::uint32_t> words, std::uint64_t first_block,
                                 int random_bits) const {
  backend_.fill_stream({&schedule_, first_block,
                        static_cast<std::int64_t>(words.size() / kRoundingBlock),
                        random_bits > kHalfBits, words.data()});
}

void fill_chain_words(const ChainWords& request, RandomKey key, int random_bits) {
  const backend::Schedule schedule = make_schedule(key);
  backend::ChainRequest made = chain_request(request, schedule);
  const int unused = 32 - random_bits;
  made.kept = unused == 32 ? 0 : 0xFFFFFFFFU >> unused << unused;
  made.lower_halves = random_bits > kHalfBits;
  backend::chosen_backend().fill_chains(made);
}

void fill_chain_halves(const ChainWords& request, RandomKey key) {
  const backend::Schedule schedule = make_schedule(key);
  backend::chosen_backend().fill_halves(chain_request(request, schedule));
}

}  // namespace mantissa
#endif
