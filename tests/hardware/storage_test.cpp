#include "hardware/storage.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fake_network.h"
#include "hardware/cost.h"
#include "step_cost.h"

using namespace mantissa;
using fake::phase;
using fake::two_layers;
using fake::uniform_cost;

TEST_CASE("a Relu behind a layer moves one bit an element, the bit that backward needs") {
  // 2048 operations on 16 lanes: 128 cycles; 256 bytes take 32.
  const StepCost cost = uniform_cost(two_layers(), "e4m3fn", "fp32");
  for (const Phase p : {Phase::forward, Phase::backward_data}) {
    CHECK(phase(cost, "relu", p).dram_bytes == 256);
    CHECK(phase(cost, "relu", p).compute_cycles == 128);
    CHECK(phase(cost, "relu", p).latency_cycles == 128);
  }
  // fc2's gradient goes back through it in the 8 bits that fc1 takes: 64 x 16 errors, 512 weights,
  // 2048 gradients.
  CHECK(phase(cost, "fc2", Phase::backward_data).dram_bytes == 1024 + 512 + 2048);
}

TEST_CASE("a Relu whose input has another reader is a node of its own") {
  fake::NetworkBuilder build(Shape{64, 32});
  const ValueId w1 = build.parameter({32, 32});
  const ValueId hidden = build.gemm("fc1", 0, w1);
  const ValueId gate = build.elementwise("relu", "Relu", {hidden});
  const StepCost cost =
      uniform_cost(build.finish(build.elementwise("sum", "Add", {hidden, gate})), "bf16", "fp32");
  CHECK(phase(cost, "relu", Phase::forward).dram_bytes == 2 * 2048 * 2);  // bf16 in, bf16 out
}

TEST_CASE("independent branches may be listed in any order") {
  const auto build = [](bool left_first) {
    fake::NetworkBuilder builder(Shape{32, 40});
    const ValueId left_weight = builder.parameter({40, 24});
    const ValueId right_weight = builder.parameter({40, 24});
    ValueId left = kNoValue;
    ValueId right = kNoValue;
    if (left_first) left = builder.gemm("left", 0, left_weight);
    right = builder.gemm("right", 0, right_weight);
    if (!left_first) left = builder.gemm("left", 0, left_weight);
    return builder.finish(builder.elementwise("sum", "Add", {left, right}));
  };
  const Network one = build(true);
  const Network other = build(false);
  const LayerNumerics left = fake::numerics("e4m3fn", "fp16");
  const LayerNumerics right = fake::numerics("bf16", "fp32");
  Assignment first{.layer_names = {"left", "right"}, .layers = {left, right}, .vector = {}};
  Assignment second{.layer_names = {"right", "left"}, .layers = {right, left}, .vector = {}};
  const StepCost a = cost_of_step(one, first, fake::gemmini(), {});
  const StepCost b = cost_of_step(other, second, fake::gemmini(), {});
  CHECK(a.energy_pj == doctest::Approx(b.energy_pj).epsilon(1e-13));
  CHECK(a.latency_cycles == doctest::Approx(b.latency_cycles).epsilon(1e-13));
  CHECK(a.area_mm2 == b.area_mm2);
  for (const Phase p :
       {Phase::forward, Phase::backward_data, Phase::backward_weight, Phase::update}) {
    CHECK(phase(a, "left", p).energy_total_pj() == phase(b, "left", p).energy_total_pj());
  }
}

TEST_CASE("a parameter that two layers share is updated once") {
  fake::NetworkBuilder build(Shape{16, 32});
  const ValueId weight = build.parameter({32, 32});
  ValueId v = build.gemm("first", 0, weight);
  v = build.gemm("second", v, weight);
  const StepCost cost = uniform_cost(build.finish(v), "fp32", "fp32");
  CHECK(phase(cost, "first", Phase::update).dram_bytes > 0);
  CHECK(phase(cost, "second", Phase::update).dram_bytes == 0);
}

TEST_CASE("a weight that training leaves alone has neither gradient nor update") {
  fake::NetworkBuilder build(Shape{16, 32});
  const ValueId fixed = build.parameter({32, 32}, false);
  const ValueId trained = build.parameter({32, 32});
  ValueId v = build.gemm("fixed", 0, fixed);
  v = build.gemm("trained", v, trained);
  const StepCost cost = uniform_cost(build.finish(v), "e4m3fn", "fp32");
  CHECK(phase(cost, "fixed", Phase::forward).macs == 16 * 32 * 32);
  CHECK(phase(cost, "fixed", Phase::backward_data).macs == 0);
  CHECK(phase(cost, "fixed", Phase::backward_weight).macs == 0);
  CHECK(phase(cost, "fixed", Phase::update).dram_bytes == 0);
  CHECK(phase(cost, "trained", Phase::backward_data).macs ==
        0);  // nobody behind it wants a gradient
  CHECK(phase(cost, "trained", Phase::backward_weight).macs == 16 * 32 * 32);
  CHECK(phase(cost, "trained", Phase::update).dram_bytes > 0);
}

TEST_CASE("an operand that the operator took in as a constant is priced from the product's size") {
  fake::NetworkBuilder build(Shape{16, 32});
  const ValueId weight = build.parameter({32, 32}, false);
  Network network = build.finish(build.gemm("fc", 0, weight));
  const StepCost as_value = uniform_cost(network, "bf16", "fp32");
  network.nodes[0].inputs[1] = kNoValue;
  const StepCost as_constant = uniform_cost(network, "bf16", "fp32");
  CHECK(as_constant.energy_pj == as_value.energy_pj);
}

TEST_CASE("views cost nothing and pass formats through") {
  const StepCost cost = uniform_cost(fake::lenet(8), "e4m3fn", "fp32");
  CHECK(phase(cost, "flatten", Phase::forward).energy_total_pj() == 0);
  CHECK(phase(cost, "flatten", Phase::backward_data).latency_cycles == 0);
  // pool2 reads 8 x 16 x 10 x 10 and writes 8 x 16 x 5 x 5 values in the 8 bits that fc1 asks for
  // behind the view.
  CHECK(phase(cost, "pool2", Phase::forward).dram_bytes == 8 * 16 * 125);
}

TEST_CASE("a saved activation is copied in its own format when its neighbours need it wide") {
  // x -> fc1 -> {Sigmoid, fc2}: the Sigmoid reads fc1's binary32 output, fc2 reads it as e4m3. fc2
  // reads 4 bytes, writes a copy of 1 byte and reads it again for its weight gradient, instead of
  // reading 4 bytes twice.
  fake::NetworkBuilder build(Shape{64, 32});
  const ValueId w1 = build.parameter({32, 32});
  const ValueId w2 = build.parameter({32, 32});
  const ValueId hidden = build.gemm("fc1", 0, w1);
  const ValueId gate = build.elementwise("gate", "Sigmoid", {hidden}, 2, 2);
  const ValueId out = build.gemm("fc2", hidden, w2);
  const Network network = build.finish(build.elementwise("mul", "Mul", {out, gate}));
  Assignment assignment = fake::uniform(network, fake::numerics("fp32", "fp32"));
  assign(assignment.layers[1], Role::activation, "e4m3fn");
  const StepCost narrow = cost_of_step(network, assignment, fake::gemmini(), {});
  const StepCost wide = uniform_cost(network, "fp32", "fp32");
  const double elements = 64 * 32;
  CHECK(phase(narrow, "fc2", Phase::forward).dram_bytes ==
        phase(wide, "fc2", Phase::forward).dram_bytes + elements);
  CHECK(phase(narrow, "fc2", Phase::backward_weight).dram_bytes ==
        phase(wide, "fc2", Phase::backward_weight).dram_bytes - 3 * elements);
}

TEST_CASE("an error with shared scales is stored with them, but does not pass a Relu so") {
  fake::NetworkBuilder build(Shape{64, 48});
  const ValueId w1 = build.parameter({48, 32});
  const ValueId w2 = build.parameter({32, 32});
  const ValueId w3 = build.parameter({32, 16});
  const ValueId first = build.gemm("fc1", 0, w1);
  const ValueId second = build.gemm("fc2", first, w2);
  const ValueId relu = build.elementwise("relu", "Relu", {second});
  const Network network = build.finish(build.gemm("fc3", relu, w3));
  const auto gradient_bits = [&](const std::string& format, ValueId value) {
    Assignment assignment = fake::uniform(network, LayerNumerics{});
    for (LayerNumerics& layer : assignment.layers) assign(layer, Role::error, format);
    return plan_storage(network, assignment).gradient_bits[static_cast<std::size_t>(value)];
  };
  CHECK(gradient_bits("e2m1fin", first) == 4);
  CHECK(gradient_bits("e2m1fin", relu) == 4);
  CHECK(gradient_bits("mxfp4", first) == 4.25);
  CHECK(gradient_bits("nvfp4", first) == 4.5);
  CHECK(gradient_bits("mxfp4", relu) == 32);
}
