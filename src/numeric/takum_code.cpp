#include "numeric/takum_code.h"

#include <bit>
#include <cstdlib>

namespace mantissa::takum {

int characteristic_bits(int characteristic) {
  const int magnitude = characteristic >= 0 ? characteristic + 1 : -characteristic;
  return std::bit_width(static_cast<unsigned>(magnitude)) - 1;
}

int mantissa_bits(int bits, int characteristic) {
  return bits - kHeaderBits - characteristic_bits(characteristic);
}

std::int64_t position(std::uint32_t code, int bits) {
  const std::int64_t distance = std::int64_t{code} - (std::int64_t{1} << (bits - 2));
  const int fraction_bits = bits - kHeaderBits;
  const std::int64_t one = std::int64_t{1} << fraction_bits;
  const std::int64_t length = std::abs(distance) >> fraction_bits;
  const std::int64_t significand = one + (std::abs(distance) & (one - 1));
  const std::int64_t magnitude = (significand << (kPositionBits - fraction_bits + length)) -
                                 (std::int64_t{1} << kPositionBits);
  return distance < 0 ? -magnitude : magnitude;
}

std::uint32_t code(std::int64_t position, int bits) {
  const std::int64_t one_more = (std::int64_t{1} << kPositionBits) + std::abs(position);
  const int length =
      static_cast<int>(std::bit_width(static_cast<std::uint64_t>(one_more))) - 1 - kPositionBits;
  const int fraction_bits = bits - kHeaderBits;
  // With the leading one, which counts one length.
  const std::int64_t significand = one_more >> (kPositionBits - fraction_bits + length);
  const std::int64_t distance =
      (std::int64_t{length} << fraction_bits) + significand - (std::int64_t{1} << fraction_bits);
  const std::int64_t middle = std::int64_t{1} << (bits - 2);
  return static_cast<std::uint32_t>(position < 0 ? middle - distance : middle + distance);
}

std::uint32_t negated(std::uint32_t code, int bits) {
  return (0U - code) & (not_a_real(bits) * 2 - 1);
}

std::uint32_t not_a_real(int bits) {
  return 1U << (bits - 1);
}

}  // namespace mantissa::takum
