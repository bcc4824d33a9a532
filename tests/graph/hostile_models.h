#pragma once

#include <string>

#include "support/random.h"

namespace mantissa {

/// A sound model with operators that have many attributes and settings, and weights that are small
/// beside them.
std::string model_of_many_operators();

/// The model with a few of its numbers, operators or names replaced by ones that suit an attacker:
/// still a valid protobuf, so that the damage reaches the parts behind the parser.
std::string hostile_variant(const std::string& bytes, RandomKey key);

}  // namespace mantissa
