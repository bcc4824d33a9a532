#pragma once

#include <cstdint>

/// What the linear and the logarithmic takum have in common: their codes (Hunhold, Beating Posits
/// at Their Own Game: Takum Arithmetic, 2024, arXiv 2404.18603, section 4).
///
/// Behind the sign stand a direction bit D, 3 bits that give the length r of the characteristic
/// (its complement where D = 0), r bits of the characteristic c in -255..254, and what is left as
/// the mantissa m in [0, 1). A code that is too short for that has zeros behind its end. All of it
/// says l = c + m; here l is a `position`, in units of 2^-24.
///
/// Beginning with 2^(N-2), the code of l = 0, the codes of l >= 0 are the floats 1 + l of 3
/// exponent bits, r, and N - 5 fraction bits; the code of -l is as far below 2^(N-2) as that of l
/// is above.
namespace mantissa::takum {

constexpr int kMinBits = 6;     ///< the sign, the direction, the length, and a bit for both ends
constexpr int kHeaderBits = 5;  ///< sign, direction and length
constexpr int kPositionBits = 24;

/// Bits of a characteristic: r.
int characteristic_bits(int characteristic);

/// Mantissa bits of a code of `bits` bits; -k where the last k bits of the characteristic are cut.
int mantissa_bits(int bits, int characteristic);

/// l of the positive code 1..2^(bits - 1) - 1; `bits` is at most 29.
std::int64_t position(std::uint32_t code, int bits);

/// The positive code with this l; of other l that of the next toward 0.
std::uint32_t code(std::int64_t position, int bits);

/// Of a negative number: the two's complement.
std::uint32_t negated(std::uint32_t code, int bits);

/// NaR: the sign alone.
std::uint32_t not_a_real(int bits);

}  // namespace mantissa::takum
