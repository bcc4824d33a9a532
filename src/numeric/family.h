#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/exact.h"
#include "numeric/format.h"
#include "numeric/neighbours.h"
#include "numeric/rounding_grid.h"

/// What every family of formats defines for its parameters, each set in the family's own file.
/// `format.cpp` and `quantize.cpp` choose among them by the alternative that a Format holds.
namespace mantissa::family {

/// Why no such format is possible; empty if it is.
std::string fault(const FloatFormat& format);
std::string fault(const FixedFormat& format);
std::string fault(const PositFormat& format);

/// A possible format near an impossible one: the suggestion of error texts.
FloatFormat nearest_possible(FloatFormat format);
FixedFormat nearest_possible(FixedFormat format);
PositFormat nearest_possible(PositFormat format);

std::string spelling(const FloatFormat& format);
std::string spelling(const FixedFormat& format);
std::string spelling(const PositFormat& format);

nlohmann::json to_json(const FloatFormat& format);
nlohmann::json to_json(const FixedFormat& format);
nlohmann::json to_json(const PositFormat& format);

FormatFacts facts(const FloatFormat& format);
FormatFacts facts(const FixedFormat& format);
FormatFacts facts(const PositFormat& format);

double decode(const FloatFormat& format, std::uint32_t code);
double decode(const FixedFormat& format, std::uint32_t code);
double decode(const PositFormat& format, std::uint32_t code);

/// The code of `value`, which is a member of the format, or NaN or infinite only if the format has
/// such a code.
std::uint32_t encode(const FloatFormat& format, double value);
std::uint32_t encode(const FixedFormat& format, double value);
std::uint32_t encode(const PositFormat& format, double value);

/// The member that a finite number, not zero, rounds to.
double round(const FloatFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);
double round(const FixedFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);

/// The members between which the magnitude of a finite number, not zero, lies: all that rounding
/// needs to know of a format whose members are as far apart as they like.
Neighbours neighbours(const PositFormat& format, const ExactValue& value);

/// A family is uneven if it has neighbours instead of a rounding of its own and a grid.
template <typename Parameters>
concept Uneven = requires(const Parameters& format, const ExactValue& value) {
  neighbours(format, value);
};

template <Uneven Parameters>
double round(const Parameters& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random) {
  return choose(neighbours(format, value), value, mode, random);
}

/// What an infinite input becomes.
double overflow(const FloatFormat& format, bool negative);
double overflow(const FixedFormat& format, bool negative);
double overflow(const PositFormat& format, bool negative);

/// Where the values lie, for the vector kernels.
RoundingGrid grid(const FloatFormat& format);
RoundingGrid grid(const FixedFormat& format);

bool has_negative_zero(const FloatFormat& format);
bool has_negative_zero(const FixedFormat& format);
bool has_negative_zero(const PositFormat& format);

/// The rows of `families()`.
const FormatFamily& float_family();
const FormatFamily& fixed_family();
const FormatFamily& posit_family();

}  // namespace mantissa::family
