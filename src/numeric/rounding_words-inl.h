// The generator of rounding words on vectors of several blocks: included by the file of each
// backend.
//
// A `Vector` has kBlocks blocks of four 32-bit words, each in a 128-bit group. Its operations work
// on all groups alike; shuffles stay within a group.

#pragma once

#include "numeric/rounding_words_backend.h"

namespace mantissa::rounding_words {
namespace {

/// Marks the blocks of lower halves.
constexpr std::uint64_t kLowerHalves = std::uint64_t{1} << 63;

/// Five rounds on `kCount` vectors, which do not wait for one another.
template <int kCount, class Vector>
inline void encrypt(Vector (&state)[kCount], const Schedule& schedule) {
  for (int round = 1; round < kRounds; ++round) {
    const Vector key = Vector::repeat(schedule.keys[round][0], schedule.keys[round][1]);
    for (Vector& vector : state) vector = vector.aes_round(key);
  }
  const Vector last = Vector::repeat(schedule.keys[kRounds][0], schedule.keys[kRounds][1]);
  for (Vector& vector : state) vector = vector.aes_last_round(last);
}

/// One vector of blocks of the stream: words for 8 * kBlocks positions.
template <class Vector, bool kLower>
inline void stream_step(const Schedule& schedule, std::uint64_t block, std::uint32_t* words) {
  const std::uint64_t chain_key = schedule.keys[0][0];
  const std::uint64_t block_key = schedule.keys[0][1];
  const Vector counter = Vector::count_up(block);
  Vector state[kLower ? 2 : 1];
  state[0] = counter ^ Vector::repeat(chain_key, block_key);
  if constexpr (kLower) state[1] = counter ^ Vector::repeat(chain_key, block_key ^ kLowerHalves);
  encrypt(state, schedule);
  Vector lower = Vector::repeat(0, 0);
  if constexpr (kLower) lower = state[1];
  // 16-bit units of both interleaved: the words of 4 positions a group.
  Vector::store_pairs(lower.interleave_lower16(state[0]), lower.interleave_upper16(state[0]),
                      words);
}

template <class Vector>
inline void fill_stream_of(const StreamRequest& request) {
  std::uint32_t* words = request.words;
  for (std::int64_t i = 0; i < request.blocks; i += Vector::kBlocks) {
    const std::uint64_t block = request.first_block + static_cast<std::uint64_t>(i);
    if (request.lower_halves) {
      stream_step<Vector, true>(*request.schedule, block, words);
    } else {
      stream_step<Vector, false>(*request.schedule, block, words);
    }
    words += 8 * Vector::kBlocks;
  }
}

/// Four vectors of blocks, group g of vector j being of chain 4g + j, become four of 32-bit words:
/// lane i of vector w has word w of chain i.
template <class Vector>
inline void transpose(Vector (&v)[4]) {
  const Vector low01 = v[0].interleave_lower32(v[1]);
  const Vector high01 = v[0].interleave_upper32(v[1]);
  const Vector low23 = v[2].interleave_lower32(v[3]);
  const Vector high23 = v[2].interleave_upper32(v[3]);
  v[0] = low01.interleave_lower64(low23);
  v[1] = low01.interleave_upper64(low23);
  v[2] = high01.interleave_lower64(high23);
  v[3] = high01.interleave_upper64(high23);
}

template <class Vector>
inline void chain_blocks(const ChainRequest& request, const std::uint64_t* chains,
                         std::uint64_t block, Vector (&state)[4]) {
  const Schedule& schedule = *request.schedule;
  const Vector white = Vector::repeat(schedule.keys[0][0], schedule.keys[0][1] ^ block);
  for (int j = 0; j < 4; ++j) state[j] = Vector::spread(chains, j) ^ white;
  encrypt(state, schedule);
  transpose(state);
}

/// The 8 words of 4 * kBlocks chains each.
template <class Vector, bool kLower, bool kMask>
inline void chain_step(const ChainRequest& request, std::int64_t first) {
  Vector upper[4];
  Vector lower[4];
  chain_blocks(request, request.chains + first, request.block, upper);
  if constexpr (kLower) {
    chain_blocks(request, request.chains + first, request.block | kLowerHalves, lower);
  }
  const std::uint64_t kept = request.kept * 0x100000001U;
  const Vector mask = Vector::repeat(kept, kept);
  for (int pair = 0; pair < 4; ++pair) {
    Vector even = upper[pair].shift_left(16);
    Vector odd = upper[pair];
    if constexpr (kLower) {
      const Vector low_unit = Vector::repeat(0x0000FFFF0000FFFFU, 0x0000FFFF0000FFFFU);
      even = even | (lower[pair] & low_unit);
      odd = odd.without(low_unit) | lower[pair].shift_right(16);
    }
    if constexpr (kMask) {
      even = even & mask;
      odd = odd & mask;
    }
    std::uint32_t* words = request.words + std::int64_t{2} * pair * request.step_stride + first;
    even.store(words);
    odd.store(words + request.step_stride);
  }
}

template <class Vector>
inline void fill_chains_of(const ChainRequest& request) {
  // Without a mask an odd word keeps the upper half of its neighbour.
  const bool masked = !request.lower_halves || request.kept != 0xFFFFFFFFU;
  for (std::int64_t first = 0; first < request.count; first += 4 * Vector::kBlocks) {
    if (request.lower_halves) {
      masked ? chain_step<Vector, true, true>(request, first)
             : chain_step<Vector, true, false>(request, first);
    } else {
      chain_step<Vector, false, true>(request, first);
    }
  }
}

template <class Vector>
inline void fill_halves_of(const ChainRequest& request) {
  for (std::int64_t first = 0; first < request.count; first += 4 * Vector::kBlocks) {
    Vector halves[4];
    chain_blocks(request, request.chains + first, request.block, halves);
    for (int pair = 0; pair < 4; ++pair) {
      halves[pair].store(request.words + pair * request.step_stride + first);
    }
  }
}

}  // namespace
}  // namespace mantissa::rounding_words
