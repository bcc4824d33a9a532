#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/exact.h"
#include "numeric/format.h"
#include "numeric/log_ladder.h"
#include "numeric/neighbours.h"
#include "numeric/rounding_grid.h"

/// What every family of formats defines for its parameters, each set in the family's own file.
/// `format.cpp` and `quantize.cpp` choose among them by the alternative that a Format holds.
namespace mantissa::family {

/// Why no such format is possible; empty if it is.
std::string fault(const FloatFormat& format);
std::string fault(const FixedFormat& format);
std::string fault(const PositFormat& format);
std::string fault(const TakumFormat& format);
std::string fault(const LinearTakumFormat& format);
std::string fault(const LnsFormat& format);
std::string fault(const UnumFormat& format);

/// A possible format near an impossible one: the suggestion of error texts.
FloatFormat nearest_possible(FloatFormat format);
FixedFormat nearest_possible(FixedFormat format);
PositFormat nearest_possible(PositFormat format);
TakumFormat nearest_possible(TakumFormat format);
LinearTakumFormat nearest_possible(LinearTakumFormat format);
LnsFormat nearest_possible(LnsFormat format);
UnumFormat nearest_possible(UnumFormat format);

std::string spelling(const FloatFormat& format);
std::string spelling(const FixedFormat& format);
std::string spelling(const PositFormat& format);
std::string spelling(const TakumFormat& format);
std::string spelling(const LinearTakumFormat& format);
std::string spelling(const LnsFormat& format);
std::string spelling(const UnumFormat& format);

nlohmann::json to_json(const FloatFormat& format);
nlohmann::json to_json(const FixedFormat& format);
nlohmann::json to_json(const PositFormat& format);
nlohmann::json to_json(const TakumFormat& format);
nlohmann::json to_json(const LinearTakumFormat& format);
nlohmann::json to_json(const LnsFormat& format);
nlohmann::json to_json(const UnumFormat& format);

FormatFacts facts(const FloatFormat& format);
FormatFacts facts(const FixedFormat& format);
FormatFacts facts(const PositFormat& format);
FormatFacts facts(const TakumFormat& format);
FormatFacts facts(const LinearTakumFormat& format);
FormatFacts facts(const LnsFormat& format);
FormatFacts facts(const UnumFormat& format);

double decode(const FloatFormat& format, std::uint32_t code);
double decode(const FixedFormat& format, std::uint32_t code);
double decode(const PositFormat& format, std::uint32_t code);
double decode(const TakumFormat& format, std::uint32_t code);
double decode(const LinearTakumFormat& format, std::uint32_t code);
double decode(const LnsFormat& format, std::uint32_t code);
double decode(const UnumFormat& format, std::uint32_t code);

/// The code of `value`, which is a member of the format, or NaN or infinite only if the format has
/// such a code.
std::uint32_t encode(const FloatFormat& format, double value);
std::uint32_t encode(const FixedFormat& format, double value);
std::uint32_t encode(const PositFormat& format, double value);
std::uint32_t encode(const TakumFormat& format, double value);
std::uint32_t encode(const LinearTakumFormat& format, double value);
std::uint32_t encode(const LnsFormat& format, double value);
std::uint32_t encode(const UnumFormat& format, double value);

bool has_negative_zero(const FloatFormat& format);
bool has_negative_zero(const FixedFormat& format);
bool has_negative_zero(const PositFormat& format);
bool has_negative_zero(const TakumFormat& format);
bool has_negative_zero(const LinearTakumFormat& format);
bool has_negative_zero(const LnsFormat& format);
bool has_negative_zero(const UnumFormat& format);

/// The member that a finite number, not zero, rounds to.
double round(const FloatFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);
double round(const FixedFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);

/// The members between which the magnitude of a finite number, not zero, lies: all that rounding
/// needs to know of a format whose members are as far apart as they like.
Neighbours neighbours(const PositFormat& format, const ExactValue& value);
Neighbours neighbours(const LinearTakumFormat& format, const ExactValue& value);
Neighbours neighbours(const UnumFormat& format, const ExactValue& value);

/// The members of a logarithmic format.
LogLadder ladder(const TakumFormat& format);
LogLadder ladder(const LnsFormat& format);

template <typename Parameters>
concept Logarithmic = requires(const Parameters& format) {
  ladder(format);
};

template <Logarithmic Parameters>
Neighbours neighbours(const Parameters& format, const ExactValue& value) {
  return ladder(format).around(value);
}

/// A family is uneven if it has neighbours instead of a rounding of its own and a grid.
template <typename Parameters>
concept Uneven = requires(const Parameters& format, const ExactValue& value) {
  neighbours(format, value);
};

template <Uneven Parameters>
double round(const Parameters& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random) {
  const double rounded = choose(neighbours(format, value), value, mode, random);
  return has_negative_zero(format) ? rounded : rounded + 0.0;
}

/// What an infinite input becomes.
double overflow(const FloatFormat& format, bool negative);
double overflow(const FixedFormat& format, bool negative);
double overflow(const PositFormat& format, bool negative);
double overflow(const TakumFormat& format, bool negative);
double overflow(const LinearTakumFormat& format, bool negative);
double overflow(const LnsFormat& format, bool negative);
double overflow(const UnumFormat& format, bool negative);

/// Where the values lie, for the vector kernels.
RoundingGrid grid(const FloatFormat& format);
RoundingGrid grid(const FixedFormat& format);

/// The format of an alias or of a spelling in one of the families; nullopt if the text is neither.
std::optional<Format> parse_spelling(std::string_view text);

/// The rows of `families()`.
const FormatFamily& float_family();
const FormatFamily& fixed_family();
const FormatFamily& posit_family();
const FormatFamily& takum_family();
const FormatFamily& linear_takum_family();
const FormatFamily& lns_family();
const FormatFamily& unum_family();

}  // namespace mantissa::family
