#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "numeric/exact.h"
#include "numeric/format.h"
#include "numeric/rounding_grid.h"

/// What every family of formats defines for its parameters, each set in the family's own file.
/// `format.cpp` and `quantize.cpp` choose among them by the alternative that a Format holds.
namespace mantissa::family {

/// Why no such format is possible; empty if it is.
std::string fault(const FloatFormat& format);
std::string fault(const FixedFormat& format);

/// A possible format near an impossible one: the suggestion of error texts.
FloatFormat nearest_possible(FloatFormat format);
FixedFormat nearest_possible(FixedFormat format);

std::string spelling(const FloatFormat& format);
std::string spelling(const FixedFormat& format);

nlohmann::json to_json(const FloatFormat& format);
nlohmann::json to_json(const FixedFormat& format);

FormatFacts facts(const FloatFormat& format);
FormatFacts facts(const FixedFormat& format);

double decode(const FloatFormat& format, std::uint32_t code);
double decode(const FixedFormat& format, std::uint32_t code);

/// The code of `value`, which is a member of the format, or NaN or infinite only if the format has
/// such a code.
std::uint32_t encode(const FloatFormat& format, double value);
std::uint32_t encode(const FixedFormat& format, double value);

/// The member that a finite number, not zero, rounds to.
double round(const FloatFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);
double round(const FixedFormat& format, const ExactValue& value, RoundingMode mode,
             std::uint32_t random);

/// What an infinite input becomes.
double overflow(const FloatFormat& format, bool negative);
double overflow(const FixedFormat& format, bool negative);

/// Where the values lie, for the vector kernels.
RoundingGrid grid(const FloatFormat& format);
RoundingGrid grid(const FixedFormat& format);

/// The rows of `families()`.
const FormatFamily& float_family();
const FormatFamily& fixed_family();

}  // namespace mantissa::family
