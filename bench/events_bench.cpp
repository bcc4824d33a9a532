// What counting numeric events costs: training steps of LeNet-5 with it and without.

#include <cstdio>
#include <filesystem>
#include <numeric>
#include <vector>

#include "graph/graph.h"
#include "stopwatch.h"
#include "tensor/parallel.h"
#include "training/recipes.h"
#include "training/trainer.h"

namespace mantissa {
namespace {

constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kSteps = 96;

Dataset random_images() {
  Dataset dataset;
  dataset.sample_shape = Shape{1, 28, 28};
  dataset.classes = 10;
  for (std::int64_t i = 0; i < kBatch * kSteps; ++i) {
    dataset.labels.push_back(static_cast<std::int32_t>(i % 10));
  }
  const auto pixels = static_cast<std::uint64_t>(kBatch * kSteps * 28 * 28);
  for (std::uint64_t i = 0; i < pixels; ++i) {
    dataset.pixels.push_back(static_cast<std::uint8_t>(i * i >> 5));
  }
  return dataset;
}

void measure(const Graph& graph, const Dataset& dataset, const char* tensors, const char* mac) {
  std::vector<std::string> names;
  for (const Layer& layer : layers(prepare(graph, kBatch))) names.push_back(layer.name);
  Assignment assignment = uniform_assignment(names, parse_quantization(tensors));
  for (LayerNumerics& layer : assignment.layers) {
    for (const Role role :
         {Role::mac_forward, Role::mac_backward_data, Role::mac_backward_weight}) {
      assign(layer, role, mac);
    }
  }
  std::vector<std::int32_t> indices(static_cast<std::size_t>(dataset.samples()));
  std::iota(indices.begin(), indices.end(), 0);
  const TrainingData data{dataset, indices, {},
                          nullptr, {},      measure_normalization(dataset, indices)};
  TrainingOptions options;
  options.epochs = 1;
  options.batch_size = kBatch;
  options.optimizer.learning_rate = 1e-3;
  options.patience_steps = 1000;
  const auto run = [&](bool counts) {
    TrainingHooks hooks;
    hooks.count_events = counts;
    train(graph, assignment, data, options, hooks);
  };
  const std::vector<double> times =
      bench::shortest_times({[&] { run(false); }, [&] { run(true); }});
  std::printf("%-12s %-10s %12.2f %12.2f %9.3f\n", tensors, mac, 1e3 * times[0] / kSteps,
              1e3 * times[1] / kSteps, times[1] / times[0]);
}

}  // namespace
}  // namespace mantissa

int main() {
  using namespace mantissa;
  const Graph graph =
      load_onnx(std::filesystem::path(MANTISSA_SOURCE_DIR) / "models" / "lenet5.onnx");
  const Dataset dataset = random_images();
  std::printf("LeNet-5, batches of %d on one thread, ms a step\n%-12s %-10s %12s %12s %9s\n",
              static_cast<int>(kBatch), "tensors", "sums", "not counted", "counted", "ratio");
  with_threads(1, [&] {
    measure(graph, dataset, "fp32", "fp32");
    measure(graph, dataset, "bf16", "fp32");
    measure(graph, dataset, "e4m3fn", "fp32");
    measure(graph, dataset, "e4m3fn", "e5m10");
    measure(graph, dataset, "e5m2/sr", "e6m9");
    measure(graph, dataset, "mxfp8e4m3", "fp32");
  });
  return 0;
}
