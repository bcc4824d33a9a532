// The generator of rounding words without special instructions, from FIPS 197's definition of a
// round of AES.

#include <array>
#include <bit>

#include "numeric/rounding_words-inl.h"

namespace mantissa::rounding_words {
namespace {

using Byte = std::uint8_t;

/// Times x modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4.2.1).
constexpr Byte times_x(Byte value) {
  return static_cast<Byte>((value << 1) ^ ((value & 0x80) != 0 ? 0x1B : 0));
}

/// The substitution of bytes: the inverse in that field, then an affine map (section 5.1.1). Powers
/// of the generator 3 and of its inverse run through all values and their inverses.
constexpr std::array<Byte, 256> make_substitution() {
  std::array<Byte, 256> table{};
  Byte value = 1;
  Byte inverse = 1;
  do {
    value = static_cast<Byte>(value ^ times_x(value));
    // Divided by 3: times 0xF6, as shifts.
    inverse = static_cast<Byte>(inverse ^ (inverse << 1));
    inverse = static_cast<Byte>(inverse ^ (inverse << 2));
    inverse = static_cast<Byte>(inverse ^ (inverse << 4));
    if ((inverse & 0x80) != 0) inverse ^= 0x09;
    const Byte mapped = static_cast<Byte>(inverse ^ std::rotl(inverse, 1) ^ std::rotl(inverse, 2) ^
                                          std::rotl(inverse, 3) ^ std::rotl(inverse, 4) ^ 0x63);
    table[value] = mapped;
  } while (value != 1);
  table[0] = 0x63;
  return table;
}

constexpr std::array<Byte, 256> kSubstitution = make_substitution();
static_assert(kSubstitution[0x53] == 0xED);  // FIPS 197's example

constexpr Byte byte_of(std::uint32_t word, int index) {
  return static_cast<Byte>(word >> (8 * index));
}

struct Vector {
  static constexpr int kBlocks = 1;
  std::array<std::uint32_t, 4> word;

  static Vector repeat(std::uint64_t low, std::uint64_t high) {
    return {{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
             static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)}};
  }
  static Vector count_up(std::uint64_t block) { return repeat(0, block); }
  static Vector spread(const std::uint64_t* chains, int j) { return repeat(chains[j], 0); }

  /// Bytes substituted, rows shifted: row r of column c comes from column c + r.
  Vector substitute() const {
    Vector result{};
    for (std::size_t column = 0; column < 4; ++column) {
      for (std::size_t row = 0; row < 4; ++row) {
        const Byte byte = byte_of(word[(column + row) % 4], static_cast<int>(row));
        result.word[column] |= std::uint32_t{kSubstitution[byte]} << (8 * row);
      }
    }
    return result;
  }
  Vector aes_last_round(Vector key) const { return substitute() ^ key; }
  Vector aes_round(Vector key) const {
    Vector mixed = substitute();
    for (std::uint32_t& column : mixed.word) {
      std::uint32_t result = 0;
      for (int row = 0; row < 4; ++row) {
        const Byte a = byte_of(column, row);
        const Byte b = byte_of(column, (row + 1) % 4);
        const Byte c = byte_of(column, (row + 2) % 4);
        const Byte d = byte_of(column, (row + 3) % 4);
        const Byte sum = static_cast<Byte>(times_x(static_cast<Byte>(a ^ b)) ^ b ^ c ^ d);
        result |= std::uint32_t{sum} << (8 * row);
      }
      column = result;
    }
    return mixed ^ key;
  }

  template <class Operation>
  static Vector each(Vector a, Vector b, Operation operation) {
    Vector result{};
    for (std::size_t i = 0; i < 4; ++i) result.word[i] = operation(a.word[i], b.word[i]);
    return result;
  }
  friend Vector operator^(Vector a, Vector b) {
    return each(a, b, [](std::uint32_t x, std::uint32_t y) { return x ^ y; });
  }
  friend Vector operator&(Vector a, Vector b) {
    return each(a, b, [](std::uint32_t x, std::uint32_t y) { return x & y; });
  }
  friend Vector operator|(Vector a, Vector b) {
    return each(a, b, [](std::uint32_t x, std::uint32_t y) { return x | y; });
  }
  Vector without(Vector mask) const {
    return each(*this, mask, [](std::uint32_t x, std::uint32_t y) { return x & ~y; });
  }
  Vector shift_left(int count) const {
    return each(*this, *this, [count](std::uint32_t x, std::uint32_t) { return x << count; });
  }
  Vector shift_right(int count) const {
    return each(*this, *this, [count](std::uint32_t x, std::uint32_t) { return x >> count; });
  }
  static constexpr std::uint32_t low_units(std::uint32_t a, std::uint32_t b) {
    return (a & 0xFFFF) | (b << 16);
  }
  static constexpr std::uint32_t high_units(std::uint32_t a, std::uint32_t b) {
    return (a >> 16) | (b & 0xFFFF0000);
  }
  static Vector interleave16(std::uint32_t a0, std::uint32_t a1, std::uint32_t b0,
                             std::uint32_t b1) {
    return {{low_units(a0, b0), high_units(a0, b0), low_units(a1, b1), high_units(a1, b1)}};
  }
  Vector interleave_lower16(const Vector& b) const {
    return interleave16(word[0], word[1], b.word[0], b.word[1]);
  }
  Vector interleave_upper16(const Vector& b) const {
    return interleave16(word[2], word[3], b.word[2], b.word[3]);
  }
  Vector interleave_lower32(const Vector& b) const {
    return {{word[0], b.word[0], word[1], b.word[1]}};
  }
  Vector interleave_upper32(const Vector& b) const {
    return {{word[2], b.word[2], word[3], b.word[3]}};
  }
  Vector interleave_lower64(const Vector& b) const {
    return {{word[0], word[1], b.word[0], b.word[1]}};
  }
  Vector interleave_upper64(const Vector& b) const {
    return {{word[2], word[3], b.word[2], b.word[3]}};
  }
  void store(std::uint32_t* words) const {
    for (std::size_t i = 0; i < 4; ++i) words[i] = word[i];
  }
  static void store_pairs(const Vector& low, const Vector& high, std::uint32_t* words) {
    low.store(words);
    high.store(words + 4);
  }
};

void fill_stream(const StreamRequest& request) {
  fill_stream_of<Vector>(request);
}
void fill_chains(const ChainRequest& request) {
  fill_chains_of<Vector>(request);
}
void fill_halves(const ChainRequest& request) {
  fill_halves_of<Vector>(request);
}

}  // namespace

Backend portable_backend() {
  return {"portable", fill_stream, fill_chains, fill_halves};
}

}  // namespace mantissa::rounding_words
