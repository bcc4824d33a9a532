#include "kernels/scaled_quantize.h"

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include <doctest/doctest.h>

#include "numeric/mac.h"
#include "numeric/rounding_words.h"
#include "numeric/scaled_kernels.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr RandomKey kKey{31};

Tensor random_tensor(const Shape& shape) {
  Tensor tensor(shape);
  std::uint64_t i = 0;
  for (float& element : tensor.values()) {
    const int exponent = static_cast<int>(random_bits({1}, i) % 24) - 12;
    element = static_cast<float>(std::ldexp(random_normal({2}, i), exponent));
    ++i;
  }
  return tensor;
}

/// Which group an element belongs to, by its indices.
std::vector<std::int64_t> group_of(const Shape& shape, const Scaling& scaling, OperandAxes axes,
                                   std::int64_t at) {
  std::vector<std::int64_t> indices(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    indices[axis] = at % shape[axis];
    at /= shape[axis];
  }
  if (scaling.group == ScaleGroup::tensor) return {};
  if (scaling.group == ScaleGroup::channel) {
    return {axes.kept < indices.size() ? indices[axes.kept] : 0};
  }
  if (axes.summed < indices.size()) indices[axes.summed] /= scaling.block;
  return indices;
}

/// Element by element, from the definition.
std::vector<float> by_definition(const Tensor& source, const Quantization& quantization,
                                 OperandAxes axes) {
  std::map<std::vector<std::int64_t>, float> maxima;
  float largest = 0;
  const auto size = static_cast<std::int64_t>(source.size());
  for (std::int64_t i = 0; i < size; ++i) {
    const float magnitude = std::abs(source.data()[i]);
    float& maximum = maxima[group_of(source.shape(), quantization.scaling, axes, i)];
    if (!std::isfinite(magnitude)) continue;
    maximum = std::max(maximum, magnitude);
    largest = std::max(largest, magnitude);
  }
  const ScaleChooser choose(quantization);
  const float tensor_scale = choose.of_tensor(largest);
  std::vector<float> rounded;
  for (std::int64_t i = 0; i < size; ++i) {
    const float amax = maxima[group_of(source.shape(), quantization.scaling, axes, i)];
    rounded.push_back(static_cast<float>(
        round_scaled(source.data()[i], choose.of_group(amax, tensor_scale), quantization,
                     rounding_word(kKey, static_cast<std::uint64_t>(i)))));
  }
  return rounded;
}

bool same_bits(const Tensor& tensor, const std::vector<float>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float found = tensor.data()[i];
    if (std::isnan(found) && std::isnan(expected[i])) continue;
    if (std::bit_cast<std::uint32_t>(found) != std::bit_cast<std::uint32_t>(expected[i])) {
      return false;
    }
  }
  return true;
}

TEST_CASE(
    "groups of a tensor share scales along the axes of the product, on any number of threads") {
  for (const Shape& shape :
       {Shape{5, 70, 3, 3}, Shape{70, 5}, Shape{5, 70}, Shape{1, 64}, Shape{33, 64, 1, 1},
        Shape{77}, Shape{2, 3, 40, 20}, Shape{300, 400}}) {
    const Tensor source = random_tensor(shape);
    for (const char* text :
         {"int8", "int8c", "int4cp2", "mxfp8e4m3", "mxfp4/sr", "nvfp4", "bfp8b16/rtz", "mxint8",
          "e5m2/sr scale=tensor", "e4m3fn scale=block128"}) {
      const Quantization quantization = parse_quantization(text);
      for (const OperandAxes axes : {OperandAxes{1, 0}, OperandAxes{0, 1}}) {
        CAPTURE(text);
        CAPTURE(shape.text());
        CAPTURE(axes.summed);
        const std::vector<float> expected = by_definition(source, quantization, axes);
        for (const int threads : {1, 3}) {
          with_threads(threads, [&] {
            Tensor rounded;
            quantize_scaled(source, rounded, quantization, axes, kKey, max_magnitude(source));
            CHECK(same_bits(rounded, expected));
          });
        }
        Tensor in_place = source.clone();
        quantize_scaled(in_place, in_place, quantization, axes, kKey, max_magnitude(source));
        CHECK(same_bits(in_place, expected));
      }
    }
  }
}

TEST_CASE("NaN and infinities stay visible and do not spoil the scale of their block") {
  Tensor source(Shape{1, 32}, 1.0F);
  source.data()[3] = std::numeric_limits<float>::quiet_NaN();
  source.data()[4] = -std::numeric_limits<float>::infinity();
  const auto rounded = [&](const char* text) {
    Tensor tensor;
    quantize_scaled(source, tensor, parse_quantization(text), {1, 0}, kKey, max_magnitude(source));
    return tensor;
  };
  for (const char* text : {"mxfp8e5m2", "mxfp8e4m3", "mxfp4", "int8", "nvfp4"}) {
    CAPTURE(text);
    const Tensor tensor = rounded(text);
    CHECK(tensor.data()[0] == doctest::Approx(1).epsilon(0.01));
    CHECK(std::isnan(tensor.data()[3]));
  }
  CHECK(std::isinf(rounded("mxfp8e5m2").data()[4]));
  CHECK(std::isnan(rounded("mxfp8e4m3").data()[4]));
  CHECK(rounded("mxfp4").data()[4] == -1.5F);  // the largest element, 6, times the scale 2^-2
}

TEST_CASE("a block of zeros stays a block of zeros") {
  const Tensor zeros(Shape{4, 64}, 0.0F);
  for (const char* text : {"mxfp4", "nvfp4", "int8", "int8c", "bfp8b16"}) {
    Tensor rounded;
    quantize_scaled(zeros, rounded, parse_quantization(text), {1, 0}, kKey, 0);
    for (const float value : rounded.values()) CHECK(value == 0);
  }
}

TEST_CASE("a block converts as the OCP specification's example of rules says") {
  // amax = 7 = 1.75 * 2^2, emax of e2m1 = 2: the shared scale is 1, and 7 saturates to 6.
  Tensor source(Shape{1, 32}, 0.0F);
  const std::vector<float> values = {7, 5, 2.5F, 1.75F, 0.25F, 0.75F, -0.3F, -7};
  std::copy(values.begin(), values.end(), source.data());
  Tensor rounded;
  quantize_scaled(source, rounded, parse_quantization("mxfp4"), {1, 0}, kKey, 7);
  const std::vector<float> expected = {6, 4, 2, 2, 0, 1, -0.5F, -6};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(rounded.data()[i] == expected[i]);
}

}  // namespace
}  // namespace mantissa
