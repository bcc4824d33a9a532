// Blocks of the OCP Microscaling formats against a conversion written from the text of the OCP MX
// specification 1.0, sections 5.3 (elements) and 6.3 (conversion), by search among all elements.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/scaled_quantize.h"
#include "numeric/mac.h"
#include "support/random.h"

namespace mantissa {
namespace {

struct Element {
  const char* name;
  int exponent_bits;
  int fraction_bits;
  int bias;
  int largest_code;  ///< of a magnitude: codes behind it are infinities and NaN
  int emax;          ///< the exponent of the largest normal number
};

// Tables 3 to 6 of the specification.
constexpr Element kElements[] = {
    {"mxfp8e4m3", 4, 3, 7, 0x7E, 8}, {"mxfp8e5m2", 5, 2, 15, 0x7B, 15},
    {"mxfp6e3m2", 3, 2, 3, 0x1F, 4}, {"mxfp6e2m3", 2, 3, 1, 0x1F, 2},
    {"mxfp4", 2, 1, 1, 0x7, 2},
};

/// The magnitudes of all elements by their codes, which rise with them.
std::vector<double> magnitudes(const Element& element) {
  std::vector<double> values;
  for (int code = 0; code <= element.largest_code; ++code) {
    const int field = code >> element.fraction_bits;
    const int fraction = code & ((1 << element.fraction_bits) - 1);
    const int hidden = field > 0 ? 1 << element.fraction_bits : 0;
    const int exponent = std::max(field, 1) - element.bias - element.fraction_bits;
    values.push_back(std::ldexp(hidden + fraction, exponent));
  }
  return values;
}

/// The nearest, ties to the even code; larger ones become the largest.
double nearest(const std::vector<double>& magnitudes, double value) {
  const double wanted = std::abs(value);
  const auto above = std::upper_bound(magnitudes.begin(), magnitudes.end(), wanted);
  double found = magnitudes.back();
  if (above != magnitudes.end()) {
    const auto below = above - 1;
    const double twice = 2 * wanted - *below;  // exact: few bits more than binary32
    const bool below_is_even = (below - magnitudes.begin()) % 2 == 0;
    found = twice < *above || (twice == *above && below_is_even) ? *below : *above;
  }
  return std::copysign(found, value);
}

/// Algorithm of section 6.3, the shared exponent kept to E8M0's range.
std::vector<double> convert(const std::vector<float>& block, const Element& element) {
  double largest = 0;
  for (const float value : block) largest = std::max(largest, std::abs(static_cast<double>(value)));
  const int exponent = largest > 0 ? std::ilogb(largest) - element.emax : -127;
  const double scale = std::ldexp(1.0, std::clamp(exponent, -127, 127));
  const std::vector<double> members = magnitudes(element);
  std::vector<double> converted;
  for (const float value : block) {
    converted.push_back(scale * nearest(members, static_cast<double>(value) / scale));
  }
  return converted;
}

/// Values of many magnitudes, some of them ties between elements of the block, which `binade`
/// moves.
std::vector<float> draw_block(std::uint64_t block, int size) {
  const auto first = block * static_cast<std::uint64_t>(size);
  const int binade = static_cast<int>(random_below({3}, block, 200)) - 100;
  std::vector<float> values;
  for (std::uint64_t i = first; i < first + static_cast<std::uint64_t>(size); ++i) {
    const int below = static_cast<int>(random_below({4}, i, 12));
    const double eighths = std::round(random_normal({5}, i) * 16) / 16;
    const double value = random_below({6}, i, 2) == 0 ? eighths : random_normal({5}, i);
    values.push_back(static_cast<float>(std::ldexp(value, binade - below)));
  }
  return values;
}

TEST_CASE("MX blocks are those of the specification's conversion, element by element") {
  constexpr int kBlock = 32;
  for (const Element& element : kElements) {
    const Quantization quantization = parse_quantization(element.name);
    REQUIRE(magnitudes(element).back() >= std::ldexp(1.0, element.emax));
    for (std::uint64_t block = 0; block < 400; ++block) {
      const std::vector<float> values = draw_block(block, kBlock);
      const std::vector<double> expected = convert(values, element);
      Tensor source(Shape{1, kBlock});
      std::copy(values.begin(), values.end(), source.data());
      Tensor rounded;
      quantize_scaled(source, rounded, quantization, {}, {1}, max_magnitude(source));
      for (std::size_t i = 0; i < values.size(); ++i) {
        INFO(std::string(element.name) << ", block " << block << ": " << values[i]);
        REQUIRE(static_cast<double>(rounded.data()[i]) == expected[i]);
      }
    }
  }
}

}  // namespace
}  // namespace mantissa
