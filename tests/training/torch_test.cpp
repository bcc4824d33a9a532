#include <array>
#include <cmath>
#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "kernels/cross_entropy.h"
#include "support/files.h"
#include "support/small_networks.h"
#include "support/temporary_folder.h"
#include "support/text.h"
#include "training/execution.h"
#include "training/initialization.h"
#include "training/optimizer.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

constexpr std::size_t kSteps = 50;  // as in torch_reference.py
constexpr std::int64_t kBatch = 16;
constexpr std::int64_t kSize = 12;

/// What a command prints; empty if it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr)
    text += buffer.data();
  return ::pclose(pipe) == 0 ? text : std::string();
}

struct Batches {
  Tensor images{Shape{static_cast<std::int64_t>(kSteps) * kBatch, 1, kSize, kSize}};
  std::vector<std::int32_t> labels;
};

/// Noise with a bright spot whose place is the label, so that there is something to learn.
Batches make_batches() {
  Batches batches;
  std::uint64_t word = 0;
  for (float& pixel : batches.images.values())
    pixel = static_cast<float>(random_uniform({5}, word++)) - 0.5F;
  for (std::size_t i = 0; i < kSteps * static_cast<std::size_t>(kBatch); ++i) {
    const auto label = static_cast<std::int32_t>(random_below({6}, i, 10));
    batches.labels.push_back(label);
    float* image = batches.images.data() + i * kSize * kSize;
    image[static_cast<std::size_t>(label) * kSize + 3] += 2;
  }
  return batches;
}

template <typename Value>
void write_array(const std::filesystem::path& path, std::span<const Value> values) {
  write_file_atomically(path, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

std::vector<double> our_losses(const Graph& graph, const Batches& batches) {
  const Network network = prepare(graph, kBatch);
  const Assignment assignment = uniform_assignment(test::layer_names_of(graph), {});
  Execution execution(network, assignment);
  std::vector<Tensor> parameters = model_parameters(graph);
  OptimizerOptions options;
  options.momentum = 0.9;
  Optimizer optimizer(options, std::vector<UpdateFormats>(parameters.size()));
  std::vector<double> losses;
  const std::size_t batch_elements = kBatch * kSize * kSize;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Tensor images(Shape{kBatch, 1, kSize, kSize},
                        batches.images.values().subspan(step * batch_elements, batch_elements));
    const std::span<const std::int32_t> labels =
        std::span(batches.labels).subspan(step * kBatch, kBatch);
    Tensor grad_logits;
    const Tensor& logits = execution.forward(images, parameters, ExecutionMode::training, {});
    losses.push_back(softmax_cross_entropy(logits, labels, 0, 1, &grad_logits).loss);
    execution.backward(grad_logits, {});
    execution.apply_state_updates(parameters);
    optimizer.begin_step(0.05);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (const Tensor* gradient = execution.gradient(i)) {
        optimizer.update(i, parameters[i].values(), gradient->values(), {});
      }
    }
  }
  return losses;
}

TEST_CASE("fifty steps in binary32 have the losses that PyTorch has, to 1e-4") {
  if (output_of("python3 -c 'import torch; print(1)' 2>/dev/null").empty() &&
      output_of("/usr/bin/python3 -c 'import torch; print(1)' 2>/dev/null").empty()) {
    MESSAGE("skipped: python3 has no torch (Debian package python3-torch)");
    return;
  }
  const std::string python = output_of("python3 -c 'import torch; print(1)' 2>/dev/null").empty()
                                 ? "/usr/bin/python3"
                                 : "python3";
  const Graph graph = test::small_cnn(kSize);
  const Batches batches = make_batches();
  const TemporaryFolder folder;
  for (const Parameter& parameter : graph.parameters) {
    write_array<float>(folder.path() / (parameter.name + ".f32"), parameter.value->values());
  }
  write_array<float>(folder.path() / "images.f32", std::as_const(batches.images).values());
  write_array<std::int32_t>(folder.path() / "labels.i32", batches.labels);
  const std::string script =
      std::string(MANTISSA_SOURCE_DIR) + "/tests/training/torch_reference.py";
  const std::vector<std::string> lines =
      split(output_of(python + " " + script + " " + folder.path().string()), '\n');
  REQUIRE(lines.size() == kSteps + 1);
  const std::vector<double> losses = our_losses(graph, batches);
  for (std::size_t step = 0; step < kSteps; ++step) {
    INFO("step " << step);
    CHECK(losses[step] == doctest::Approx(parse_real(lines[step])).epsilon(1e-4));
  }
  CHECK(losses.back() < losses.front() / 2);
}

}  // namespace
}  // namespace mantissa
