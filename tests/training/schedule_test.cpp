#include "training/schedule.h"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "training/loss_scaling.h"

namespace mantissa {
namespace {

TEST_CASE("a constant schedule is constant, and warmup rises to it") {
  ScheduleOptions schedule;
  CHECK(learning_rate(schedule, 0.1, 77, 100, 10) == 0.1);
  schedule.warmup_steps = 4;
  CHECK(learning_rate(schedule, 0.1, 0, 100, 10) == 0.025);
  CHECK(learning_rate(schedule, 0.1, 3, 100, 10) == 0.1);
  CHECK(learning_rate(schedule, 0.1, 4, 100, 10) == 0.1);
}

TEST_CASE("a step schedule drops at the end of its epochs") {
  ScheduleOptions schedule;
  schedule.kind = ScheduleKind::step;
  schedule.step_epochs = 2;
  schedule.step_factor = 0.5;
  CHECK(learning_rate(schedule, 1, 19, 100, 10) == 1);
  CHECK(learning_rate(schedule, 1, 20, 100, 10) == 0.5);
  CHECK(learning_rate(schedule, 1, 40, 100, 10) == 0.25);
}

TEST_CASE("a cosine schedule follows the cosine to one part in 10^14") {
  ScheduleOptions schedule;
  schedule.kind = ScheduleKind::cosine;
  schedule.final_fraction = 0.1;
  for (int step = 0; step <= 1000; ++step) {
    const double expected = 0.1 + 0.9 * (1 + std::cos(std::numbers::pi * step / 1000)) / 2;
    CHECK(std::abs(learning_rate(schedule, 1, step, 1000, 10) - expected) < 1e-14);
  }
}

TEST_CASE("a dynamic loss scale halves on a bad step and doubles after enough good ones") {
  LossScaler scaler({LossScalingKind::dynamic, 1024, 3});
  CHECK(scaler.scale() == 1024);
  scaler.step_done(false);
  CHECK(scaler.scale() == 512);
  scaler.step_done(true);
  scaler.step_done(true);
  CHECK(scaler.scale() == 512);
  scaler.step_done(true);
  CHECK(scaler.scale() == 1024);
  scaler.step_done(true);
  scaler.step_done(false);
  scaler.step_done(true);
  scaler.step_done(true);
  CHECK(scaler.scale() == 512);
  LossScaler none({LossScalingKind::none, 1024, 3});
  none.step_done(false);
  CHECK(none.scale() == 1);
}

TEST_CASE("a dynamic loss scale stays a power of two that has an inverse") {
  LossScaler scaler({LossScalingKind::dynamic, 65536, 1});
  for (int i = 0; i < 500; ++i) scaler.step_done(false);
  CHECK(static_cast<float>(1 / scaler.scale()) < INFINITY);
  for (int i = 0; i < 500; ++i) scaler.step_done(true);
  CHECK(static_cast<float>(scaler.scale()) < INFINITY);
}

}  // namespace
}  // namespace mantissa
