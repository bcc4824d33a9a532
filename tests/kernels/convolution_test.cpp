#include "kernels/convolution.h"

#include <doctest/doctest.h>

#include "chain_reference.h"
#include "convolution_shapes.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

using test::square;
using test::Values;

/// Nothing is symmetric here: 7 x 9 images, a 3 x 2 kernel, padding only at the top and at the
/// right.
ConvolutionShape lopsided() {
  ConvolutionShape shape;
  shape.batch = 2;
  shape.in_channels = 3;
  shape.vertical.in = 7;
  shape.horizontal.in = 9;
  shape.out_channels = 5;
  shape.vertical.kernel = 3;
  shape.horizontal.kernel = 2;
  shape.vertical.stride = 2;
  shape.horizontal.stride = 3;
  shape.horizontal.dilation = 2;
  shape.vertical.pad_begin = 2;
  shape.vertical.out = 4;
  shape.horizontal.out = 4;
  return shape;
}

const ConvolutionShape kShapes[] = {
    square(1, 1, 1, 1, 1),
    square(2, 3, 8, 4, 3, 1, 1),
    square(1, 4, 12, 9, 3, 2, 1),
    square(3, 5, 6, 7, 1),
    square(2, 4, 7, 6, 1, 2),
    square(1, 2, 11, 3, 5, 1, 2, 2),
    square(2, 6, 9, 4, 3, 2, 1, 1, 2),
    square(2, 5, 9, 5, 3, 1, 1, 1, 5),
    square(1, 6, 10, 6, 3, 2, 1, 1, 6),
    square(5, 2, 4, 3, 3, 1, 1),
    square(70, 20, 4, 20, 3, 1, 1, 1, 20),
    square(2, 51, 5, 51, 5, 1, 2, 1, 51),
    square(1, 3, 21, 3, 3, 1, 2, 2, 3),
    square(1, 3, 5, 2, 5, 1, 4),
    square(1, 4, 8, 8, 3, 3, 0, 1, 4),
    square(2, 3, 7, 4, 3, 2, 1),
    square(1, 2, 10, 3, 5, 3, 2),
    square(2, 3, 9, 4, 4, 2, 1, 3),
    square(1, 2, 9, 2, 2, 4, 0),
    square(2, 4, 9, 6, 1, 2, 0, 1, 2),
    square(1, 2, 13, 3, 3, 4, 2, 2),
    lopsided(),
};

void check_convolution(const ConvolutionShape& shape, const Mac& mac, Values values) {
  CAPTURE(shape.in_channels);
  CAPTURE(shape.vertical.in);
  CAPTURE(shape.vertical.kernel);
  CAPTURE(shape.vertical.stride);
  CAPTURE(shape.groups);
  const std::vector<float> x = test::draw_values(shape.in_elements(), values, {1});
  const std::vector<float> weight = test::draw_values(shape.weight_elements(), values, {2});
  const std::vector<float> grad_y = test::draw_values(shape.out_elements(), values, {3});
  const std::vector<float> bias = test::draw_values(shape.out_channels, Values::normal, {4});
  Epilogue epilogue;
  epilogue.row_bias = bias.data();

  std::vector<float> y(grad_y.size(), 99.0F);
  convolution_forward(shape, x.data(), weight.data(), y.data(), mac, {5}, epilogue);
  test::check_same_bits(y, test::reference_forward(shape, x, weight, mac, {5}, epilogue));

  std::vector<float> grad_x(x.size(), 99.0F);
  convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), mac, {6});
  test::check_same_bits(grad_x, test::reference_backward_data(shape, grad_y, weight, mac, {6}));

  std::vector<float> grad_weight(weight.size(), 99.0F);
  convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), mac, {7});
  test::check_same_bits(grad_weight, test::reference_backward_weight(shape, x, grad_y, mac, {7}));
}

TEST_CASE("the three products of a convolution are their chains bit for bit in binary32") {
  test::for_each_target([](const char* target) {
    CAPTURE(target);
    for (const ConvolutionShape& shape : kShapes) {
      check_convolution(shape, {}, Values::normal);
      check_convolution(shape, {},
                        Values::coarse);  // of few bits, which may be multiplied in pairs
      check_convolution(shape, {}, Values::adversarial);
    }
  });
}

TEST_CASE(
    "the three products of a convolution are their chains bit for bit under every kind of "
    "accumulator") {
  for (const char* spelling :
       {"e5m10", "e5m10/chunk4", "e5m10/sr", "e8m7/rdn", "q8.8/chunk5:fp32", "e5m7/sr9/chunk3",
        "fp32 product=e5m7/sr", "e4m3fn product=e5m10", "e5m10/rtz"}) {
    CAPTURE(spelling);
    for (const ConvolutionShape& shape : kShapes) {
      check_convolution(shape, parse_mac(spelling), Values::coarse);
      check_convolution(shape, parse_mac(spelling), Values::special);
    }
  }
}

TEST_CASE("the output of a convolution is rounded last, by words of its own") {
  for (const ConvolutionShape& shape :
       {square(2, 3, 8, 4, 3, 1, 1), square(2, 5, 9, 5, 3, 2, 1, 1, 5)}) {
    const std::vector<float> x = test::draw_values(shape.in_elements(), Values::normal, {1});
    const std::vector<float> weight =
        test::draw_values(shape.weight_elements(), Values::normal, {2});
    Epilogue epilogue;
    epilogue.output = parse_quantization("e4m3fn/sr");
    epilogue.output_key = {9};
    std::vector<float> y(static_cast<std::size_t>(shape.out_elements()));
    convolution_forward(shape, x.data(), weight.data(), y.data(), {}, {}, epilogue);
    test::check_same_bits(y, test::reference_forward(shape, x, weight, {}, {}, epilogue));
  }
}

TEST_CASE("a convolution has the same bits on 1, 2 and 3 threads") {
  for (const ConvolutionShape& shape :
       {square(8, 16, 16, 24, 3, 1, 1), square(8, 32, 16, 32, 3, 2, 1, 1, 32)}) {
    const std::vector<float> x = test::draw_values(shape.in_elements(), Values::normal, {1});
    const std::vector<float> weight =
        test::draw_values(shape.weight_elements(), Values::normal, {2});
    const std::vector<float> grad_y = test::draw_values(shape.out_elements(), Values::normal, {3});
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
      std::vector<float> y(grad_y.size());
      std::vector<float> grad_x(x.size());
      std::vector<float> grad_weight(weight.size());
      with_threads(threads, [&] {
        convolution_forward(shape, x.data(), weight.data(), y.data(), {});
        convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), {});
        convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), {});
      });
      y.insert(y.end(), grad_x.begin(), grad_x.end());
      y.insert(y.end(), grad_weight.begin(), grad_weight.end());
      results.push_back(y);
    }
    test::check_same_bits(results[1], results[0]);
    test::check_same_bits(results[2], results[0]);
  }
}

}  // namespace
}  // namespace mantissa
