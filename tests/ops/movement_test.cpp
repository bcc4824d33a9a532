#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

using Extents = std::vector<std::int64_t>;

Tensor counting(const Shape& shape) {
  Tensor tensor(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(i);
  return tensor;
}

std::vector<float> output(const OperatorCase& node) {
  return elements(run_forward(node).outputs[0]);
}

TEST_CASE("Transpose permutes axes as a loop over indices does") {
  const Shape shape{2, 3, 4, 5};
  Extents perm = {0, 1, 2, 3};
  do {
    const Tensor x = counting(shape);
    const OperatorCase node = OperatorCase("Transpose").integers("perm", perm).input(x.clone());
    const ForwardResult result = run_forward(node);
    const Tensor& y = result.outputs[0];
    Extents index(4);
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::int64_t rest = static_cast<std::int64_t>(i);
      for (std::size_t axis = 4; axis-- > 0; rest /= shape[axis]) index[axis] = rest % shape[axis];
      std::int64_t offset = 0;
      for (std::size_t axis = 0; axis < 4; ++axis) {
        offset = offset * y.shape()[axis] + index[static_cast<std::size_t>(perm[axis])];
      }
      INFO("perm " << Shape(perm).text() << ", element " << i);
      REQUIRE(y.data()[offset] == x.data()[i]);
    }
  } while (std::next_permutation(perm.begin(), perm.end()));
}

TEST_CASE("Transpose reverses all axes by default, and its gradient is the inverse permutation") {
  CHECK(output(OperatorCase("Transpose").input(counting({2, 3}))) ==
        std::vector<float>{0, 3, 1, 4, 2, 5});
  check_gradients(OperatorCase("Transpose").input(random_tensor({2, 3, 4}, 1)));
  check_gradients(
      OperatorCase("Transpose").integers("perm", {2, 0, 1}).input(random_tensor({2, 3, 4}, 1)));
  check_gradients(
      OperatorCase("Transpose").integers("perm", {1, 0, 2}).input(random_tensor({2, 1, 4}, 1)));
  check_threads(
      OperatorCase("Transpose").integers("perm", {0, 2, 1}).input(random_tensor({30, 40, 50}, 1)));
  CHECK(refusal(OperatorCase("Transpose").integers("perm", {0, 0}).input(counting({2, 3}))) ==
        "node 'node' (Transpose, opset 13): perm [0, 0] does not permute the axes of [2, 3]");
}

TEST_CASE("Concat joins on any axis, worked by hand") {
  const auto joined = [](int axis) {
    return output(OperatorCase("Concat")
                      .attribute("axis", axis)
                      .input(Tensor(Shape{2, 2}, std::vector<float>{1, 2, 3, 4}))
                      .input(Tensor(Shape{2, 2}, std::vector<float>{5, 6, 7, 8})));
  };
  CHECK(joined(0) == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(joined(1) == std::vector<float>{1, 2, 5, 6, 3, 4, 7, 8});
  CHECK(joined(-1) == joined(1));
}

TEST_CASE("gradients of Concat agree with central differences, one input or many, one fixed") {
  check_gradients(OperatorCase("Concat")
                      .attribute("axis", 1)
                      .input(random_tensor({2, 3, 2}, 1))
                      .input(random_tensor({2, 1, 2}, 2))
                      .input(random_tensor({2, 4, 2}, 3)));
  check_gradients(OperatorCase("Concat").attribute("axis", 0).input(random_tensor({2, 3}, 1)));
  const Constant fixed = std::make_shared<const Tensor>(Shape{2, 1}, 7.0F);
  const OperatorCase node =
      OperatorCase("Concat").attribute("axis", 1).constant(fixed).input(Tensor(Shape{2, 1}, 1.0F));
  CHECK(output(node) == std::vector<float>{7, 1, 7, 1});
  check_gradients(node);
}

TEST_CASE("Concat refuses shapes that differ elsewhere, and a missing axis") {
  CHECK(refusal(OperatorCase("Concat")
                    .attribute("axis", 1)
                    .input(counting({2, 3}))
                    .input(counting({3, 3}))) ==
        "node 'node' (Concat, opset 13): shapes [2, 3] and [3, 3] differ on another axis than 1");
  CHECK(refusal(OperatorCase("Concat").input(counting({2, 3}))) ==
        "node 'node' (Concat, opset 13): attribute 'axis' is missing");
}

OperatorCase pad(const char* mode, Tensor x, Extents pads) {
  return OperatorCase("Pad")
      .attribute("mode", mode)
      .input(std::move(x))
      .constant(integer_constant(std::move(pads)));
}

TEST_CASE("Pad by a constant, by reflection and by the edge, worked by hand") {
  const auto padded = [](const char* mode) {
    return output(pad(mode, Tensor(Shape{1, 3}, std::vector<float>{1, 2, 3}), {0, 2, 0, 1}));
  };
  CHECK(padded("constant") == std::vector<float>{0, 0, 1, 2, 3, 0});
  CHECK(padded("reflect") == std::vector<float>{3, 2, 1, 2, 3, 2});
  CHECK(padded("edge") == std::vector<float>{1, 1, 1, 2, 3, 3});
  const Constant nine = std::make_shared<const Tensor>(Shape{}, 9.0F);
  CHECK(output(pad("constant", Tensor(Shape{1, 1}, 1.0F), {1, 0, 0, 1}).constant(nine)) ==
        std::vector<float>{9, 9, 1, 9});
  CHECK(output(OperatorCase("Pad", 9)
                   .integers("pads", {0, 1})
                   .attribute("value", Attributes::Value(5.0F))
                   .input(Tensor(Shape{2}, 1.0F))) == std::vector<float>{1, 1, 5});
  CHECK(output(pad("constant", counting({5}), {-1, -2})) == std::vector<float>{1, 2});
}

TEST_CASE("gradients of Pad agree with central differences in every mode") {
  for (const char* mode : {"constant", "reflect", "edge"}) {
    check_gradients(pad(mode, random_tensor({2, 2, 4, 3}, 1), {0, 0, 1, 2, 0, 0, 3, 1}));
    check_gradients(pad(mode, random_tensor({3, 4}, 1), {2, -1, 1, 2}));
    check_threads(pad(mode, random_tensor({16, 8, 20, 20}, 1), {0, 0, 2, 2, 0, 0, 2, 2}));
  }
}

TEST_CASE("Pad refuses what does not fit, showing pads and shape") {
  CHECK(refusal(pad("reflect", counting({2, 3}), {0, 3, 0, 0})) ==
        "node 'node' (Pad, opset 13): pads [0, 3, 0, 0] do not fit axis 1 of [2, 3] in mode "
        "'reflect'");
  CHECK(refusal(pad("constant", counting({2, 3}), {0, -2, 0, -2})) ==
        "node 'node' (Pad, opset 13): pads [0, -2, 0, -2] do not fit axis 1 of [2, 3] in mode "
        "'constant'");
  CHECK(refusal(pad("constant", counting({2, 3}), {0, 1})) ==
        "node 'node' (Pad, opset 13): 2 pads for shape [2, 3], which needs 4");
  CHECK(refusal(pad("constant", counting({2, 3}), {0, std::int64_t{1} << 40, 0, 0})) ==
        "node 'node' (Pad, opset 13): pads [0, 1099511627776, 0, 0] are absurdly large");
  CHECK(refusal(pad("wrap", counting({2, 3}), {0, 0, 0, 0})) ==
        "node 'node' (Pad, opset 13): mode 'wrap' is not one of 'constant', 'reflect', 'edge'");
}

OperatorCase slice(Tensor x, Extents starts, Extents ends, Extents axes, Extents steps) {
  return OperatorCase("Slice")
      .input(std::move(x))
      .constant(integer_constant(std::move(starts)))
      .constant(integer_constant(std::move(ends)))
      .constant(integer_constant(std::move(axes)))
      .constant(integer_constant(std::move(steps)));
}

TEST_CASE("Slice counts from the end, clamps, strides and reverses") {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  const auto cut = [](std::int64_t start, std::int64_t end, std::int64_t step) {
    return output(slice(counting({6}), {start}, {end}, {0}, {step}));
  };
  CHECK(cut(1, 4, 1) == std::vector<float>{1, 2, 3});
  CHECK(cut(-3, kFar, 1) == std::vector<float>{3, 4, 5});
  CHECK(cut(0, -1, 2) == std::vector<float>{0, 2, 4});
  CHECK(cut(-1, -kFar, -2) == std::vector<float>{5, 3, 1});
  CHECK(cut(4, 2, 1).empty());
  CHECK(cut(0, kFar, kFar) == std::vector<float>{0});
  CHECK(output(OperatorCase("Slice", 9)
                   .integers("starts", {1})
                   .integers("ends", {2})
                   .input(counting({2, 2}))) == std::vector<float>{2, 3});
}

TEST_CASE("gradients of Slice agree with central differences") {
  check_gradients(slice(random_tensor({3, 4, 5}, 1), {1, 4}, {3, 0}, {0, -1}, {1, -2}));
  check_gradients(slice(random_tensor({3, 4}, 1), {0}, {2}, {1}, {1}));
}

TEST_CASE("Slice refuses step 0, axes that repeat, and lists of different length") {
  CHECK(refusal(slice(counting({6}), {0}, {1}, {0}, {0})) ==
        "node 'node' (Slice, opset 13): step 0 on axis 0");
  CHECK(refusal(slice(counting({2, 3}), {0, 0}, {1, 1}, {1, -1}, {1, 1})) ==
        "node 'node' (Slice, opset 13): axis 1 is named twice");
  CHECK(refusal(slice(counting({6}), {0, 1}, {1}, {0}, {1})) ==
        "node 'node' (Slice, opset 13): starts [0, 1], ends [1], axes [0] and steps [1] differ in "
        "length");
}

}  // namespace
}  // namespace mantissa
