#include "training/trainer.h"

#include <cmath>

#include <doctest/doctest.h>

#include "digits.h"
#include "support/error.h"
#include "support/files.h"
#include "support/small_networks.h"
#include "tensor/parallel.h"
#include "training/evaluation.h"
#include "training/recipes.h"

namespace mantissa {
namespace {

using test::Digits;

TrainingOptions quick() {
  TrainingOptions options;
  options.epochs = 4;
  options.batch_size = 32;
  options.optimizer.learning_rate = 0.05;
  return options;
}

std::vector<float> all_parameters(const TrainingResult& result) {
  std::vector<float> values;
  for (const Tensor& parameter : result.parameters) {
    values.insert(values.end(), parameter.values().begin(), parameter.values().end());
  }
  return values;
}

TEST_CASE("a small network learns the digits in binary32, in bfloat16 and in 8 bits") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  const std::vector<std::string> names = test::layer_names_of(graph);
  for (const char* recipe : {"fp32", "amp-bf16", "amp-fp16"}) {
    INFO(recipe);
    const Recipe chosen = make_recipe(recipe, names);
    TrainingOptions options = quick();
    options.loss_scaling = chosen.loss_scaling;
    const TrainingResult result = train(graph, chosen.assignment, digits.data(), options);
    CHECK(result.status == TrainingStatus::finished);
    CHECK(result.epochs.size() == 4);
    CHECK(result.test_accuracy > 0.9);
    CHECK(result.validation_accuracy > 0.9);
    CHECK(result.epochs.back().training_loss < result.epochs.front().training_loss);
  }
  Assignment eight_bits = uniform_assignment(names, {parse_format("e4m3fn"), {}});
  for (LayerNumerics& layer : eight_bits.layers) assign(layer, Role::error, "e5m2");
  CHECK(train(graph, eight_bits, digits.data(), quick()).test_accuracy > 0.85);
}

TEST_CASE("a small network learns the digits with shared scales") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  const std::vector<std::string> names = test::layer_names_of(graph);
  for (const char* format :
       {"mxfp8e4m3", "int8", "int8c", "nvfp4/sr", "bfp8b16", "e4m3fn scale=tensor:delayed16"}) {
    CAPTURE(format);
    const Assignment assignment = uniform_assignment(names, parse_quantization(format));
    // Four epochs end between 0.79 and 0.93, whatever the format, from one seed to another.
    CHECK(train(graph, assignment, digits.data(), quick()).test_accuracy > 0.8);
  }
}

TEST_CASE(
    "a run gives the same bits on any number of threads, stochastic rounding and narrow sums "
    "included") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  Assignment assignment = uniform_assignment(test::layer_names_of(graph),
                                             {parse_format("e4m3fn"), parse_rounding("sr")});
  for (LayerNumerics& layer : assignment.layers) {
    assign(layer, Role::mac_forward, "e5m10/chunk16");
    assign(layer, Role::mac_backward_weight, "e5m10/sr");
    assign(layer, Role::master_weight, "bf16/sr");
  }
  TrainingOptions options = quick();
  options.epochs = 1;
  options.augmentation.max_shift = 1;
  std::vector<float> first;
  double first_accuracy = 0;
  for (const int threads : {1, 2, 4}) {
    TrainingResult result;
    with_threads(threads, [&] { result = train(graph, assignment, digits.data(), options); });
    if (threads == 1) {
      first = all_parameters(result);
      first_accuracy = result.validation_accuracy;
    }
    CHECK(all_parameters(result) == first);
    CHECK(result.validation_accuracy == first_accuracy);
  }
}

TEST_CASE("master weights are members of their format after every run") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  Assignment assignment = uniform_assignment(test::layer_names_of(graph), {});
  for (LayerNumerics& layer : assignment.layers) assign(layer, Role::master_weight, "e4m3fn/sr");
  TrainingOptions options = quick();
  options.epochs = 1;
  const TrainingResult result = train(graph, assignment, digits.data(), options);
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) {
    const std::string& name = graph.parameters[i].name;
    if (name.find("weight") == std::string::npos) continue;
    for (const float value : result.parameters[i].values()) {
      CHECK(round_to_format(static_cast<double>(value), parse_format("e4m3fn"), {}) ==
            static_cast<double>(value));
    }
  }
}

TEST_CASE("two seeds give two runs, one seed gives one") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  const Assignment assignment = uniform_assignment(test::layer_names_of(graph), {});
  TrainingOptions options = quick();
  options.epochs = 1;
  const std::vector<float> first = all_parameters(train(graph, assignment, digits.data(), options));
  CHECK(all_parameters(train(graph, assignment, digits.data(), options)) == first);
  options.seed = 2;
  CHECK(all_parameters(train(graph, assignment, digits.data(), options)) != first);
}

TEST_CASE("a run whose loss explodes ends early and says so") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  TrainingOptions options = quick();
  options.optimizer.learning_rate = 1e6;
  options.patience_steps = 5;
  const TrainingResult result =
      train(graph, uniform_assignment(test::layer_names_of(graph), {}), digits.data(), options);
  CHECK(result.status == TrainingStatus::diverged);
  CHECK_FALSE(result.status_reason.empty());
  CHECK(result.steps < 31 * 4);
  CHECK(result.validation_accuracy < 0.5);
}

TEST_CASE("dynamic loss scaling skips the steps whose gradients overflow, and trains on") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  const Recipe recipe = make_recipe("amp-fp16", test::layer_names_of(graph));
  TrainingOptions options = quick();
  options.loss_scaling = recipe.loss_scaling;
  options.loss_scaling.initial_scale = 0x1p24;
  const TrainingResult result = train(graph, recipe.assignment, digits.data(), options);
  CHECK(result.skipped_steps > 0);
  CHECK(result.final_loss_scale < 0x1p24);
  CHECK(result.test_accuracy > 0.85);
}

TEST_CASE("a run stops between two steps when it is asked to") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  int asked = 0;
  TrainingHooks hooks;
  hooks.stop_requested = [&] { return ++asked > 3; };
  const TrainingResult result = train(graph, uniform_assignment(test::layer_names_of(graph), {}),
                                      digits.data(), quick(), hooks);
  CHECK(result.status == TrainingStatus::stopped);
  CHECK(result.steps == 3);
}

TEST_CASE("running statistics follow the batches, and inference uses them") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  TrainingOptions options = quick();
  options.epochs = 1;
  const TrainingResult result =
      train(graph, uniform_assignment(test::layer_names_of(graph), {}), digits.data(), options);
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) {
    if (graph.parameters[i].name != "bn.variance") continue;
    for (const float variance : result.parameters[i].values()) {
      CHECK(variance > 0);
      CHECK(variance != 1.0F);
    }
  }
}

TEST_CASE("data that do not fit the network are refused with both shapes") {
  const Digits digits;
  const Graph graph = test::small_cnn(12);
  try {
    train(graph, uniform_assignment(test::layer_names_of(graph), {}), digits.data(), quick());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("[32, 1, 12, 12]") != std::string::npos);
    CHECK(std::string(error.what()).find("[1, 8, 8]") != std::string::npos);
  }
  TrainingOptions options = quick();
  options.batch_size = 2000;
  const Graph fitting = test::small_cnn(8);
  CHECK_THROWS_AS(
      train(fitting, uniform_assignment(test::layer_names_of(fitting), {}), digits.data(), options),
      Error);
}

TEST_CASE("measured node times cover every layer and both of its backward products") {
  const Digits digits;
  const Graph graph = test::small_cnn(8);
  TrainingOptions options = quick();
  options.epochs = 1;
  TrainingHooks hooks;
  hooks.measure_times = true;
  const TrainingResult timed = train(graph, uniform_assignment(test::layer_names_of(graph), {}),
                                     digits.data(), options, hooks);
  const Network network = prepare(graph, options.batch_size);
  REQUIRE(timed.node_seconds.size() == network.nodes.size());
  for (const Layer& layer : layers(network)) {
    CHECK(timed.node_seconds[layer.node].forward > 0);
    CHECK(timed.node_seconds[layer.node].backward_weight > 0);
  }
  CHECK(timed.node_seconds[layers(network)[0].node].backward_data ==
        0);  // nobody needs the input's gradient
  CHECK(timed.node_seconds[layers(network)[1].node].backward_data > 0);
  // Timing changes no bit.
  const TrainingResult plain =
      train(graph, uniform_assignment(test::layer_names_of(graph), {}), digits.data(), options);
  CHECK(all_parameters(plain) == all_parameters(timed));
}

}  // namespace
}  // namespace mantissa
