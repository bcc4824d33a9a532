#include "hardware/profile.h"

#include <cmath>
#include <cstdio>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "conventional_assignments.h"
#include "fake_network.h"

using namespace mantissa;

TEST_CASE("Amdahl: a share of the time, made faster, frees what the law says") {
  // Half the time, ten times faster: 1 / (0.5 + 0.05) = 1.818; infinitely faster: 2.
  const Amdahl half = amdahl(50, 100);
  CHECK(half.share == 0.5);
  CHECK(half.speedup_10x == doctest::Approx(1 / 0.55));
  CHECK(half.speedup_infinite == 2);
  CHECK(amdahl(0, 100).speedup_infinite == 1);
  CHECK(std::isinf(amdahl(100, 100).speedup_infinite));
  CHECK(amdahl(100, 100).speedup_10x == doctest::Approx(10));
  CHECK(amdahl(0, 0).share == 0);
}

TEST_CASE("profile rows cover the step once, in the order in which it runs") {
  const Network network = fake::lenet(32);
  const Accelerator accelerator = fake::gemmini();
  const StepCost cost = cost_of_step(
      network, fake::uniform(network, fake::numerics("bf16", "fp32")), accelerator, {});
  const std::vector<ProfileRow> rows = profile_rows(cost, accelerator);
  double latency_share = 0;
  double energy_share = 0;
  std::int64_t macs = 0;
  for (const ProfileRow& row : rows) {
    CAPTURE(row.node);
    latency_share += row.latency.share;
    energy_share += row.energy.share;
    macs += row.macs;
    CHECK(row.array_utilization >= 0);
    CHECK(row.array_utilization <= 1);
    CHECK(row.latency.speedup_infinite >= row.latency.speedup_10x);
    CHECK(row.latency.speedup_10x >= 1);
    CHECK(row.is_layer == (row.op_type == "Conv" || row.op_type == "Gemm"));
    CHECK(row.memory_bound == (row.memory_cycles > row.compute_cycles));
    if (row.dram_bytes > 0)
      CHECK(row.macs_per_byte * row.dram_bytes == doctest::Approx(static_cast<double>(row.macs)));
  }
  CHECK(latency_share == doctest::Approx(1));
  CHECK(energy_share == doctest::Approx(1));
  CHECK(macs == cost.total().macs);
  CHECK(rows.front().node == "conv1");
  CHECK(rows.front().phase == Phase::forward);
  CHECK(rows.back().phase == Phase::update);
  CHECK(rows.back().node == "fc3");
}

TEST_CASE("rows by phase and by node sum to the same step") {
  const Network network = fake::lenet(32);
  const Accelerator accelerator = fake::gemmini();
  const StepCost cost =
      cost_of_step(network, fake::uniform(network, LayerNumerics{}), accelerator, {});
  double by_phase = 0;
  double by_node = 0;
  for (const ProfileRow& row : profile_by_phase(cost, accelerator)) by_phase += row.energy_pj;
  for (const ProfileRow& row : profile_by_node(cost, accelerator)) by_node += row.latency_cycles;
  CHECK(profile_by_phase(cost, accelerator).size() == kPhaseCount);
  CHECK(profile_by_node(cost, accelerator).size() == network.nodes.size());
  CHECK(by_phase == doctest::Approx(cost.energy_pj));
  CHECK(by_node == doctest::Approx(cost.latency_cycles));
}

TEST_CASE("a profile row as JSON has a null where the speed-up is infinite") {
  ProfileRow row;
  row.node = "only";
  row.latency = amdahl(1, 1);
  const nlohmann::json document = to_json(row);
  CHECK(document.at("speedup_infinite").is_null());
  CHECK(document.at("latency_share") == 1.0);
  CHECK(document.at("phase") == "forward");
}

TEST_CASE("baselines are ordered by what their formats save, on every shipped machine") {
  const Network network = fake::lenet(64);
  for (const std::string& name : accelerator_file_names()) {
    const Accelerator accelerator = load_accelerator(fake::accelerator_path(name));
    double previous = 0;
    for (const Baseline& baseline : baselines()) {  // fp32 > fp16 > bf16 > fp8
      CAPTURE(name);
      CAPTURE(baseline.name);
      const StepCost cost = baseline_cost(baseline, network, accelerator, {});
      double host = cost.total(Phase::update).latency_cycles;
      for (const NodeCost& node : cost.nodes) {
        if (node.is_layer) continue;
        host += node.phase(Phase::forward).latency_cycles +
                node.phase(Phase::backward_data).latency_cycles;
      }
      std::printf(
          "LeNet-5, 64 images, %s, %s: %.0f uJ, %.3f ms, %.2f mm2, %.0f %% of the time outside of "
          "products\n",
          name.c_str(), baseline.name.c_str(), cost.energy_pj * 1e-6, cost.latency_seconds * 1e3,
          cost.area_mm2, 100 * host / cost.latency_cycles);
      if (previous > 0) CHECK(cost.energy_pj < previous);
      previous = cost.energy_pj;
    }
  }
}
