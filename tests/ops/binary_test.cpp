#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

const std::vector<std::string> kBinaryOperators = {"Add", "Sub", "Mul", "Div"};

float apply(const std::string& op_type, float a, float b) {
  if (op_type == "Add") return a + b;
  if (op_type == "Sub") return a - b;
  return op_type == "Mul" ? a * b : a / b;
}

struct Shapes {
  Shape a;
  Shape b;
};

const std::vector<Shapes>& shape_pairs() {
  static const std::vector<Shapes> pairs = {
      {{3, 4}, {3, 4}},
      {{2, 3, 4, 5}, {}},
      {{}, {2, 3}},
      {{4, 5}, {5}},
      {{5}, {4, 5}},
      {{2, 3, 4, 5}, {1, 3, 1, 1}},
      {{2, 3, 4, 5}, {3, 1, 1}},
      {{2, 3, 1, 5}, {1, 3, 4, 1}},
      {{2, 3, 1, 1}, {2, 3, 4, 4}},
      {{1, 1}, {1}},
      {{7, 1}, {1, 9}},
      {{2, 1, 3, 1, 2}, {2, 3, 1, 2}},
      {{3, 1, 5}, {1, 5}},
      {{1, 6}, {6}},
  };
  return pairs;
}

/// Element of a broadcast tensor at `index` (in the result), by the definition.
float element_at(const Tensor& tensor, const std::vector<std::int64_t>& index) {
  std::int64_t offset = 0;
  const std::size_t missing = index.size() - tensor.shape().rank();
  for (std::size_t axis = 0; axis < tensor.shape().rank(); ++axis) {
    const std::int64_t extent = tensor.shape()[axis];
    offset = offset * extent + (extent == 1 ? 0 : index[axis + missing]);
  }
  return tensor.data()[offset];
}

OperatorCase operator_case(const std::string& op_type, const Shapes& shapes) {
  OperatorCase node(op_type);
  node.input(random_tensor(shapes.a, 1, 0.5, 2)).input(random_tensor(shapes.b, 2, 0.5, 2));
  return node;
}

TEST_CASE("binary operators broadcast as a loop over indices does") {
  for (const std::string& op_type : kBinaryOperators) {
    for (const Shapes& shapes : shape_pairs()) {
      const OperatorCase node = operator_case(op_type, shapes);
      const ForwardResult result = run_forward(node);
      const Tensor& y = result.outputs[0];
      REQUIRE(y.shape() == broadcast_shape(shapes.a, shapes.b));
      for (std::size_t i = 0; i < y.size(); ++i) {
        std::vector<std::int64_t> index(y.shape().rank());
        auto rest = static_cast<std::int64_t>(i);
        for (std::size_t axis = index.size(); axis-- > 0;) {
          index[axis] = rest % y.shape()[axis];
          rest /= y.shape()[axis];
        }
        INFO(op_type << " " << shapes.a.text() << " " << shapes.b.text() << ", element " << i);
        REQUIRE(y.data()[i] == apply(op_type, element_at(*node.input_values()[0], index),
                                     element_at(*node.input_values()[1], index)));
      }
    }
  }
}

TEST_CASE("gradients of binary operators agree with central differences for every broadcast") {
  for (const std::string& op_type : kBinaryOperators) {
    for (const Shapes& shapes : shape_pairs()) check_gradients(operator_case(op_type, shapes));
  }
}

TEST_CASE("binary operators have the same bits on any number of threads") {
  for (const std::string& op_type : kBinaryOperators) {
    check_threads(operator_case(op_type, {{64, 16, 9, 9}, {64, 16, 9, 9}}));
    check_threads(operator_case(op_type, {{64, 16, 9, 9}, {1, 16, 1, 1}}));
    check_threads(operator_case(op_type, {{200, 700}, {700}}));
    check_threads(operator_case(op_type, {{64, 16, 1, 1}, {64, 16, 9, 9}}));
    check_threads(operator_case(op_type, {{100, 1000}, {}}));
  }
}

TEST_CASE("a broadcast bias receives the sum over the batch, worked by hand") {
  const OperatorCase node = OperatorCase("Add")
                                .input(Tensor(Shape{3, 2}, 1.0F))
                                .parameter(Tensor(Shape{2}, std::vector<float>{10, 20}));
  const std::unique_ptr<Operator> op = node.prepare();
  const ForwardResult forward = run_forward(node, *op, node.input_values());
  CHECK(elements(forward.outputs[0]) == std::vector<float>{11, 21, 11, 21, 11, 21});
  const Tensor grad_y(Shape{3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const auto gradients =
      run_backward(node, *op, node.input_values(), forward, {&grad_y}, {true, true});
  CHECK(elements(gradients[0]) == elements(grad_y));
  CHECK(elements(gradients[1]) == std::vector<float>{9, 12});
}

TEST_CASE("an operand that the model fixes is taken in and receives no gradient") {
  const Constant half = std::make_shared<const Tensor>(Shape{}, 0.5F);
  const OperatorCase node = OperatorCase("Mul").constant(half).input(random_tensor({3, 4}, 1));
  const std::unique_ptr<Operator> op = node.prepare();
  CHECK_FALSE(op->differentiable(0));
  CHECK(op->differentiable(1));
  CHECK_FALSE(op->differentiable(2));
  const ForwardResult forward = run_forward(node);
  CHECK(forward.outputs[0].data()[5] == 0.5F * node.input_values()[1]->data()[5]);
  check_gradients(node);
  check_gradients(OperatorCase("Div").input(random_tensor({3, 4}, 1)).constant(half));
}

TEST_CASE("PRelu multiplies what is not positive by a slope for each channel, and trains it") {
  const OperatorCase node = OperatorCase("PRelu")
                                .input(Tensor(Shape{1, 2, 2}, std::vector<float>{-1, 2, -3, -4}))
                                .parameter(Tensor(Shape{2, 1}, std::vector<float>{0.5F, 0.25F}));
  const std::unique_ptr<Operator> op = node.prepare();
  const ForwardResult forward = run_forward(node, *op, node.input_values());
  CHECK(elements(forward.outputs[0]) == std::vector<float>{-0.5F, 2, -0.75F, -1});
  const Tensor grad_y(Shape{1, 2, 2}, std::vector<float>{1, 10, 100, 1000});
  const auto gradients =
      run_backward(node, *op, node.input_values(), forward, {&grad_y}, {true, true});
  CHECK(elements(gradients[0]) == std::vector<float>{0.5F, 10, 25, 250});
  CHECK(elements(gradients[1]) == std::vector<float>{-1, -4300});
  check_gradients(
      OperatorCase("PRelu").input(spaced_tensor({2, 3, 4}, 1)).parameter(random_tensor({3, 1}, 2)));
  check_threads(OperatorCase("PRelu")
                    .input(random_tensor({32, 16, 9, 9}, 1))
                    .parameter(random_tensor({16, 1, 1}, 2)));
  CHECK(refusal(OperatorCase("PRelu")
                    .input(Tensor(Shape{3}, 1.0F))
                    .parameter(Tensor(Shape{2, 3}, 1.0F))) ==
        "node 'node' (PRelu, opset 13): slope of shape [2, 3] is larger than input [3]");
}

TEST_CASE("operands that do not broadcast are refused with both shapes") {
  CHECK(refusal(operator_case("Add", {{2, 3}, {2, 4}})) ==
        "node 'node' (Add, opset 13): shapes [2, 3] and [2, 4] do not broadcast");
  CHECK(refusal(
            OperatorCase("Mul").input(Tensor(Shape{2}, 1.0F)).constant(integer_constant({1, 2}))) ==
        "node 'node' (Mul, opset 13): integers of shape [2] where real numbers belong");
  CHECK(refusal(OperatorCase("Add").input(Tensor(Shape{2}, 1.0F))) ==
        "node 'node' (Add, opset 13): input 1 is missing");
}

TEST_CASE("work of a broadcast add counts the adds of its gradient") {
  const OperatorWork work = OperatorCase("Add")
                                .input(Tensor(Shape{4, 3}, 0.0F))
                                .parameter(Tensor(Shape{3}, 0.0F))
                                .prepare()
                                ->work();
  CHECK(work.input_elements == 12);
  CHECK(work.weight_elements == 3);
  CHECK(work.output_elements == 12);
  CHECK(work.elementwise_forward == 12);
  CHECK(work.elementwise_backward == 9);  // 4 values become 1, three times
}

}  // namespace
}  // namespace mantissa
