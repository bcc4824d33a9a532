#include "graph/reshape_target.h"

#include <doctest/doctest.h>

#include "onnx_text.h"

namespace mantissa {
namespace {

using Target = std::vector<std::int64_t>;

/// The settled target for an input whose shapes for batches 2 and 3 (or `batches`) are given.
Target settle(const PerBatch<Target>& targets, const PerBatch<Shape>& input, bool exported_fixed,
              const PerBatch<std::int64_t>& batches = {2, 3}, bool zero_copies = true) {
  return batch_free_target(targets, {input, batches, exported_fixed, zero_copies});
}

PerBatch<Target> both(const Target& target) {
  return {target, target};
}

TEST_CASE("a target computed from the batch follows it by copying the input's extent") {
  const PerBatch<Shape> input = {Shape{2, 8, 4}, Shape{3, 8, 4}};
  CHECK(settle({Target{2, 32}, Target{3, 32}}, input, false) == Target{0, 32});
  CHECK(settle({Target{2, -1}, Target{3, -1}}, input, false) == Target{0, -1});
}

TEST_CASE("a target computed from the batch that is no extent of the input becomes -1") {
  const PerBatch<Shape> input = {Shape{2, 8, 4}, Shape{3, 8, 4}};
  CHECK(settle({Target{4, 16}, Target{6, 16}}, input, false) == Target{-1, 16});
  CHECK(settle({Target{8, 2, 4}, Target{8, 3, 4}}, input, false) == Target{8, -1, 4});
  CHECK(settle({Target{2, 32}, Target{3, 32}}, input, false, {2, 3}, false) == Target{-1, 32});
}

TEST_CASE("a target with two extents that depend on the batch, neither the input's, is refused") {
  const PerBatch<Shape> input = {Shape{2, 8, 4}, Shape{3, 8, 4}};
  CHECK(mentions(error_of([&] {
                   settle({Target{4, -1}, Target{6, -1}}, input, false);
                 }),
                 {"more than one extent"}));
  CHECK(mentions(error_of([&] {
                   settle({Target{4, 2, 8}, Target{6, 3, 8}}, input, false);
                 }),
                 {"more than one extent"}));
}

TEST_CASE("the exported batch as a literal first extent becomes one that follows the batch") {
  const PerBatch<Shape> input = {Shape{1, 16, 5, 5}, Shape{2, 16, 5, 5}};
  CHECK(settle(both({1, 400}), input, true, {1, 2}) == Target{-1, 400});
  CHECK(settle(both({1, -1}), input, true, {1, 2}) == Target{0, -1});
  CHECK(settle(both({1, 2, 8, 5, 5}), input, true, {1, 2}) == Target{-1, 2, 8, 5, 5});
  const PerBatch<Shape> of_64 = {Shape{64, 10}, Shape{65, 10}};
  CHECK(settle(both({64, 2, 5}), of_64, true, {64, 65}) == Target{-1, 2, 5});
}

TEST_CASE("a target that serves every batch stays as it is") {
  const PerBatch<Shape> input = {Shape{1, 16, 5, 5}, Shape{2, 16, 5, 5}};
  CHECK(settle(both({-1, 400}), input, true, {1, 2}) == Target{-1, 400});
  CHECK(settle(both({0, -1}), input, true, {1, 2}) == Target{0, -1});
  CHECK(settle(both({0, 400}), input, true, {1, 2}) == Target{0, 400});
  CHECK(settle(both({1, 400}), input, false) == Target{1, 400});
}

}  // namespace
}  // namespace mantissa
