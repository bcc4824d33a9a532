#include "ops/operator.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

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

TEST_CASE("the operators of the convolutional and fully connected networks are all there") {
  // Constant and arithmetic on shapes are folded when a model is read.
  for (const char* name : {"Add",
                           "AveragePool",
                           "BatchNormalization",
                           "Clip",
                           "Concat",
                           "Conv",
                           "Div",
                           "Dropout",
                           "Flatten",
                           "Gemm",
                           "GlobalAveragePool",
                           "HardSigmoid",
                           "HardSwish",
                           "Identity",
                           "LeakyRelu",
                           "LogSoftmax",
                           "MatMul",
                           "MaxPool",
                           "Mul",
                           "Pad",
                           "ReduceMean",
                           "Relu",
                           "Reshape",
                           "Sigmoid",
                           "Softmax",
                           "Squeeze",
                           "Sub",
                           "Tanh",
                           "Transpose",
                           "Unsqueeze"}) {
    INFO(name);
    const OperatorDefinition* definition = Registry<OperatorDefinition>::instance().find(name);
    REQUIRE(definition != nullptr);
    const bool from_opset_9 = definition->oldest_opset <= 9 || std::string(name) == "HardSwish";
    CHECK(from_opset_9);
    CHECK(definition->newest_opset == 17);
  }
}

TEST_CASE("docs/operators.md has a row for every operator, with its opsets, and no other row") {
  const std::string page =
      read_file(std::filesystem::path(MANTISSA_SOURCE_DIR) / "docs/operators.md");
  std::vector<std::string> documented;
  for (const std::string& line : split(page, '\n')) {
    const std::vector<std::string> cells = split(line, '|');
    if (cells.size() < 4 || cells[2].find(" - ") == std::string::npos) continue;
    documented.push_back(cells[1].substr(1, cells[1].size() - 2) + cells[2]);
  }
  std::vector<std::string> registered;
  for (const std::string& name : Registry<OperatorDefinition>::instance().names()) {
    const OperatorDefinition& definition = *Registry<OperatorDefinition>::instance().find(name);
    registered.push_back(name + " " + std::to_string(definition.oldest_opset) + " - " +
                         std::to_string(definition.newest_opset) + " ");
  }
  CHECK(join(documented, "\n") == join(registered, "\n"));
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
