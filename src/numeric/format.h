#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace mantissa {

/// Which codes of a binary float stand for infinities and NaN.
enum class Specials : std::uint8_t {
  ieee,      ///< the top exponent holds +-infinity and NaNs
  finite_nan,  ///< suffix `fn`: no infinity; all ones is NaN, the rest of the top exponent are numbers
  unsigned_zero_nan,  ///< suffix `fnuz`: no infinity; NaN has the code of -0, and the bias is one larger
  none,      ///< suffix `fin`: every code is a finite number
};

/// A binary floating-point format, `e<X>m<Y>` with suffixes (numerics.md section 1; IEEE 754-2019 section 3).
struct FloatFormat {
  int exponent_bits = 8;  ///< 1..8
  int fraction_bits = 23; ///< 0..23, stored bits of the significand
  int bias = 127;
  Specials specials = Specials::ieee;
  bool subnormals = true;  ///< false (`nosub`): a subnormal result becomes a zero of the same sign
  bool saturates = false;  ///< true (`sat`): overflow gives the largest finite value

  int significand_bits() const { return fraction_bits + 1; }
  int min_exponent() const;  ///< of the smallest normal number
  int max_exponent() const;  ///< of the largest finite number
  double max_finite() const;
  double min_normal() const;
  double min_subnormal() const;  ///< 2^(min_exponent - fraction_bits); the quantum near zero
  bool has_negative_zero() const { return specials != Specials::unsigned_zero_nan; }
  bool has_infinity() const { return specials == Specials::ieee && !saturates; }

  friend bool operator==(const FloatFormat&, const FloatFormat&) = default;
};

/// Two's complement fixed point `q<I>.<F>`: I integer bits with the sign, F fraction bits; saturates.
struct FixedFormat {
  int integer_bits = 8;
  int fraction_bits = 8;

  double max_value() const;  ///< 2^(I-1) - 2^-F
  double min_value() const;  ///< -2^(I-1)
  double quantum() const;    ///< 2^-F

  friend bool operator==(const FixedFormat&, const FixedFormat&) = default;
};

/// A number format is a value, not a type: the same compiled kernels serve all of them.
///
/// A family is one file (`float_format.cpp`, `fixed_format.cpp`), one alternative here and one row in `families()`.
class Format {
 public:
  using Parameters = std::variant<FloatFormat, FixedFormat>;

  Format() = default;  ///< fp32
  Format(FloatFormat parameters) : parameters_(parameters) {}  // NOLINT(google-explicit-constructor)
  Format(FixedFormat parameters) : parameters_(parameters) {}  // NOLINT(google-explicit-constructor)

  const Parameters& parameters() const { return parameters_; }
  const FloatFormat* as_float() const { return std::get_if<FloatFormat>(&parameters_); }
  const FixedFormat* as_fixed() const { return std::get_if<FixedFormat>(&parameters_); }

  bool is_fp32() const;  ///< e8m23: quantising to it changes nothing

  friend bool operator==(const Format&, const Format&) = default;

 private:
  Parameters parameters_;
};

/// The canonical spelling: `e4m3fn`, `q8.8`. Two equal formats have one spelling. Aliases (`fp32`, `tf32`, `bf16`, `fp16`)
/// are spelled out by `display_name` only.
std::string spelling(const Format& format);

/// The alias where there is one (`fp32`, `tf32`, `bf16`, `fp16`), else the canonical spelling.
std::string display_name(const Format& format);

/// Reads a spelling, an alias, or the name of a file `formats/<name>.json`.
/// Throws Error with the nearest valid spelling.
Format parse_format(std::string_view text);

/// The canonical JSON form, `{"family": "float", "exponent_bits": 4, ...}`; spelling -> JSON -> spelling is the identity.
nlohmann::json to_json(const Format& format);

/// Reads a spelling (JSON string) or the canonical object. `where` names the place for errors.
Format format_from_json(const nlohmann::json& value, std::string_view where);

/// What `mantissa formats show` prints and the cost model reads.
struct FormatFacts {
  std::string family;           ///< "float", "fixed"
  double storage_bits = 32;     ///< bits per element in memory
  int significand_bits = 24;    ///< width of the multiplier's operand, hidden bit included (fixed: all bits but the sign)
  int exponent_bits = 8;        ///< 0 for fixed point
  double max_finite = 0;
  double min_finite = 0;        ///< the most negative value
  double min_positive = 0;      ///< subnormals included
  double min_normal = 0;        ///< equal to min_positive where the format has no subnormals
  double epsilon = 0;           ///< distance from 1 to the next larger value; 0 where 1 is not a value
  std::uint64_t finite_values = 0;  ///< distinct, with +0 and -0 as one
  bool has_infinity = false;
  bool has_nan = false;
  bool has_negative_zero = false;
};
FormatFacts facts(const Format& format);

/// All finite values in ascending order, -0 left out. Throws Error if the format has more than 2^16 codes.
std::vector<double> finite_values(const Format& format);

/// A family of formats, for listings: name, how it is spelled, an example, one sentence, its source.
struct FormatFamily {
  std::string_view name;
  std::string_view pattern;
  std::string_view example;
  std::string_view summary;
  std::string_view source;
  std::optional<Format> (*parse)(std::string_view text) = nullptr;  ///< nullopt if the text is not of this family
};
const std::vector<FormatFamily>& families();

/// Names of the shipped format files, sorted.
std::vector<std::string> format_file_names();

std::ostream& operator<<(std::ostream& stream, const Format& format);

}  // namespace mantissa
