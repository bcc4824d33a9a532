// The three products of convolution layers of small image networks, on one thread, in G MAC/s.

#include <cstdio>
#include <string>

#include "kernels/convolution.h"
#include "stopwatch.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

ConvolutionShape layer(std::int64_t in_channels, std::int64_t out_channels, std::int64_t size,
                       std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1) {
  ConvolutionShape shape;
  shape.batch = 64;
  shape.in_channels = in_channels;
  shape.out_channels = out_channels;
  shape.vertical.in = shape.horizontal.in = size;
  shape.vertical.kernel = shape.horizontal.kernel = kernel;
  shape.vertical.stride = shape.horizontal.stride = stride;
  shape.vertical.pad_begin = shape.horizontal.pad_begin = kernel / 2;
  shape.vertical.out = shape.horizontal.out = (size + 2 * (kernel / 2) - kernel) / stride + 1;
  shape.groups = groups;
  return shape;
}

std::vector<float> members(std::int64_t count, const std::string& format, RandomKey key) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(random_normal(key, i));
  }
  quantize(values, parse_quantization(format));
  return values;
}

void measure(const char* name, const ConvolutionShape& shape, const std::string& spelling) {
  const Mac mac = parse_mac(spelling);
  const std::vector<float> x = members(shape.in_elements(), "e4m3fn", {1});
  const std::vector<float> weight = members(shape.weight_elements(), "e4m3fn", {2});
  const std::vector<float> grad_y = members(shape.out_elements(), "e4m3fn", {3});
  std::vector<float> y(grad_y.size());
  std::vector<float> grad_x(x.size());
  std::vector<float> grad_weight(weight.size());
  const std::vector<double> times = bench::shortest_times({
      [&] { convolution_forward(shape, x.data(), weight.data(), y.data(), mac); },
      [&] { convolution_backward_data(shape, grad_y.data(), weight.data(), grad_x.data(), mac); },
      [&] { convolution_backward_weight(shape, x.data(), grad_y.data(), grad_weight.data(), mac); },
  });
  const double products =
      static_cast<double>(shape.out_elements() * (shape.in_channels / shape.groups) *
                          shape.vertical.kernel * shape.horizontal.kernel);
  std::printf("%-28s %-22s %9.2f %9.2f %9.2f\n", name, spelling.c_str(), products / times[0] * 1e-9,
              products / times[1] * 1e-9, products / times[2] * 1e-9);
}

}  // namespace
}  // namespace mantissa

int main(int argc, char** argv) {
  using namespace mantissa;
  const std::string mac = argc > 1 ? argv[1] : "fp32";
  std::printf("%-28s %-22s %9s %9s %9s   (G MAC/s, batch 64)\n", "layer", "accumulator", "forward",
              "back data", "back wgt");
  with_threads(1, [&] {
    measure("3x3 3->16 32x32", layer(3, 16, 32, 3), mac);
    measure("3x3 16->16 32x32", layer(16, 16, 32, 3), mac);
    measure("3x3 32->32 32x32", layer(32, 32, 32, 3), mac);
    measure("3x3 64->64 32x32", layer(64, 64, 32, 3), mac);
    measure("3x3 16->32 32x32 stride 2", layer(16, 32, 32, 3, 2), mac);
    measure("3x3 64->64 8x8", layer(64, 64, 8, 3), mac);
    measure("3x3 128->128 4x4", layer(128, 128, 4, 3), mac);
    measure("1x1 64->128 16x16", layer(64, 128, 16, 1), mac);
    measure("1x1 32->16 32x32", layer(32, 16, 32, 1), mac);
    measure("1x1 16->32 32x32 stride 2", layer(16, 32, 32, 1, 2), mac);
    measure("depthwise 3x3 64 32x32", layer(64, 64, 32, 3, 1, 64), mac);
    measure("depthwise 3x3 64 32x32 s2", layer(64, 64, 32, 3, 2, 64), mac);
    measure("depthwise 3x3 256 8x8", layer(256, 256, 8, 3, 1, 256), mac);
  });
  return 0;
}
