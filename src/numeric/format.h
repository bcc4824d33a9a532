#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace mantissa {

/// Which codes of a binary float stand for infinities and NaN.
enum class Specials : std::uint8_t {
  ieee,        ///< the top exponent holds +-infinity and NaNs
  finite_nan,  ///< suffix `fn`: no infinity; all ones is NaN, the rest of the top exponent are
               ///< numbers
  unsigned_zero_nan,  ///< suffix `fnuz`: no infinity; NaN has the code of -0, and the bias is one
                      ///< larger
  unsigned_zero,      ///< suffix `uz`: the same, but all ones is infinity (IEEE P3109, extended)
  none,               ///< suffix `fin`: every code is a finite number
};

/// A binary floating-point format, laid out as IEEE 754-2019 section 3.4 does: sign, exponent,
/// fraction.
///
/// Spelled `e<X>m<Y>` and, in this order, the suffixes that apply: `fn`, `fnuz`, `uz` or `fin`;
/// `b<K>`, the bias where it is not `default_bias`; `nosub`; `sat`. Every finite value must be a
/// binary32 value (down to its subnormals).
struct FloatFormat {
  int exponent_bits = 8;   ///< 1..8
  int fraction_bits = 23;  ///< 0..23, stored bits of the significand
  int bias = 127;
  Specials specials = Specials::ieee;
  bool subnormals = true;  ///< false (`nosub`): a subnormal result becomes a zero of the same sign
  bool saturates = false;  ///< true (`sat`): overflow gives the largest finite value

  /// 2^(exponent_bits - 1) - 1, and one more for `fnuz` and `uz`.
  static int default_bias(int exponent_bits, Specials specials);

  int significand_bits() const { return fraction_bits + 1; }
  int storage_bits() const { return 1 + exponent_bits + fraction_bits; }
  int min_exponent() const;  ///< of the smallest normal number
  int max_exponent() const;  ///< of the largest finite number
  double max_finite() const;
  double min_normal() const;
  double min_subnormal() const;  ///< 2^(min_exponent - fraction_bits); the quantum near zero
  bool has_negative_zero() const {
    return specials != Specials::unsigned_zero_nan && specials != Specials::unsigned_zero;
  }
  bool has_infinity() const {
    return (specials == Specials::ieee || specials == Specials::unsigned_zero) && !saturates;
  }

  friend bool operator==(const FloatFormat&, const FloatFormat&) = default;
};

/// Two's complement fixed point `q<I>.<F>`: I integer bits with the sign, F fraction bits;
/// saturates. I is at least 1, F at least 0, and I + F in 2..25, so that every value is a binary32
/// value.
struct FixedFormat {
  int integer_bits = 8;
  int fraction_bits = 8;

  int storage_bits() const { return integer_bits + fraction_bits; }
  double max_value() const;  ///< 2^(I-1) - 2^-F
  double min_value() const;  ///< -2^(I-1)
  double quantum() const;    ///< 2^-F

  friend bool operator==(const FixedFormat&, const FixedFormat&) = default;
};

/// Posit `posit<N>es<ES>`, or `posit<N>` with ES = 2 (Standard for Posit Arithmetic, 2022): sign,
/// regime in unary, up to ES exponent bits, and what is left of the N bits as fraction.
///
/// Neither -0 nor infinity; NaR stands for both infinity and NaN. A result is never rounded to zero
/// or NaR, in any mode. Every posit must be a binary32 value.
struct PositFormat {
  int bits = 16;          ///< N, at least 2
  int exponent_bits = 2;  ///< ES, 0..6

  int max_exponent()
      const;  ///< of the largest posit, which is 2^max_exponent, and 1 / the smallest
  /// Fraction bits of the posits in [2^exponent, 2^(exponent + 1)), for a magnitude below the
  /// largest. -c where so much is cut that only every 2^c-th power of two is a posit.
  int fraction_bits(int exponent) const;

  friend bool operator==(const PositFormat&, const PositFormat&) = default;
};

/// Takum `takum<N>` (Hunhold, 2024, arXiv 2404.18603), a logarithmic format: sign, and the
/// logarithm l to the base sqrt(e), -255 <= l < 255, of which the integer part is stored with its
/// length, so that the fraction has N - 5 bits where |l| < 1 and N - 12 where it is large.
///
/// The value is the binary32 number nearest to sqrt(e)^l. Neither -0 nor infinity; NaR stands for
/// both infinity and NaN. A result is never rounded to zero or NaR. Only takums whose magnitudes
/// are those of normal binary32 numbers are in reach: the others are no members, so that rounding
/// saturates at the last ones. Rounding to nearest is that of l, to the nearer code.
struct TakumFormat {
  int bits = 16;  ///< N, 6..27

  friend bool operator==(const TakumFormat&, const TakumFormat&) = default;
};

/// Linear takum `takumlin<N>`: the codes of takums, read as floats (1 + m) 2^c where l = c + m. The
/// same rules hold.
struct LinearTakumFormat {
  int bits = 16;  ///< N, 6..28

  /// Of the takums in [2^exponent, 2^(exponent + 1)); -c where so much is cut that only every
  /// 2^c-th power of two is a takum.
  int fraction_bits(int exponent) const;
  double max_finite() const;
  double min_positive() const;

  friend bool operator==(const LinearTakumFormat&, const LinearTakumFormat&) = default;
};

/// Logarithmic number `lns<I>.<F>`: sign, zero flag, and log2 of the magnitude in two's complement,
/// I integer bits with its sign and F fraction bits.
///
/// The value of a logarithm is the binary32 number nearest to the power of two. Rounding to nearest
/// is that of the logarithm, as if it had no lower end; then what is half of the smallest magnitude
/// or less becomes zero, and what lies between both the smallest. Neither -0, infinity nor NaN:
/// saturates. Logarithms below -126 are out of reach. With F
/// <= 21 the logarithms of two values are off by less than half of 2^-F together, so that their
/// product rounds to the sum of the logarithms.
struct LnsFormat {
  int integer_bits = 5;    ///< I, 1..8
  int fraction_bits = 10;  ///< F, 0..21

  int logarithm_bits() const { return integer_bits + fraction_bits; }

  friend bool operator==(const LnsFormat&, const LnsFormat&) = default;
};

/// Unum of type I `unum<ESS>_<FSS>` (Gustafson, The End of Error, 2015): a float with subnormals,
/// and 1 to 2^ESS exponent and 1 to 2^FSS fraction bits, whichever numbers of bits suit the value,
/// and a tag of ESS + FSS + 1 bits that says how many there are and whether the value is inexact.
///
/// Its values are those of the largest sizes. Infinity is exact only: a finite value beyond the
/// largest number becomes that.
struct UnumFormat {
  int exponent_size_bits = 3;  ///< ESS, 0..3
  int fraction_size_bits = 4;  ///< FSS, 0..4

  int exponent_bits() const { return 1 << exponent_size_bits; }
  int fraction_bits() const { return 1 << fraction_size_bits; }
  int bias() const { return (1 << (exponent_bits() - 1)) - 1; }
  int max_exponent() const;
  double max_finite() const;
  double min_positive() const;  ///< the quantum of the subnormals
  /// Of the shortest encoding of a member, tag included.
  int value_bits(double value) const;

  friend bool operator==(const UnumFormat&, const UnumFormat&) = default;
};

/// A number format is a value, not a type: the same compiled kernels serve all of them.
///
/// A family is one file (`float_format.cpp`, `posit_format.cpp`), one alternative here and one row
/// in `families()`.
class Format {
 public:
  using Parameters = std::variant<FloatFormat, FixedFormat, PositFormat, TakumFormat,
                                  LinearTakumFormat, LnsFormat, UnumFormat>;

  Format() = default;  ///< fp32
  /// Throws Error with the nearest valid spelling if no such format is possible.
  Format(Parameters parameters);  // NOLINT(google-explicit-constructor)
  template <typename Family>
  requires(!std::is_same_v<Family, Format> && std::is_constructible_v<Parameters, Family>)
      Format(Family family)  // NOLINT(google-explicit-constructor)
      : Format(Parameters(family)) {}

  const Parameters& parameters() const { return parameters_; }
  const FloatFormat* as_float() const { return std::get_if<FloatFormat>(&parameters_); }
  const FixedFormat* as_fixed() const { return std::get_if<FixedFormat>(&parameters_); }

  bool is_fp32() const;  ///< e8m23: quantising to it changes nothing

  friend bool operator==(const Format&, const Format&) = default;

 private:
  Parameters parameters_;
};

/// The canonical spelling: `e4m3fn`, `q8.8`. Two equal formats have one spelling. Aliases (`fp32`,
/// `tf32`, `bf16`, `fp16`) are spelled out by `display_name` only.
std::string spelling(const Format& format);

/// The alias where there is one (`fp32`, `tf32`, `bf16`, `fp16`), else the canonical spelling.
std::string display_name(const Format& format);

/// Reads a spelling, an alias, the name of a shipped file `formats/<name>.json`, or the path of a
/// JSON file (a text that ends in `.json`). Throws Error with the nearest valid spelling, and for a
/// format with scales.
Format parse_format(std::string_view text);

/// The canonical JSON form, `{"family": "float", "exponent_bits": 4, ...}`; spelling -> JSON ->
/// spelling is the identity.
nlohmann::json to_json(const Format& format);

/// Reads what `parse_format` reads (JSON string) or the canonical object, in which all fields but
/// `family` and the numbers of bits may be left out. `where` names the place for errors. Unknown
/// keys are errors.
Format format_from_json(const nlohmann::json& value, std::string_view where);

/// What `mantissa formats show` prints and the cost model reads.
struct FormatFacts {
  std::string family;         ///< "float", "fixed", "posit" ...
  double storage_bits = 32;   ///< bits per element in memory
  int code_bits = 32;         ///< bits of a code, as `decode` reads it
  int significand_bits = 24;  ///< width of the multiplier's operand, hidden bit included (fixed:
                              ///< all bits but the sign)
  int exponent_bits = 8;      ///< 0 for fixed point
  int logarithm_bits = 0;     ///< of what a logarithmic unit adds and subtracts; 0 of other formats
  double max_finite = 0;
  double min_finite = 0;    ///< the most negative value
  double min_positive = 0;  ///< subnormals included
  double min_normal = 0;    ///< equal to min_positive where the format has no subnormals
  double epsilon = 0;       ///< distance from 1 to the next larger value; 0 where 1 is not a value
  std::uint64_t finite_values = 0;  ///< distinct, with +0 and -0 as one
  bool has_infinity = false;
  bool has_nan = false;
  bool has_negative_zero = false;
};
FormatFacts facts(const Format& format);

/// Bits per element of a tensor whose elements are members of `format`: those of a code, but what
/// the elements take where a format's encodings have several lengths (unums).
double mean_storage_bits(std::span<const float> values, const Format& format);

/// All finite values in ascending order, -0 left out. Throws Error if the format has more than 2^16
/// codes.
std::vector<double> finite_values(const Format& format);

/// The value of a code of `storage_bits` bits, sign first; infinities and NaN where the format has
/// them.
double decode(const Format& format, std::uint32_t code);

/// The code of a member of the format. A NaN, an infinity or a zero that the format has no code
/// for, like any other number that is not a member, has none. (`decode` reads codes back that
/// `encode` never gives: other NaNs, subnormals of `nosub`.)
std::optional<std::uint32_t> encode(const Format& format, double value);

/// A family of formats, for listings: name, how it is spelled, an example, one sentence, its
/// source.
struct FormatFamily {
  std::string_view name;
  std::string_view pattern;
  std::string_view example;
  std::string_view summary;
  std::string_view source;
  /// nullopt if the text is not of this family; throws Error if it is, but no such format is
  /// possible.
  std::optional<Format> (*parse)(std::string_view text) = nullptr;
  /// Reads the family's own fields of the JSON object.
  Format (*from_json)(const nlohmann::json& object, std::string_view where) = nullptr;
};
const std::vector<FormatFamily>& families();

/// Names of the shipped format files, sorted.
std::vector<std::string> format_file_names();

std::ostream& operator<<(std::ostream& stream, const Format& format);

}  // namespace mantissa
