#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>

#include "graph/graph.h"
#include "shipped_models.h"
#include "support/files.h"
#include "support/random.h"
#include "support/run_network.h"

namespace mantissa {
namespace {

/// The folder with models and data sets that are not shipped; says why a test skips where there is
/// none.
std::optional<std::filesystem::path> test_data() {
  const char* folder = std::getenv("MANTISSA_TEST_DATA");
  if (folder != nullptr && std::filesystem::is_directory(folder)) return folder;
  MESSAGE("skipped: MANTISSA_TEST_DATA does not name a folder with models/ and cifar10/");
  return std::nullopt;
}

/// What is known of a network from elsewhere. Parameters count running means and variances of batch
/// normalisation.
struct Facts {
  std::string_view file;
  std::size_t layers;
  std::int64_t parameters;
  std::int64_t macs;  ///< of one sample
  std::int64_t outputs;
};

struct Counts {
  std::int64_t parameters = 0;
  std::int64_t macs = 0;
};

Counts count(const Graph& graph, const Network& network) {
  Counts counts;
  for (const Parameter& parameter : graph.parameters) {
    counts.parameters += static_cast<std::int64_t>(parameter.value->size());
  }
  for (const Layer& layer : layers(network)) {
    counts.macs += network.nodes[layer.node].op->work().forward->macs();
  }
  return counts;
}

void check_facts(const Graph& graph, const Facts& facts) {
  for (const std::int64_t batch : {1, 3}) {
    CAPTURE(facts.file);
    CAPTURE(batch);
    const Network network = prepare(graph, batch);
    const Counts counts = count(graph, network);
    CHECK(layers(network).size() == facts.layers);
    CHECK(counts.parameters == facts.parameters);
    CHECK(counts.macs == facts.macs * batch);
    CHECK(network.value_shapes[static_cast<std::size_t>(network.output)] ==
          Shape{batch, facts.outputs});
    for (const Layer& layer : layers(network)) CHECK(network.is_parameter(layer.weight));
    for (const Parameter& parameter : graph.parameters) CHECK(parameter.trainable);
  }
}

Tensor random_input(const Graph& graph, std::int64_t batch) {
  Shape shape = graph.input_shape;
  shape[0] = batch;
  Tensor input(shape);
  RandomSequence random(RandomKey{3});
  for (float& value : input.values()) value = static_cast<float>(random.uniform());
  return input;
}

/// A sample's output does not depend on the samples that share its batch.
void check_batch_independence(const Graph& graph, std::string_view name) {
  CAPTURE(name);
  const Tensor three = random_input(graph, 3);
  const Tensor together = run_network(graph, prepare(graph, 3), three);
  Tensor one = random_input(graph, 1);
  const Network network = prepare(graph, 1);
  for (std::size_t sample = 0; sample < 3; ++sample) {
    std::memcpy(one.data(), three.data() + sample * one.size(), one.size() * sizeof(float));
    const Tensor alone = run_network(graph, network, one);
    const bool same = std::memcmp(alone.data(), together.data() + sample * alone.size(),
                                  alone.size() * sizeof(float)) == 0;
    CHECK(same);
  }
}

TEST_CASE("the shipped networks have the sizes that models/README.md gives") {
  const auto models = shipped_models();
  constexpr std::array<Facts, 4> kFacts = {{
      {"lenet5.onnx", 5, 61'706, 416'520, 10},
      {"smallcnn-bn.onnx", 3, 20'634, 1'031'744, 10},
      {"tiny-cnn.onnx", 3, 7'018, 61'344, 10},
      {"mlp.onnx", 3, 52'650, 52'544, 10},
  }};
  for (const Facts& facts : kFacts) {
    const Graph graph = parse_onnx(models.at(std::string(facts.file)), {}, facts.file);
    check_facts(graph, facts);
    check_batch_independence(graph, facts.file);
  }
}

TEST_CASE("networks from other tools load with the sizes that their authors publish") {
  const auto folder = test_data();
  if (!folder) return;
  // MLPerf Tiny (Banbury et al. 2021): ResNet-8 has 78,666 parameters and 12.5 M MACs, the
  // autoencoder 269,992 and 264 k. ResNet-20 for CIFAR-10 (He et al. 2016): 0.27 M, 40.6 M.
  // torchvision: parameters of the published network with its last layer cut to 10 classes, and
  // running statistics in training exports.
  constexpr std::array<Facts, 15> kFacts = {{
      {"mlperf_tiny_ic_resnet8.onnx", 10, 78'666, 12'501'632, 10},
      {"mlperf_tiny_ad_autoencoder.onnx", 10, 269'992, 264'192, 640},
      {"pretrained_cifar10_resnet20.onnx", 20, 269'722 + 1'376, 40'551'040, 10},
      {"pretrained_mnist_opset8.onnx", 3, 5'994, 786'560, 10},
      {"smallcnn28_eval.onnx", 3, 20'490, 1'031'744, 10},
      {"smallcnn28_train.onnx", 3, 20'634, 1'031'744, 10},
      {"torchvision_efficientnet_b0_32_eval.onnx", 82, 3'999'350, 8'474'848, 10},
      {"torchvision_efficientnet_b0_32_train.onnx", 82, 4'020'358 + 42'016, 8'474'848, 10},
      {"torchvision_mobilenet_v2_32_eval.onnx", 53, 2'219'626, 6'124'928, 10},
      {"torchvision_mobilenet_v2_32_train.onnx", 53, 2'236'682 + 34'112, 6'124'928, 10},
      {"torchvision_shufflenet_v2_x0_5_32_eval.onnx", 57, 348'066, 815'392, 10},
      {"torchvision_shufflenet_v2_x0_5_32_train.onnx", 57, 352'042 + 7'952, 815'392, 10},
      {"torchvision_squeezenet1_1_32_eval.onnx", 26, 727'626, 2'995'904, 10},
      {"torchvision_squeezenet1_1_32_train.onnx", 26, 727'626, 2'995'904, 10},
      {"torchvision_squeezenet1_1_224_eval.onnx", 26, 727'626, 263'489'216, 10},
  }};
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "models")) {
    files += entry.path().extension() == ".onnx" ? 1 : 0;
  }
  CHECK(files == kFacts.size());
  for (const Facts& facts : kFacts) {
    const Graph graph = load_onnx(*folder / "models" / facts.file);
    check_facts(graph, facts);
    if (facts.macs < 20'000'000) check_batch_independence(graph, facts.file);
  }
}

/// Value of a pixel as a network wants it: (byte / 255 - mean) / deviation, by channel.
struct Normalisation {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

double cifar_accuracy(const Graph& graph, const std::string& records,
                      const Normalisation& normalisation) {
  constexpr std::size_t kPixels = 3072;
  constexpr std::size_t kBatch = 50;
  const std::size_t samples = records.size() / (kPixels + 1);
  const Network network = prepare(graph, kBatch);
  Tensor input(Shape{kBatch, 3, 32, 32});
  std::size_t right = 0;
  for (std::size_t first = 0; first + kBatch <= samples; first += kBatch) {
    for (std::size_t index = 0; index < kBatch * kPixels; ++index) {
      const std::size_t sample = first + index / kPixels;
      const std::size_t pixel = index % kPixels;
      const std::size_t channel = pixel / 1024;
      const auto byte = static_cast<unsigned char>(records[sample * (kPixels + 1) + 1 + pixel]);
      input.data()[index] = (static_cast<float>(byte) / 255 - normalisation.mean[channel]) /
                            normalisation.deviation[channel];
    }
    const Tensor logits = run_network(graph, network, input);
    for (std::size_t sample = 0; sample < kBatch; ++sample) {
      const float* row = logits.data() + sample * 10;
      right += std::max_element(row, row + 10) - row == records[(first + sample) * (kPixels + 1)];
    }
  }
  return static_cast<double>(right) / static_cast<double>(samples);
}

TEST_CASE("trained networks from other tools recognise CIFAR-10 as well as they are known to") {
  const auto folder = test_data();
  if (!folder) return;
  const std::string records = read_file(*folder / "cifar10" / "test_1000.bin");
  // The ResNet-20 was trained on inputs normalised as for ImageNet, the MLPerf network on raw
  // bytes.
  const Normalisation imagenet = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  constexpr float kByte = 1.0F / 255;
  const Normalisation raw = {{0, 0, 0}, {kByte, kByte, kByte}};
  const auto accuracy = [&](const char* file, const Normalisation& normalisation) {
    return cifar_accuracy(load_onnx(*folder / "models" / file), records, normalisation);
  };
  CHECK(accuracy("pretrained_cifar10_resnet20.onnx", imagenet) ==
        doctest::Approx(0.915).epsilon(0.003));
  CHECK(accuracy("mlperf_tiny_ic_resnet8.onnx", raw) == doctest::Approx(0.881).epsilon(0.003));
}

}  // namespace
}  // namespace mantissa
