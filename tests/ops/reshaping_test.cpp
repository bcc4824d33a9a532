#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

using Extents = std::vector<std::int64_t>;

OperatorCase reshape(const Shape& from, Extents target, int opset = 13) {
  return OperatorCase("Reshape", opset)
      .input(random_tensor(from, 1))
      .constant(integer_constant(std::move(target)));
}

Shape output_shape(const OperatorCase& node) {
  return node.prepare()->output_shapes()[0];
}

OperatorCase flatten(const Shape& from, int axis, int opset = 13) {
  return OperatorCase("Flatten", opset).attribute("axis", axis).input(random_tensor(from, 1));
}

TEST_CASE("Reshape copies extents at 0 and infers the one at -1") {
  CHECK(output_shape(reshape({2, 3, 4}, {4, 6})) == Shape{4, 6});
  CHECK(output_shape(reshape({2, 3, 4}, {0, -1})) == Shape{2, 12});
  CHECK(output_shape(reshape({2, 3, 4}, {-1})) == Shape{24});
  CHECK(output_shape(reshape({2, 3, 4}, {0, 0, 2, -1})) == Shape{2, 3, 2, 2});
  CHECK(output_shape(reshape({1}, {})) == Shape{});
  CHECK(output_shape(reshape({2, 3}, {3, -1, 1})) == Shape{3, 2, 1});
}

TEST_CASE("allowzero makes 0 an extent, since opset 14") {
  CHECK(output_shape(reshape({0, 3}, {3, 0}, 14).attribute("allowzero", 1)) == Shape{3, 0});
  CHECK(output_shape(reshape({2, 3}, {0, 3}, 14)) == Shape{2, 3});
  CHECK(output_shape(reshape({2, 3}, {0, 3}, 13).attribute("allowzero", 1)) == Shape{2, 3});
}

TEST_CASE("a target that does not fit is refused with both shapes") {
  CHECK(refusal(reshape({64, 4, 4}, {1, 256})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [64, 4, 4] to [1, 256]: 1024 elements "
        "against 256");
  CHECK(refusal(reshape({2, 3}, {-1, 4})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [2, 3] to [-1, 4]: 6 elements do not "
        "divide into rows of 4");
  CHECK(refusal(reshape({2, 3}, {-1, -1})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [2, 3] to [-1, -1]: -1 occurs twice");
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  CHECK(refusal(reshape({2, 3}, {kHuge, kHuge})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [2, 3] to [1099511627776, 1099511627776]: "
        "absurdly large");
  CHECK(refusal(reshape({2, 3}, {-2, 3})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [2, 3] to [-2, 3]: negative extent");
  CHECK(refusal(reshape({6}, {2, 0})) ==
        "node 'node' (Reshape, opset 13): cannot reshape [6] to [2, 0]: 0 copies axis 1, which the "
        "input lacks");
}

TEST_CASE("a target computed at run time, or of real numbers, is refused") {
  CHECK(
      refusal(OperatorCase("Reshape").input(random_tensor({6}, 1)).input(random_tensor({2}, 1))) ==
      "node 'node' (Reshape, opset 13): input 1 ('shape') is computed at run time; only a value "
      "that the model fixes is supported");
  const Constant reals = std::make_shared<const Tensor>(Shape{1}, 6.0F);
  CHECK(refusal(OperatorCase("Reshape").input(random_tensor({6}, 1)).constant(reals)) ==
        "node 'node' (Reshape, opset 13): input 1 ('shape') must hold integers");
}

TEST_CASE("Flatten makes two axes, split anywhere from the first to behind the last") {
  CHECK(output_shape(flatten({2, 3, 4, 5}, 1)) == Shape{2, 60});
  CHECK(output_shape(flatten({2, 3, 4, 5}, 0)) == Shape{1, 120});
  CHECK(output_shape(flatten({2, 3, 4, 5}, 4)) == Shape{120, 1});
  CHECK(output_shape(flatten({2, 3, 4, 5}, -2)) == Shape{6, 20});
  CHECK(output_shape(OperatorCase("Flatten").input(random_tensor({7, 2, 2}, 1))) == Shape{7, 4});
  CHECK(refusal(flatten({2, 3}, 3)) ==
        "node 'node' (Flatten, opset 13): axis 3 does not split an input of shape [2, 3]");
  CHECK(refusal(flatten({2, 3}, -1, 9)) ==
        "node 'node' (Flatten, opset 9): axis -1 does not split an input of shape [2, 3]");
}

OperatorCase squeeze_13(const char* op_type, const Shape& from, Extents axes) {
  return OperatorCase(op_type)
      .input(random_tensor(from, 1))
      .constant(integer_constant(std::move(axes)));
}

OperatorCase squeeze_11(const char* op_type, const Shape& from, Extents axes) {
  return OperatorCase(op_type, 11).integers("axes", std::move(axes)).input(random_tensor(from, 1));
}

TEST_CASE("Squeeze removes and Unsqueeze inserts axes of extent 1, by attribute or by input") {
  CHECK(output_shape(squeeze_13("Squeeze", {1, 3, 1, 5}, {0, -2})) == Shape{3, 5});
  CHECK(output_shape(squeeze_11("Squeeze", {1, 3, 1, 5}, {2})) == Shape{1, 3, 5});
  CHECK(output_shape(OperatorCase("Squeeze").input(random_tensor({1, 3, 1}, 1))) == Shape{3});
  CHECK(output_shape(OperatorCase("Squeeze", 11).input(random_tensor({1, 3, 1}, 1))) == Shape{3});
  CHECK(output_shape(squeeze_13("Unsqueeze", {3, 5}, {0, -1})) == Shape{1, 3, 5, 1});
  CHECK(output_shape(squeeze_13("Unsqueeze", {3, 5}, {2, 1})) == Shape{3, 1, 1, 5});
  CHECK(output_shape(squeeze_11("Unsqueeze", {}, {0})) == Shape{1});
  CHECK(refusal(squeeze_13("Squeeze", {1, 3}, {1})) ==
        "node 'node' (Squeeze, opset 13): axis 1 of [1, 3] is not of extent 1");
  CHECK(refusal(squeeze_13("Unsqueeze", {3}, {1, 1})) ==
        "node 'node' (Unsqueeze, opset 13): axis 1 is named twice");
  CHECK(refusal(OperatorCase("Unsqueeze").input(random_tensor({3}, 1))) ==
        "node 'node' (Unsqueeze, opset 13): axes are missing");
}

TEST_CASE("reshaping operators keep every element in its order, forward and backward") {
  const std::vector<OperatorCase> cases = [] {
    std::vector<OperatorCase> list;
    list.push_back(OperatorCase("Identity").input(random_tensor({2, 3}, 1)));
    list.push_back(flatten({2, 3, 4}, 2));
    list.push_back(reshape({2, 3, 4}, {4, -1}));
    list.push_back(squeeze_13("Squeeze", {1, 3, 1, 5}, {0}));
    list.push_back(squeeze_11("Unsqueeze", {3, 5}, {1}));
    return list;
  }();
  for (const OperatorCase& node : cases) {
    INFO(node.node().op_type);
    CHECK(elements(run_forward(node).outputs[0]) == elements(*node.input_values()[0]));
    check_gradients(node);
    CHECK(node.prepare()->work().output_elements == 0);
  }
}

}  // namespace
}  // namespace mantissa
