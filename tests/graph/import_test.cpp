#include <limits>

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "onnx_text.h"

namespace mantissa {
namespace {

std::string import_error(const std::string& graph, int opset = 13, const ModelEdit& edit = {}) {
  return error_of([&] { import_graph(graph, opset, edit); });
}

const std::string kRelu = "g (float[N, 4] x) => (float[N, 4] y) { y = Relu(x) }";

TEST_CASE("a graph keeps the model's names, opset and input, with the batch left open") {
  const Graph graph = import_graph(kRelu, 13, [](onnx::ModelProto& model) {
    model.set_producer_name("the test");
    model.mutable_graph()->mutable_node(0)->set_name("first");
  });
  CHECK(graph.name == "g");
  CHECK(graph.producer == "the test");
  CHECK(graph.opset == 13);
  CHECK(graph.input_name == "x");
  CHECK(graph.input_shape == Shape{0, 4});
  CHECK(graph.output_name == "y");
  REQUIRE(graph.nodes.size() == 1);
  CHECK(graph.nodes[0].name == "first");
  CHECK(graph.nodes[0].op_type == "Relu");
  CHECK(graph.sha256.size() == 64);
}

TEST_CASE("a fixed batch of the model is kept, and other batches are prepared all the same") {
  const Graph graph = import_graph("g (float[5, 4] x) => (float[5, 4] y) { y = Relu(x) }");
  CHECK(graph.input_shape == Shape{5, 4});
  for (const std::int64_t batch : {1, 5, 64}) {
    const Network network = prepare(graph, batch);
    CHECK(network.value_shapes[0] == Shape{batch, 4});
    CHECK(network.value_shapes[static_cast<std::size_t>(network.output)] == Shape{batch, 4});
  }
}

TEST_CASE("nodes without a name get their operator and index, and no name occurs twice") {
  const Graph graph = import_graph(
      "g (float[N, 4] x) => (float[N, 4] y) { a = Relu(x) b = Relu(a) c = Relu(b) y = Relu(c) }",
      13, [](onnx::ModelProto& model) {
        model.mutable_graph()->mutable_node(0)->set_name("same");
        model.mutable_graph()->mutable_node(1)->set_name("same");
        model.mutable_graph()->mutable_node(3)->set_name("Relu_2");
      });
  REQUIRE(graph.nodes.size() == 4);
  CHECK(graph.nodes[0].name == "same");
  CHECK(graph.nodes[1].name == "same_2");
  CHECK(graph.nodes[2].name == "Relu_2_2");
  CHECK(graph.nodes[3].name == "Relu_2");
}

TEST_CASE("nodes are put in topological order") {
  const Graph graph =
      import_graph("g (float[N, 4] x) => (float[N, 4] y) { y = Relu(b) b = Relu(a) a = Relu(x) }");
  REQUIRE(graph.nodes.size() == 3);
  CHECK(graph.nodes[0].name == "Relu_2");
  CHECK(graph.nodes[1].name == "Relu_1");
  CHECK(graph.nodes[2].name == "Relu_0");
}

TEST_CASE("nodes that the output does not depend on are dropped, whatever they are") {
  const Graph graph = import_graph(
      "g (float[N, 4] x) => (float[N, 4] y) { y = Relu(x) z = NonMaxSuppression(x, x) }");
  CHECK(graph.nodes.size() == 1);
}

TEST_CASE("value ids are the input, the parameters in the graph's order, then node outputs") {
  const Graph graph =
      import_graph("g (float[N, 4] x) => (float[N, 4] y) { a = Relu(x) y = Relu(a) }");
  const Network network = prepare(graph, 2);
  CHECK(network.batch == 2);
  CHECK(network.parameter_count == 0);
  CHECK(network.value_names == std::vector<std::string>{"x", "a", "y"});
  CHECK(network.nodes[0].inputs == std::vector<ValueId>{0});
  CHECK(network.nodes[0].outputs == std::vector<ValueId>{1});
  CHECK(network.nodes[1].inputs == std::vector<ValueId>{1});
  CHECK(network.output == 2);
  CHECK(layers(network).empty());
}

TEST_CASE("one error names every node that is not supported, with operator and opset") {
  const std::string text = import_error(
      "g (float[N, 4] x) => (float[N, 4] y) { a = Relu(x) b = Foo(a) c = Relu(b) y = LSTM(c, c, c) "
      "}");
  CHECK(mentions(text, {"test.onnx: 2 nodes are not supported", "node 'Foo_1' (Foo, opset 13)",
                        "node 'LSTM_3' (LSTM, opset 13)"}));
}

TEST_CASE("operators of other domains are named with their domain") {
  const std::string text = import_error(kRelu, 13, [](onnx::ModelProto& model) {
    model.mutable_graph()->mutable_node(0)->set_domain("com.example");
    auto* import = model.add_opset_import();
    import->set_domain("com.example");
    import->set_version(3);
  });
  CHECK(mentions(text, {"node 'Relu_0' (com.example.Relu, opset 3)"}));
}

TEST_CASE("opsets and IR versions outside of what is understood are refused") {
  CHECK(mentions(import_error(kRelu, 6), {"opset 6 is not supported"}));
  CHECK(mentions(import_error(kRelu, 18), {"opset 18 is not supported"}));
  CHECK(import_error(kRelu, 7).empty());
  CHECK(import_error(kRelu, 9).empty());
  CHECK(import_error(kRelu, 17).empty());
  const auto with_ir = [](int version) {
    return import_error(kRelu, 13,
                        [version](onnx::ModelProto& model) { model.set_ir_version(version); });
  };
  CHECK(mentions(with_ir(9), {"IR version 9 is not supported"}));
  CHECK(with_ir(3).empty());
}

TEST_CASE("cycles, missing values and values made twice are refused by name") {
  CHECK(mentions(
      import_error("g (float[N, 4] x) => (float[N, 4] y) { a = Relu(b) b = Relu(a) y = Relu(x) }"),
      {"cycle", "'Relu_0'", "'Relu_1'"}));
  CHECK(mentions(import_error("g (float[N, 4] x) => (float[N, 4] y) { y = Relu(z) }"),
                 {"node 'Relu_0'", "'z'", "nothing in the model makes"}));
  CHECK(mentions(import_error("g (float[N, 4] x) => (float[N, 4] y) { y = Relu(x) y = Relu(x) }"),
                 {"node 'Relu_1'", "'y'"}));
}

TEST_CASE(
    "a model has one input of real numbers whose extents are known but for the batch, and one "
    "output") {
  CHECK(mentions(
      import_error("g (float[N, 4] x, float[N, 4] w) => (float[N, 4] y) { y = Add(x, w) }"),
      {"more than one data input", "'x'", "'w'"}));
  CHECK(mentions(
      import_error(
          "g (float[N, 4] x) => (float[N, 4] y, float[N, 4] z) { y = Relu(x) z = Relu(x) }"),
      {"2 outputs", "'y'", "'z'"}));
  CHECK(mentions(import_error("g (int64[N, 4] x) => (int64[N, 4] y) { y = Relu(x) }"),
                 {"input 'x'", "not real numbers"}));
  CHECK(mentions(import_error("g (float[N, M] x) => (float[N, M] y) { y = Relu(x) }"),
                 {"input 'x'", "extent 1", "open"}));
  CHECK(mentions(
      import_error(
          "g (float[N, 100000, 100000, 100000] x) => (float[N, 1, 1, 1] y) { y = Relu(x) }"),
      {"input 'x'", "absurdly large"}));
  CHECK(mentions(import_error("g (float[N, 4] x) => (float[N, 4] w) { y = Relu(x) }", 13,
                              [](onnx::ModelProto& model) {
                                add_initializer(model, "w", {1, 4});
                              }),
                 {"depends on no input"}));
}

TEST_CASE("weights that are NaN or infinite are refused by name") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const std::string text =
        import_error("g (float[N, 4] x) => (float[N, 4] y) { y = Add(x, w) }", 13,
                     [bad](onnx::ModelProto& model) {
                       add_initializer(model, "w", {4});
                       model.mutable_graph()->mutable_initializer(0)->set_float_data(2, bad);
                     });
    CHECK(mentions(text, {"initializer 'w'", "at element 2"}));
  }
}

TEST_CASE("a batch below 1 cannot be prepared") {
  const Graph graph = import_graph(kRelu);
  CHECK(mentions(error_of([&] { prepare(graph, 0); }), {"batch of 0"}));
}

}  // namespace
}  // namespace mantissa
