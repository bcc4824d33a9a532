#include "chain_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <hwy/highway.h>

#include "numeric/dot.h"
#include "numeric/rounding_words.h"
#include "support/random.h"

namespace mantissa::test {
namespace {

float finish(float sum, std::int64_t row, std::int64_t column, std::uint64_t element,
             const Epilogue& epilogue) {
  if (epilogue.row_bias != nullptr) sum += epilogue.row_bias[row];
  if (epilogue.column_bias != nullptr) sum += epilogue.column_bias[column];
  return static_cast<float>(round_to_format(static_cast<double>(sum), epilogue.output.format,
                                            epilogue.output.rounding,
                                            rounding_word(epilogue.output_key, element)));
}

/// One chain's operands, collected in the order of k.
struct Operands {
  std::vector<float> left;
  std::vector<float> right;

  void add(float a, float b) {
    left.push_back(a);
    right.push_back(b);
  }
  float sum(const Mac& mac, RandomKey key, std::int64_t element) const {
    return chain(left, right, mac, key, static_cast<std::uint64_t>(element));
  }
};

/// An element of images [batch, channels, height, width]; +0 outside of the plane.
struct Pixels {
  std::span<const float> values;
  std::int64_t channels;
  std::int64_t height;
  std::int64_t width;

  float at(std::int64_t image, std::int64_t channel, std::int64_t row, std::int64_t column) const {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0.0F;
    return values[static_cast<std::size_t>(((image * channels + channel) * height + row) * width +
                                           column)];
  }
};

float weight_at(const ConvolutionShape& s, std::span<const float> weight, std::int64_t out,
                std::int64_t in_of_group, std::int64_t row, std::int64_t column) {
  const std::int64_t ins = s.in_channels / s.groups;
  return weight[static_cast<std::size_t>(
      ((out * ins + in_of_group) * s.vertical.kernel + row) * s.horizontal.kernel + column)];
}

template <typename Body>
void for_each_index(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, Body body) {
  for (std::int64_t i = 0; i < a; ++i)
    for (std::int64_t j = 0; j < b; ++j)
      for (std::int64_t k = 0; k < c; ++k)
        for (std::int64_t l = 0; l < d; ++l) body(i, j, k, l);
}

}  // namespace

float chain(std::span<const float> left, std::span<const float> right, const Mac& mac,
            RandomKey key, std::uint64_t element) {
  const std::uint64_t depth = left.size();
  if (mac.summation != Summation::chain) {
    return static_cast<float>(dot(0, left, right, mac, key, element));
  }
  const std::uint64_t run = mac.chunk > 0 ? static_cast<std::uint64_t>(mac.chunk) : depth;
  Mac outer;
  outer.accumulator = mac.chunk_accumulator;
  double total = 0;
  for (std::uint64_t first = 0; first < depth; first += run) {
    double sum = 0;
    for (std::uint64_t k = first; k < std::min(first + run, depth); ++k) {
      sum = multiply_accumulate(sum, left[k], right[k], mac,
                                rounding_word(key.child("product"), k, element),
                                rounding_word(key.child("sum"), k, element));
    }
    if (mac.chunk == 0) return static_cast<float>(sum);
    total = multiply_accumulate(total, static_cast<float>(sum), 1.0F, outer, 0,
                                rounding_word(key.child("chunk"), first, element));
  }
  return static_cast<float>(total);
}

std::vector<float> reference_matmul(const MatrixView& a, const MatrixView& b, const Mac& mac,
                                    RandomKey key, const Epilogue& epilogue,
                                    std::uint64_t first_element) {
  std::vector<float> c;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < b.columns; ++j) {
      Operands operands;
      for (std::int64_t k = 0; k < a.columns; ++k) {
        operands.add(a.data[i * a.row_stride + k * a.column_stride],
                     b.data[k * b.row_stride + j * b.column_stride]);
      }
      const std::uint64_t element = first_element + static_cast<std::uint64_t>(i * b.columns + j);
      const float sum = chain(operands.left, operands.right, mac, key, element);
      c.push_back(finish(sum, i, j, element, epilogue));
    }
  }
  return c;
}

std::vector<float> reference_forward(const ConvolutionShape& s, std::span<const float> x,
                                     std::span<const float> weight, const Mac& mac, RandomKey key,
                                     const Epilogue& epilogue) {
  const Pixels inputs{x, s.in_channels, s.vertical.in, s.horizontal.in};
  const std::int64_t ins = s.in_channels / s.groups;
  const std::int64_t outs = s.out_channels / s.groups;
  std::vector<float> y;
  for_each_index(
      s.batch, s.out_channels, s.vertical.out, s.horizontal.out,
      [&](auto n, auto o, auto i, auto j) {
        Operands operands;
        for_each_index(
            1, s.vertical.kernel, s.horizontal.kernel, ins, [&](auto, auto r, auto t, auto c) {
              operands.add(
                  weight_at(s, weight, o, c, r, t),
                  inputs.at(n, o / outs * ins + c,
                            i * s.vertical.stride + r * s.vertical.dilation - s.vertical.pad_begin,
                            j * s.horizontal.stride + t * s.horizontal.dilation -
                                s.horizontal.pad_begin));
            });
        const auto element = static_cast<std::int64_t>(y.size());
        y.push_back(finish(operands.sum(mac, key, element), o, 0,
                           static_cast<std::uint64_t>(element), epilogue));
      });
  return y;
}

std::vector<float> reference_backward_data(const ConvolutionShape& s, std::span<const float> grad_y,
                                           std::span<const float> weight, const Mac& mac,
                                           RandomKey key) {
  const Pixels gradients{grad_y, s.out_channels, s.vertical.out, s.horizontal.out};
  const std::int64_t ins = s.in_channels / s.groups;
  const std::int64_t outs = s.out_channels / s.groups;
  std::vector<float> grad_x;
  for_each_index(
      s.batch, s.in_channels, s.vertical.in, s.horizontal.in, [&](auto n, auto c, auto i, auto j) {
        Operands operands;
        for_each_index(
            1, s.vertical.kernel, s.horizontal.kernel, outs, [&](auto, auto r, auto t, auto o) {
              const std::int64_t row = i + s.vertical.pad_begin - r * s.vertical.dilation;
              const std::int64_t column = j + s.horizontal.pad_begin - t * s.horizontal.dilation;
              const std::int64_t out = c / ins * outs + o;
              const bool hit = row % s.vertical.stride == 0 && column % s.horizontal.stride == 0;
              operands.add(
                  weight_at(s, weight, out, c % ins, r, t),
                  hit ? gradients.at(n, out, row / s.vertical.stride, column / s.horizontal.stride)
                      : 0.0F);
            });
        grad_x.push_back(operands.sum(mac, key, static_cast<std::int64_t>(grad_x.size())));
      });
  return grad_x;
}

std::vector<float> reference_backward_weight(const ConvolutionShape& s, std::span<const float> x,
                                             std::span<const float> grad_y, const Mac& mac,
                                             RandomKey key) {
  const Pixels inputs{x, s.in_channels, s.vertical.in, s.horizontal.in};
  const Pixels gradients{grad_y, s.out_channels, s.vertical.out, s.horizontal.out};
  const std::int64_t ins = s.in_channels / s.groups;
  const std::int64_t outs = s.out_channels / s.groups;
  std::vector<float> grad_weight;
  for_each_index(
      s.out_channels, ins, s.vertical.kernel, s.horizontal.kernel,
      [&](auto o, auto c, auto r, auto t) {
        Operands operands;
        for_each_index(
            1, s.batch, s.vertical.out, s.horizontal.out, [&](auto, auto n, auto i, auto j) {
              operands.add(
                  gradients.at(n, o, i, j),
                  inputs.at(n, o / outs * ins + c,
                            i * s.vertical.stride + r * s.vertical.dilation - s.vertical.pad_begin,
                            j * s.horizontal.stride + t * s.horizontal.dilation -
                                s.horizontal.pad_begin));
            });
        grad_weight.push_back(
            operands.sum(mac, key, static_cast<std::int64_t>(grad_weight.size())));
      });
  return grad_weight;
}

std::vector<float> draw_values(std::int64_t count, Values values, RandomKey key) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float edges[] = {0.0F,     -0.0F,     0x1p-149F, -0x1.8p-140F, 0x1p-126F, -0x1.4p-75F,
                         0x1p-14F, -0x1p-24F, 65504.0F,  -65504.0F,    448.0F,    -0x1.fep127F,
                         0x1p63F,  0x1.8p-9F, -240.0F,   0x1.fffffep0F};
  const float specials[] = {kInfinity, -kInfinity, std::nanf(""), 0.0F};
  RandomSequence random(key);
  std::vector<float> drawn(static_cast<std::size_t>(count));
  for (float& value : drawn) {
    const float sign = random.below(2) == 0 ? 1.0F : -1.0F;
    const auto steps = static_cast<float>(random.below(16));
    const int exponent = static_cast<int>(random.below(9)) - 6;
    const auto uniform = static_cast<float>(random.uniform());
    switch (values) {
      case Values::exact:
        value = sign * steps;
        break;
      case Values::normal:
        value = sign * std::ldexp(1.0F + uniform, exponent);
        break;
      case Values::coarse:
        value = sign * std::ldexp(steps, exponent);
        break;
      case Values::special:
        if (random.below(64) == 0) {
          value = specials[random.below(4)];
          break;
        }
        [[fallthrough]];
      case Values::adversarial:
        value = random.below(3) == 0 ? sign * edges[random.below(16)]
                                     : sign * std::ldexp(1.0F + uniform, 4 * exponent);
        break;
    }
  }
  return drawn;
}

std::vector<float> members(std::int64_t count, Values values, const std::string& format,
                           RandomKey key) {
  std::vector<float> drawn = draw_values(count, values, key);
  const Quantization quantization = parse_quantization(format);
  if (!quantization.is_identity()) quantize(drawn, quantization);
  return drawn;
}

void check_same_bits(std::span<const float> actual, std::span<const float> expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i]) && std::isnan(expected[i])) continue;
    if (std::bit_cast<std::uint32_t>(actual[i]) == std::bit_cast<std::uint32_t>(expected[i]))
      continue;
    CAPTURE(i);
    CAPTURE(actual[i]);
    CAPTURE(expected[i]);
    FAIL_CHECK("element differs");
    return;
  }
}

void for_each_target(const std::function<void(const char* name)>& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace mantissa::test
