#include "numeric/events.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "numeric/dot.h"
#include "numeric/scaled_kernels.h"
#include "numeric/vector_check.h"

namespace mantissa {
namespace {

/// The definitions, one value after the other.
TensorEvents by_definition(const std::vector<float>& source, const std::vector<float>& rounded,
                           const EventLimits& limits, const std::vector<float>& scales) {
  TensorEvents events;
  for (std::size_t i = 0; i < source.size(); ++i) {
    ++events.values;
    if (source[i] > limits.largest * scales[i]) ++events.overflows;
    if (source[i] < limits.most_negative * scales[i]) ++events.overflows;
    if (source[i] != 0 && rounded[i] == 0) ++events.underflows;
    if (rounded[i] != 0 && std::abs(rounded[i]) < limits.min_normal * scales[i])
      ++events.subnormals;
    if (std::isnan(rounded[i])) ++events.nans;
  }
  return events;
}

TEST_CASE("what rounding does is told by hand") {
  const Quantization e4m3 = parse_quantization("e4m3fn");
  std::vector<float> values = {1, -500, 448, 0x1p-9F, 0x1p-11F, 0, -0.0F, NAN, INFINITY, 0.001F};
  TensorEvents events;
  quantize_and_count(values, e4m3, event_limits(e4m3), {}, 0, events);
  // 500 and infinity become NaN; 2^-9 and 0.001 become the smallest subnormal, 2^-11 becomes zero.
  CHECK(events == TensorEvents{10, 2, 1, 2, 3});

  const Quantization fixed = parse_quantization("q2.2");
  values = {1.75F, 1.8F, -2, -2.1F, 0.1F, -0.25F};
  events = {};
  quantize_and_count(values, fixed, event_limits(fixed), {}, 0, events);
  CHECK(events == TensorEvents{6, 2, 1, 0, 0});
}

TEST_CASE("vectors count events as their definitions do, on every instruction set") {
  std::vector<float> inputs;
  add_anywhere(inputs, 3000);
  for (const char* text : {"e4m3fn", "e5m2", "e4m3fnuz", "e2m1fin", "e5m10nosub", "e8m7/sr", "q4.4",
                           "q8.8/rtz", "posit8es1", "e3m2fin"}) {
    CAPTURE(text);
    const Quantization quantization = parse_quantization(text);
    const EventLimits limits = event_limits(quantization);
    for (const std::size_t size :
         {inputs.size(), std::size_t{0}, std::size_t{1}, std::size_t{37}}) {
      const std::vector<float> source(inputs.end() - static_cast<std::ptrdiff_t>(size),
                                      inputs.end());
      std::vector<float> rounded = source;
      quantize(rounded, quantization, kCheckKey, 5);
      const TensorEvents expected =
          by_definition(source, rounded, limits, std::vector<float>(size, 1.0F));
      on_every_target([&](const std::string& target) {
        CAPTURE(target);
        TensorEvents found;
        count_events(source, rounded, limits, found);
        CHECK(found == expected);
        std::vector<float> in_place = source;
        TensorEvents on_the_way;
        quantize_and_count(in_place, quantization, limits, kCheckKey, 5, on_the_way);
        CHECK(on_the_way == expected);
        CHECK(codes(in_place) == codes(rounded));
      });
    }
  }
}

TEST_CASE("scaled elements are counted by their own scales") {
  std::vector<float> source;
  add_anywhere(source, 500);
  source.resize(source.size() / 21 * 21);
  for (const char* text : {"mxfp4", "nvfp4", "int8", "mxfp8e5m2", "bfp4b32"}) {
    CAPTURE(text);
    const Quantization quantization = parse_quantization(text);
    const EventLimits limits = event_limits(quantization);
    const ScaledRounder rounder(quantization);
    const std::size_t length = 21;
    std::vector<float> scales;
    std::vector<float> scale_of_element;
    for (std::size_t run = 0; run < source.size() / length; ++run) {
      scales.push_back(std::ldexp(1.0F, static_cast<int>(run % 19) - 9));
      scale_of_element.insert(scale_of_element.end(), length, scales.back());
    }
    std::vector<float> rounded(source.size());
    const auto runs = static_cast<std::int64_t>(scales.size());
    rounder.round_runs(source.data(), rounded.data(), runs, length, scales.data(), kCheckKey, 0);
    const TensorEvents expected = by_definition(source, rounded, limits, scale_of_element);
    CHECK(expected.overflows > 0);
    CHECK(expected.underflows > 0);
    on_every_target([&](const std::string& target) {
      CAPTURE(target);
      TensorEvents by_run;
      count_run_events(source.data(), rounded.data(), runs, length, scales.data(), limits, by_run);
      CHECK(by_run == expected);
      TensorEvents by_element;
      count_element_events(source.data(), rounded.data(), static_cast<std::int64_t>(source.size()),
                           scale_of_element.data(), limits, by_element);
      CHECK(by_element == expected);
    });
  }
}

SumEvents events_of(const std::string& mac, const std::vector<float>& a,
                    const std::vector<float>& b, float start = 0) {
  SumEvents events;
  dot(start, a, b, parse_mac(mac), {3}, 0, &events);
  return events;
}

TEST_CASE("addends that a sum does not notice are swamped") {
  // 2048 is the first half-precision number to whose last place 1 is a tie.
  const std::vector<float> a = {2048, 1, 1, 1, 1, 0};
  const std::vector<float> ones(6, 1.0F);
  CHECK(events_of("e5m10", a, ones) == SumEvents{1, 5, 0, 5, 4, 0, 0});
  CHECK(events_of("e8m23", a, ones) == SumEvents{1, 5, 0, 5, 0, 0, 0});
  CHECK(events_of("exact:e5m10", a, ones) == SumEvents{1, 5, 0, 5, 0, 0, 0});
  // The compensation keeps what the sum loses.
  CHECK(events_of("kahan:e5m10", a, ones).swamped == 0);
  // 2048 + 1; but (2048 + 1) + (1 + 1) = 2050, and 2050 + 1 is a tie that goes to 2052.
  CHECK(events_of("pairwise:e5m10", a, ones).swamped == 1);
  // A block of four is cut to multiples of 2^(11 - 6); the ones after it to the same.
  CHECK(events_of("aligned6x4:e8m23", a, ones) == SumEvents{1, 5, 0, 5, 4, 0, 0});
  // Likewise in chunks of two.
  CHECK(events_of("e5m10/chunk2:e5m10", a, ones).swamped == 1);
}

TEST_CASE("overflow, underflow and NaN of sums are counted") {
  CHECK(events_of("e5m10", {60000, 60000, 1}, {1, 1, 1}) == SumEvents{1, 3, 0, 2, 0, 1, 0});
  CHECK(events_of("e5m10sat", {60000, 60000, 1}, {1, 1, 1}) == SumEvents{1, 3, 0, 3, 0, 2, 0});
  CHECK(events_of("exact:e5m10", {60000, 60000}, {1, 1}).overflows == 1);
  CHECK(events_of("aligned24x4:e5m10", {60000, 60000}, {1, 1}).overflows == 1);
  CHECK(events_of("q4.4", {7, 3}, {1, 1}).overflows == 1);
  CHECK(events_of("e8m23 product=e4m3fn", {0x1p-6F, 1}, {0x1p-6F, 1}) ==
        SumEvents{1, 2, 1, 1, 0, 0, 0});
  CHECK(events_of("e8m23", {INFINITY, -INFINITY}, {1, 1}).nans == 1);
}

TEST_CASE("a sum is the same whether its events are counted or not") {
  RandomSequence random({8});
  std::vector<float> a;
  std::vector<float> b;
  for (int i = 0; i < 200; ++i) {
    a.push_back(
        std::ldexp(static_cast<float>(random.uniform()) - 0.5F, static_cast<int>(random.below(6))));
    b.push_back(
        std::ldexp(static_cast<float>(random.uniform()) - 0.5F, static_cast<int>(random.below(6))));
  }
  for (const char* text : {"e8m23", "e5m10/sr", "e5m3/chunk16", "exact:e5m10", "kahan:e5m10/sr",
                           "pairwise:e5m7/sr", "aligned13x16:e8m23", "e5m10 product=e4m3fn/sr",
                           "e8m23 multiplier=mitchell operands=e4m3fn"}) {
    CAPTURE(text);
    const Mac mac = parse_mac(text);
    SumEvents events;
    const double counted = dot(1, a, b, mac, {3}, 77, &events);
    CHECK(counted == dot(1, a, b, mac, {3}, 77));
    CHECK(events.sums == 1);
    CHECK(events.products == 200);
    CHECK(events.addends > 0);
    CHECK(events.swamped <= events.addends);
  }
}

TEST_CASE("events of several threads add up") {
  TensorEventCounter counter;
  counter.add({10, 1, 2, 3, 4});
  counter.add({5, 0, 1, 0, 0});
  CHECK(counter.total() == TensorEvents{15, 1, 3, 3, 4});
  SumEvents sum = {1, 2, 3, 4, 5, 6, 7};
  sum += SumEvents{1, 1, 1, 1, 1, 1, 1};
  CHECK(sum == SumEvents{2, 3, 4, 5, 6, 7, 8});
}

}  // namespace
}  // namespace mantissa
