#include <cstring>

#include <doctest/doctest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include "onnx_text.h"
#include "shipped_models.h"
#include "support/build_info.h"
#include "support/error.h"
#include "support/files.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

std::vector<const Tensor*> values_of(const Graph& graph) {
  std::vector<const Tensor*> values;
  for (const Parameter& parameter : graph.parameters) values.push_back(parameter.value.get());
  return values;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same(const Constant& a, const Constant& b) {
  if (a.index() != b.index()) return false;
  if (const auto* integers = std::get_if<IntegerTensor>(&a)) {
    const auto& other = std::get<IntegerTensor>(b);
    return integers->shape == other.shape && integers->values == other.values;
  }
  using Pointer = std::shared_ptr<const Tensor>;
  return same_bits(*std::get<Pointer>(a), *std::get<Pointer>(b));
}

bool same(const Attributes::Value& a, const Attributes::Value& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& value) {
        using Kind = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Kind, Constant>) {
          return same(value, std::get<Kind>(b));
        } else {
          return value == std::get<Kind>(b);
        }
      },
      a);
}

/// Everything but the producer and the digest of the file.
void check_same(const Graph& a, const Graph& b) {
  CHECK(a.name == b.name);
  CHECK(a.opset == b.opset);
  CHECK(a.input_name == b.input_name);
  CHECK(a.input_shape == b.input_shape);
  CHECK(a.output_name == b.output_name);
  REQUIRE(a.nodes.size() == b.nodes.size());
  for (std::size_t index = 0; index < a.nodes.size(); ++index) {
    const NodeSpec& node = a.nodes[index];
    const NodeSpec& other = b.nodes[index];
    CAPTURE(node.name);
    CHECK(node.name == other.name);
    CHECK(node.op_type == other.op_type);
    CHECK(node.opset == other.opset);
    CHECK(node.inputs == other.inputs);
    CHECK(node.outputs == other.outputs);
    REQUIRE(node.attributes.all().size() == other.attributes.all().size());
    for (const auto& [name, value] : node.attributes.all()) {
      CHECK(same(value, other.attributes.all().at(name)));
    }
  }
  REQUIRE(a.parameters.size() == b.parameters.size());
  for (std::size_t index = 0; index < a.parameters.size(); ++index) {
    CHECK(a.parameters[index].name == b.parameters[index].name);
    CHECK(a.parameters[index].trainable == b.parameters[index].trainable);
    CHECK(same_bits(*a.parameters[index].value, *b.parameters[index].value));
  }
  REQUIRE(a.constants.size() == b.constants.size());
  for (const auto& [name, constant] : a.constants) CHECK(same(constant, b.constants.at(name)));
}

/// Writes the graph, lets ONNX's checker see it, and reads it back.
void check_round_trip(const Graph& graph) {
  const std::string bytes = to_onnx(graph, values_of(graph));
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  CHECK_NOTHROW(onnx::checker::check_model(model));
  const Graph again = parse_onnx(bytes, {}, "again.onnx");
  check_same(graph, again);
  CHECK(to_onnx(again, values_of(again)) == bytes);
}

TEST_CASE("a written network reads back to the same graph and bits") {
  for (const auto& [name, bytes] : shipped_models()) {
    CAPTURE(name);
    check_round_trip(parse_onnx(bytes, {}, name));
  }
}

TEST_CASE("settings, literals and folded targets survive being written") {
  const ModelEdit edit = [](onnx::ModelProto& model) {
    add_initializer(model, "w", {2, 4});
    add_initializer(model, "low", {});
    add_initializer(model, "high", {});
    model.mutable_graph()->mutable_initializer(1)->set_float_data(0, -1);
    model.mutable_graph()->mutable_initializer(2)->set_float_data(0, 6);
  };
  const Graph graph = import_graph(
      R"(g (float[1, 2, 2] x) => (float[1, 2] y) {
        target = Constant <value = int64[2] {1, 4}> ()
        half = Constant <value = float {0.5}> ()
        training = Constant <value = bool {0}> ()
        flat = Reshape(x, target)
        c = Clip(flat, low, high)
        h = Mul(c, half)
        d = Dropout(h, half, training)
        y = Gemm <transB = 1> (d, w)
      })",
      13, edit);
  REQUIRE(graph.parameters.size() == 2);
  CHECK(graph.parameters[0].name == "half");
  CHECK_FALSE(graph.parameters[0].trainable);
  CHECK(graph.parameters[1].name == "w");
  CHECK(graph.parameters[1].trainable);
  check_round_trip(graph);
}

TEST_CASE("other parameter values are written in place of the model's") {
  const auto models = shipped_models();
  const Graph graph = parse_onnx(models.at("tiny-cnn.onnx"), {}, "tiny-cnn.onnx");
  std::vector<Tensor> trained;
  std::vector<const Tensor*> values;
  for (const Parameter& parameter : graph.parameters) {
    trained.push_back(parameter.value->clone());
    for (float& value : trained.back().values()) value = value * 0.5F - 1;
  }
  for (const Tensor& tensor : trained) values.push_back(&tensor);
  const TemporaryFolder folder;
  save_onnx(folder.path() / "trained.onnx", graph, values);
  const Graph again = load_onnx(folder.path() / "trained.onnx");
  for (std::size_t index = 0; index < trained.size(); ++index) {
    CHECK(same_bits(trained[index], *again.parameters[index].value));
  }
}

TEST_CASE("parameters of another number or shape are not written") {
  const auto models = shipped_models();
  const Graph graph = parse_onnx(models.at("tiny-cnn.onnx"), {}, "tiny-cnn.onnx");
  std::vector<const Tensor*> values = values_of(graph);
  const Tensor other(Shape{3}, 0.0F);
  values[1] = &other;
  CHECK(mentions(error_of([&] { to_onnx(graph, values); }), {"parameter 'conv1.bias'", "[3]"}));
  values.pop_back();
  CHECK(mentions(error_of([&] { to_onnx(graph, values); }), {"5 parameters for a network of 6"}));
}

TEST_CASE("the files in models/ are what the generator writes") {
  for (const auto& [name, bytes] : shipped_models()) {
    CAPTURE(name);
    const bool same = read_file(std::string(MANTISSA_SOURCE_DIR) + "/models/" + name) == bytes;
    CHECK(same);
  }
}

}  // namespace
}  // namespace mantissa
