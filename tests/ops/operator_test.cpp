#include "ops/operator.h"

#include <doctest/doctest.h>

#include "support/error.h"

namespace mantissa {
namespace {

NodeSpec node(std::string op_type, int opset) {
  NodeSpec spec;
  spec.name = "n1";
  spec.op_type = std::move(op_type);
  spec.opset = opset;
  spec.inputs = {"x"};
  spec.outputs = {"y"};
  return spec;
}

const std::vector<InputSpec> kOneInput = {{true, Shape{2, 3}, nullptr, false}};

TEST_CASE("no operator is registered twice") {
  CHECK(Registry<OperatorDefinition>::instance().duplicates().empty());
}

TEST_CASE("every definition has a maker and opset bounds that hold a released opset") {
  for (const std::string& name : Registry<OperatorDefinition>::instance().names()) {
    INFO(name);
    const OperatorDefinition& definition = *Registry<OperatorDefinition>::instance().find(name);
    const bool has_maker = definition.make != nullptr;
    CHECK(has_maker);
    CHECK(definition.oldest_opset >= 1);
    CHECK(definition.oldest_opset <= definition.newest_opset);
    CHECK(definition.newest_opset <= 17);
  }
}

TEST_CASE("an unknown operator is refused by node, type and opset, with the nearest name") {
  CHECK_THROWS_WITH_AS(make_operator(node("Rellu", 13), kOneInput),
                       "node 'n1' (Rellu, opset 13): this operator is not supported; did you mean "
                       "\"Relu\"?",
                       Error);
}

TEST_CASE("an opset outside of an operator's bounds is refused with the bounds") {
  CHECK_THROWS_WITH_AS(make_operator(node("Relu", 18), kOneInput),
                       "node 'n1' (Relu, opset 18): this operator is supported from opset 6 to 17",
                       Error);
  CHECK_THROWS_AS(make_operator(node("Relu", 5), kOneInput), Error);
  CHECK_NOTHROW(make_operator(node("Relu", 17), kOneInput));
}

TEST_CASE("missing and surplus inputs and outputs are refused") {
  CHECK_THROWS_WITH_AS(make_operator(node("Relu", 13), {}),
                       "node 'n1' (Relu, opset 13): input 0 is missing", Error);
  std::vector<InputSpec> two = kOneInput;
  two.push_back(two[0]);
  CHECK_THROWS_WITH_AS(
      make_operator(node("Relu", 13), two),
      "node 'n1' (Relu, opset 13): input 1 is not expected: at most 1 inputs in this opset", Error);
  NodeSpec two_outputs = node("Relu", 13);
  two_outputs.outputs.emplace_back("z");
  CHECK_THROWS_WITH_AS(make_operator(two_outputs, kOneInput),
                       "node 'n1' (Relu, opset 13): 2 outputs where at most 1 are supported",
                       Error);
}

class Opaque final : public Operator {
  void forward(const ForwardArguments& /*arguments*/) const override {}
  OperatorWork work() const override { return {}; }
};

TEST_CASE("an operator without a gradient says so") {
  const Opaque opaque;
  const TensorRefs none;
  const MutableTensorRefs none_mutable;
  const std::vector<Tensor> saved;
  const NodeNumerics numerics;
  CHECK_THROWS_WITH_AS(
      opaque.backward({none, none, saved, none, none_mutable, numerics, RandomKey{}}),
      "this operator has no gradient", Error);
}

}  // namespace
}  // namespace mantissa
