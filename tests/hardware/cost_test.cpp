#include "hardware/cost.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "fake_network.h"
#include "hardware/adder.h"
#include "hardware/host_core.h"
#include "hardware/memory.h"
#include "hardware/multiplier.h"
#include "step_cost.h"
#include "support/error.h"

using namespace mantissa;
using fake::phase;
using fake::two_layers;
using fake::uniform_cost;

namespace {

double host_latency(const StepCost& cost) {
  double sum = cost.total(Phase::update).latency_cycles;
  for (const NodeCost& node : cost.nodes) {
    if (node.is_layer) continue;
    sum +=
        node.phase(Phase::forward).latency_cycles + node.phase(Phase::backward_data).latency_cycles;
  }
  return sum;
}

}  // namespace

TEST_CASE("a layer costs what the hand says, part by part") {
  // fc1 forward: [64 x 48] [48 x 32] in e4m3 with binary32 sums, output e4m3, on the 16 x 16
  // machine. All that follows it is a Relu before fc2, so the output lies in memory as e4m3. The
  // input is the network's, computed in binary32, but its only reader asks for e4m3, so that is how
  // it lies in memory. The master weight is binary32; the copy in e4m3 costs 8 bits to write and 8
  // to read (no backward-data here: one read) against 32.
  //   MACs 64 * 48 * 32 = 98,304; DRAM (3072 + 1536 + 2048) bytes; 832 cycles; latency 1728: see
  //   systolic_array_test.
  const Network network = two_layers();
  const Accelerator accelerator = fake::gemmini();
  const StepCost cost = uniform_cost(network, "e4m3fn", "fp32");
  const PhaseCost& forward = phase(cost, "fc1", Phase::forward);
  CHECK(forward.macs == 98304);
  CHECK(forward.dram_bytes == 3072 + 1536 + 2048);
  CHECK(forward.compute_cycles == 659);
  CHECK(forward.memory_cycles == 832);
  CHECK(forward.latency_cycles == 1728);
  CHECK(forward.scratchpad_bytes == 12288);

  const NumberWidth e4m3 = number_width(parse_format("e4m3fn"));
  const NumberWidth fp32;
  const double multiply = multiplier_cost(accelerator.energy_pj, e4m3, e4m3);
  CHECK(forward.energy(Component::multiplier) == doctest::Approx(98304 * multiply).epsilon(1e-12));
  CHECK(forward.energy(Component::accumulator) == doctest::Approx(98304 * 0.9).epsilon(1e-12));
  // Registers 0.009 pJ a bit; DRAM 1300 pJ / 64 bit; a 64 KiB bank lies between 32 KiB (20 pJ) and
  // 1 MiB (100 pJ) on a line in logarithms: 20 * 2^(log2(5) / 5) = 27.595 pJ; a 32 KiB bank is a
  // published point.
  CHECK(forward.energy(Component::registers) ==
        doctest::Approx(0.009 * (98304 * 40 + 1536 * 8 * 8.5)).epsilon(1e-12));
  CHECK(forward.energy(Component::dram) == doctest::Approx(1300.0 / 64 * 53248).epsilon(1e-12));
  CHECK(forward.energy(Component::scratchpad) ==
        doctest::Approx(27.5946 / 64 * 12288 * 8).epsilon(1e-5));
  CHECK(forward.energy(Component::accumulator_memory) ==
        doctest::Approx(20.0 / 64 * 2 * 3 * 2048 * 32).epsilon(1e-12));
  CHECK(forward.energy(Component::host_core) == 0);
  // 3072 inputs and 2048 outputs are converted from binary32.
  CHECK(forward.energy(Component::converter) > 0);
  CHECK(forward.energy(Component::converter) < (3072 + 2048) * 0.9);
  const double logic_mw =
      (cost.area.array_mm2 + cost.area.converters_mm2 + cost.area.host_mm2) * 12.4;
  const double memory_mw = 320 * 0.459;
  CHECK(forward.energy(Component::leakage) ==
        doctest::Approx(1728 * (logic_mw + memory_mw)).epsilon(1e-12));
}

TEST_CASE("a node outside the products costs the host what the hand says") {
  // A Sigmoid on 64 x 32 e4m3 values, 2 operations and 2 special functions each: 2048 loads, 2048
  // stores, 4096 operations, 4096 specials of 20 instructions, on 16 lanes: 4096 x (2 x 0.5 + 1 +
  // 20) / 16 = 5632 instructions and cycles. It reads e4m3 and writes e4m3, since that is what fc2
  // asks for: 4096 bytes at 8 bytes a cycle take 512 cycles. Energy: 5632 x 70 pJ, and 4096 x 21
  // operations x (3.7 + 0.9) / 2 pJ.
  fake::NetworkBuilder build(Shape{64, 48});
  const ValueId w1 = build.parameter({48, 32});
  const ValueId w2 = build.parameter({32, 16});
  ValueId v = build.gemm("fc1", 0, w1);
  v = build.elementwise("gate", "Sigmoid", {v}, 2, 2);
  v = build.gemm("fc2", v, w2);
  const StepCost cost = uniform_cost(build.finish(v), "e4m3fn", "fp32");
  const PhaseCost& forward = phase(cost, "gate", Phase::forward);
  CHECK(forward.macs == 0);
  CHECK(forward.compute_cycles == 5632);
  CHECK(forward.memory_cycles == 512);
  CHECK(forward.latency_cycles == 5632);
  CHECK(forward.energy(Component::host_core) ==
        doctest::Approx(5632 * 70 + 4096 * 21 * 2.3).epsilon(1e-12));
  // Backward: the gradient arrives in binary32, since a Sigmoid's result is no member of e4m3; it
  // leaves as e4m3, the format in which fc1 takes it; the input is read again.
  CHECK(phase(cost, "gate", Phase::backward_data).dram_bytes == 2048 * (4 + 1 + 1));
}

TEST_CASE("the update costs its tensors in their own formats") {
  // fc1: 1536 parameters; gradient e4m3 read (1 byte), master and one momentum binary32 read and
  // written (16 bytes), the e4m3 weight written (1 byte): 18 bytes each. 6 transfers and 4
  // operations a parameter on 16 lanes: 960 cycles; 27,648 bytes take 3456.
  const StepCost cost = uniform_cost(two_layers(), "e4m3fn", "fp32");
  const PhaseCost& update = phase(cost, "fc1", Phase::update);
  CHECK(update.dram_bytes == 1536 * 18);
  CHECK(update.compute_cycles == 960);
  CHECK(update.latency_cycles == 3456);
  // Adam has two states: 8 bytes more.
  const Network network = two_layers();
  const UpdateWork adam{
      .state_tensors = 2, .operations_per_parameter = 10, .specials_per_parameter = 2};
  const StepCost with_adam = cost_of_step(
      network, fake::uniform(network, fake::numerics("e4m3fn", "fp32")), fake::gemmini(), adam);
  CHECK(phase(with_adam, "fc1", Phase::update).dram_bytes == 1536 * 26);
}

TEST_CASE("the first layer has no backward-data product, later ones have all three") {
  const StepCost cost = uniform_cost(two_layers(), "bf16", "fp32");
  CHECK(phase(cost, "fc1", Phase::backward_data).macs == 0);
  CHECK(phase(cost, "fc1", Phase::backward_data).energy_total_pj() == 0);
  CHECK(phase(cost, "fc1", Phase::backward_weight).macs == 98304);
  CHECK(phase(cost, "fc2", Phase::backward_data).macs == 64 * 32 * 16);
  CHECK(phase(cost, "fc2", Phase::backward_weight).macs == 64 * 32 * 16);
}

TEST_CASE("each product is priced with its own operands and its own Mac") {
  const Network network = two_layers();
  LayerNumerics numerics = fake::numerics("bf16", "fp32");
  const Assignment plain = fake::uniform(network, numerics);
  const auto differs = [&](const LayerNumerics& changed) {
    Assignment other = plain;
    other.layers[1] = changed;
    const StepCost before = cost_of_step(network, plain, fake::gemmini(), {});
    const StepCost after = cost_of_step(network, other, fake::gemmini(), {});
    std::string phases;
    for (const Phase p : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
      const PhaseCost& x = phase(before, "fc2", p);
      const PhaseCost& y = phase(after, "fc2", p);
      if (y.energy(Component::multiplier) != x.energy(Component::multiplier)) phases += "m";
      if (y.energy(Component::accumulator) != x.energy(Component::accumulator)) phases += "a";
      phases += "|";
    }
    return phases;
  };
  LayerNumerics weight = numerics;
  assign(weight, Role::weight, "e4m3fn");
  CHECK(differs(weight) == "m|m||");
  LayerNumerics activation = numerics;
  assign(activation, Role::activation, "e4m3fn");
  CHECK(differs(activation) == "m||m|");
  LayerNumerics error = numerics;
  assign(error, Role::error, "e5m2");
  CHECK(differs(error) == "|m|m|");
  LayerNumerics mac = numerics;
  assign(mac, Role::mac_backward_data, "e5m10");
  CHECK(differs(mac) == "|a||");
}

TEST_CASE("totals are the sums of their parts") {
  const StepCost cost = uniform_cost(fake::lenet(64), "fp16", "fp16");
  double energy = 0;
  double latency = 0;
  for (const NodeCost& node : cost.nodes) {
    for (const PhaseCost& part : node.phases) {
      for (const double component : part.energy_pj) {
        CHECK(component >= 0);
        energy += component;
      }
      CHECK(part.latency_cycles >= std::max(part.compute_cycles, part.memory_cycles) * (1 - 1e-12));
      latency += part.latency_cycles;
    }
  }
  CHECK(cost.energy_pj == doctest::Approx(energy).epsilon(1e-12));
  CHECK(cost.latency_cycles == doctest::Approx(latency).epsilon(1e-12));
  CHECK(cost.latency_seconds == doctest::Approx(latency * 1e-9).epsilon(1e-12));
  double by_phase = 0;
  for (std::size_t p = 0; p < kPhaseCount; ++p)
    by_phase += cost.total(static_cast<Phase>(p)).energy_total_pj();
  CHECK(by_phase == doctest::Approx(energy).epsilon(1e-12));
  const Area& area = cost.area;
  CHECK(cost.area_mm2 ==
        doctest::Approx(area.array_mm2 + area.converters_mm2 + area.memories_mm2 + area.host_mm2));
}

TEST_CASE("LeNet's MACs are those of its three products") {
  // A sample: conv1 28*28*6*25 = 117,600; conv2 10*10*16*150 = 240,000; dense 48,000 + 10,080 +
  // 840. Backward-weight the same; backward-data without conv1, with conv2's at 14*14*6*400 =
  // 470,400 since every input pixel is computed.
  const std::int64_t forward = 117600 + 240000 + 48000 + 10080 + 840;
  const StepCost cost = uniform_cost(fake::lenet(64), "fp32", "fp32");
  CHECK(cost.total(Phase::forward).macs == 64 * forward);
  CHECK(cost.total(Phase::backward_weight).macs == 64 * forward);
  CHECK(cost.total(Phase::backward_data).macs == 64 * (forward - 117600 - 240000 + 470400));
  CHECK(cost.total(Phase::update).macs == 0);
}

TEST_CASE("a training step of LeNet keeps published proportions between formats") {
  const Network network = fake::lenet(64);
  const StepCost fp32 = uniform_cost(network, "fp32", "fp32");
  const StepCost bf16 = uniform_cost(network, "bf16", "fp32");
  const StepCost fp8 = uniform_cost(network, "e4m3fn", "fp32");
  const StepCost fp8_narrow_sum = uniform_cost(network, "e4m3fn", "fp16");
  // Halved operands with binary32 sums save about half, quartered ones about two thirds.
  CHECK(bf16.energy_pj / fp32.energy_pj > 0.45);
  CHECK(bf16.energy_pj / fp32.energy_pj < 0.65);
  CHECK(fp8.energy_pj / fp32.energy_pj > 0.25);
  CHECK(fp8.energy_pj / fp32.energy_pj < 0.4);
  CHECK(fp8_narrow_sum.energy_pj < fp8.energy_pj);
  CHECK(fp8.latency_cycles < bf16.latency_cycles);
  CHECK(bf16.latency_cycles < fp32.latency_cycles);
  // An element with e4m3 products and binary32 sums is 2 to 4 times as large as one with binary16
  // sums, and smaller than half of binary32's own.
  CHECK(fp8.area.element_um2 / fp8_narrow_sum.area.element_um2 > 2);
  CHECK(fp8.area.element_um2 / fp8_narrow_sum.area.element_um2 < 4);
  CHECK(fp8.area.element_um2 < 0.5 * fp32.area.element_um2);
  // Work outside of the products is 25 to 60 % of a step's latency in the literature (SimDIT).
  CHECK(host_latency(fp8) / fp8.latency_cycles > 0.25);
  CHECK(host_latency(fp32) / fp32.latency_cycles < 0.65);
}

TEST_CASE("a step never gets cheaper when a format of it grows") {
  // One role at a time along a ladder of growing widths, in one layer, the others e4m3 and e5m10:
  // energy, latency and area grow. Left out of energy: the converters, since equal formats need
  // none. Tiles are chosen by energy times latency, which never falls (systolic_array_test); either
  // of them alone may fall by a trifle where the best tiles change.
  constexpr double kTrifle = 0.002;
  const Network network = fake::lenet(16);
  const Accelerator accelerator = fake::gemmini();
  const std::vector<std::string> ladder = {"e2m1",  "e3m2",  "e4m3",  "e4m5",  "e5m7",
                                           "e5m10", "e6m13", "e8m15", "e8m19", "e8m23"};
  for (std::size_t r = 0; r < kRoleCount; ++r) {
    const Role role = static_cast<Role>(r);
    for (const std::size_t layer : {0U, 1U, 3U}) {
      double energy = 0;
      double latency = 0;
      double area = 0;
      for (const std::string& format : ladder) {
        CAPTURE(role_name(role));
        CAPTURE(layer);
        CAPTURE(format);
        Assignment assignment = fake::uniform(network, fake::numerics("e4m3", "e5m10", "e8m15"));
        assign(assignment.layers[layer], role, format);
        const StepCost cost = cost_of_step(network, assignment, accelerator, {});
        const double converters = cost.total().energy(Component::converter);
        CHECK(cost.energy_pj - converters >= energy * (1 - kTrifle));
        CHECK(cost.latency_cycles >= latency * (1 - kTrifle));
        CHECK(cost.area.array_mm2 >= area);
        energy = std::max(energy, cost.energy_pj - converters);
        latency = std::max(latency, cost.latency_cycles);
        area = cost.area.array_mm2;
      }
    }
  }
}

TEST_CASE("an assignment for another network is refused by name") {
  const Network network = two_layers();
  Assignment assignment = fake::uniform(network, LayerNumerics{});
  assignment.layer_names[1] = "fc9";
  CHECK_THROWS_WITH_AS(cost_of_step(network, assignment, fake::gemmini(), {}),
                       "fc2: the assignment has no formats for this layer at place 1; it must list "
                       "the network's layers in the "
                       "order of execution",
                       Error);
  assignment = fake::uniform(network, LayerNumerics{});
  assignment.layer_names.emplace_back("fc3");
  assignment.layers.emplace_back();
  CHECK_THROWS_WITH_AS(cost_of_step(network, assignment, fake::gemmini(), {}),
                       "fc3: the assignment has 3 layers, the network 2", Error);
}

TEST_CASE("the cost is a pure function") {
  const Network network = fake::lenet(64);
  const Accelerator accelerator = fake::gemmini();
  const Assignment assignment = fake::uniform(network, fake::numerics("e4m3fn", "e5m10/chunk64"));
  const std::string first = to_json(cost_of_step(network, assignment, accelerator, {})).dump();
  for (int i = 0; i < 3; ++i) {
    CHECK(to_json(cost_of_step(network, assignment, accelerator, {})).dump() == first);
  }
}

TEST_CASE("the JSON form names every node, phase and component, and its parts add up") {
  const StepCost cost = uniform_cost(two_layers(), "e4m3fn", "fp32");
  const nlohmann::json document = to_json(cost);
  double energy = 0;
  for (const nlohmann::json& node : document.at("nodes")) {
    for (const auto& [name, part] : node.at("phases").items()) {
      CHECK(part.at("energy_pj").size() == kComponentCount);
      for (const auto& [component, value] : part.at("energy_pj").items())
        energy += value.get<double>();
    }
  }
  CHECK(document.at("energy_pj").get<double>() == doctest::Approx(energy).epsilon(1e-12));
  CHECK(document.at("nodes").at(0).at("node") == "fc1");
  CHECK_FALSE(document.at("nodes").at(0).at("phases").contains("backward_data"));
  CHECK(document.at("nodes").at(2).at("phases").contains("backward_data"));
}
