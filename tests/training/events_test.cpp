#include "training/events.h"

#include <doctest/doctest.h>

#include "digits.h"
#include "support/small_networks.h"
#include "tensor/parallel.h"
#include "training/recipes.h"
#include "training/trainer.h"

namespace mantissa {
namespace {

using test::Digits;

TrainingOptions one_epoch() {
  TrainingOptions options;
  options.epochs = 1;
  options.batch_size = 32;
  options.optimizer.learning_rate = 0.05;
  return options;
}

const TensorEvents& tensor(const TrainingResult& result, std::size_t layer, Role role) {
  return result.events.layers[layer].tensors[static_cast<std::size_t>(role)];
}

TEST_CASE("training counts every value that it rounds, and nothing that it does not") {
  const Digits digits(640, 100);
  const Graph graph = test::small_cnn(8);
  const std::vector<std::string> names = test::layer_names_of(graph);
  Assignment assignment = uniform_assignment(names, {});
  for (const char* role : {"weight", "error", "output", "weight_gradient", "master_weight"}) {
    assign(assignment.layers[0], parse_role(role), "e5m2");
  }
  assign(assignment.layers[1], Role::activation, "mxfp4");
  assign(assignment.layers[1], Role::optimizer_state, "q2.6");
  const TrainingResult result = train(graph, assignment, digits.data(), one_epoch());
  REQUIRE(result.events.layers.size() == names.size());
  const Network network = prepare(graph, 32);
  const std::vector<Layer> all = layers(network);
  const auto elements = [&](ValueId value) {
    return network.value_shapes[static_cast<std::size_t>(value)].elements();
  };
  const NetworkNode& first = network.nodes[all[0].node];
  const NetworkNode& second = network.nodes[all[1].node];
  CHECK(result.steps == 20);
  constexpr std::int64_t kCounted = 2;  // the first and the seventeenth
  CHECK(tensor(result, 0, Role::weight).values == kCounted * elements(all[0].weight));
  CHECK(tensor(result, 0, Role::weight_gradient).values == kCounted * elements(all[0].weight));
  CHECK(tensor(result, 0, Role::master_weight).values == kCounted * elements(all[0].weight));
  CHECK(tensor(result, 0, Role::output).values == kCounted * elements(first.outputs[0]));
  CHECK(tensor(result, 0, Role::error).values == kCounted * elements(first.outputs[0]));
  CHECK(tensor(result, 0, Role::activation) == TensorEvents{});
  CHECK(tensor(result, 0, Role::error).underflows > 0);
  CHECK(tensor(result, 1, Role::activation).values == kCounted * elements(second.inputs[0]));
  CHECK(tensor(result, 1, Role::activation).underflows > 0);
  CHECK(tensor(result, 1, Role::optimizer_state).values == kCounted * elements(all[1].weight));
  CHECK(tensor(result, 1, Role::weight) == TensorEvents{});
  CHECK(result.events.vector == TensorEvents{});
  for (const LayerEvents& layer : result.events.layers) {
    CHECK(layer.sums[0].sums > 0);
    CHECK(layer.sums[0].products > 0);
    CHECK(layer.sums[2].sums > 0);
  }
}

TEST_CASE("counting changes nothing, and counts the same on 1, 2 and 3 threads") {
  const Digits digits(640, 100);
  const Graph graph = test::small_cnn(8);
  const Assignment assignment =
      uniform_assignment(test::layer_names_of(graph), parse_quantization("e4m3fn/sr"));
  const auto run = [&](int threads, bool counts) {
    TrainingResult result;
    TrainingHooks hooks;
    hooks.count_events = counts;
    with_threads(threads,
                 [&] { result = train(graph, assignment, digits.data(), one_epoch(), hooks); });
    return result;
  };
  const TrainingResult silent = run(2, false);
  const TrainingResult expected = run(1, true);
  CHECK(silent.events == NumericEvents{});
  CHECK(silent.step_losses == expected.step_losses);
  for (const int threads : {2, 3}) CHECK(run(threads, true).events == expected.events);
}

TEST_CASE("a run that diverges says where, and by which events") {
  const Digits digits(640, 100);
  const Graph graph = test::small_cnn(8);
  Assignment assignment = uniform_assignment(test::layer_names_of(graph), {});
  const std::string& name = assignment.layer_names[1];
  const auto reason = [&] {
    const TrainingResult result = train(graph, assignment, digits.data(), one_epoch());
    CHECK(result.status == TrainingStatus::diverged);
    return result.status_reason;
  };
  assign(assignment.layers[1], Role::mac_forward, "e2m3fn");
  CHECK(reason().find("is not finite: the result of node \"" + name +
                      "\" is the first that is not") != std::string::npos);
  assign(assignment.layers[1], Role::mac_forward, "fp32");
  assign(assignment.layers[1], Role::output, "e1m2fn");
  const std::string overflow = reason();
  CAPTURE(overflow);
  CHECK(overflow.find("layer \"" + name + "\": ") != std::string::npos);
  CHECK(overflow.find(" % of output overflowed") != std::string::npos);
  assign(assignment.layers[1], Role::output, "fp32");
  assign(assignment.layers[1], Role::weight_gradient, "e2m0b40");
  CHECK(reason().find("a parameter's gradient in node \"" + name + "\"") != std::string::npos);
}

TEST_CASE("the largest share of overflows, and of what is lost, is named") {
  Assignment assignment = uniform_assignment({"a", "b"}, {});
  NumericEvents events;
  events.layers.resize(2);
  CHECK(largest_overflow(events, assignment).empty());
  CHECK(largest_loss(events, assignment).empty());
  TensorEvents& error = events.layers[1].tensors[static_cast<std::size_t>(Role::error)];
  error = {1000, 1, 9, 0, 0};
  CHECK(largest_overflow(events, assignment) == "layer \"b\": 0.1 % of error overflowed");
  CHECK(largest_loss(events, assignment).empty());
  error.underflows = 412;
  CHECK(largest_loss(events, assignment) == "layer \"b\": 41.2 % of error underflowed to zero");
  SumEvents& sums = events.layers[0].sums[2];
  sums.addends = 1000;
  sums.swamped = 900;
  sums.overflows = 10;
  CHECK(largest_loss(events, assignment) ==
        "layer \"a\": 90 % of mac.backward_weight addends were swamped");
  CHECK(largest_overflow(events, assignment) ==
        "layer \"a\": 1 % of mac.backward_weight additions overflowed");
}

}  // namespace
}  // namespace mantissa
