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

TEST_CASE("training and evaluation exports become the same network, whose mode the run decides") {
  const ModelEdit weights = [](onnx::ModelProto& model) {
    for (const char* name : {"s", "b", "m", "v"}) add_initializer(model, name, {4});
  };
  const Graph training = import_graph(
      R"(g (float[N, 4] x) => (float[N, 4] y) {
        ratio = Constant <value = float {0.5}> ()
        yes = Constant <value = bool {1}> ()
        n, mean, variance = BatchNormalization <training_mode = 1> (x, s, b, m, v)
        y, mask = Dropout(n, ratio, yes)
      })",
      15, weights);
  const Graph evaluation = import_graph(
      R"(g (float[N, 4] x) => (float[N, 4] y) {
        ratio = Constant <value = float {0.5}> ()
        n = BatchNormalization <training_mode = 0> (x, s, b, m, v)
        y = Dropout(n, ratio)
      })",
      15, weights);
  REQUIRE(training.nodes.size() == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    CHECK(training.nodes[index].inputs == evaluation.nodes[index].inputs);
    CHECK(training.nodes[index].outputs == evaluation.nodes[index].outputs);
    CHECK(training.nodes[index].attributes.integer("training_mode", 0) == 0);
  }
  CHECK(mentions(
      import_error("g (float[N, 4] x) => (float[4] mean) "
                   "{ n, mean, variance = BatchNormalization <training_mode = 1> (x, s, b, m, v) }",
                   15, weights),
      {"BatchNormalization_0", "'mean'"}));
}

TEST_CASE("equal weights that an export shares through Identity become parameters of their own") {
  const Graph graph = import_graph(
      "g (float[N, 4] x) => (float[N, 4] y) { w2 = Identity(w) a = Add(x, w) y = Add(a, w2) }", 13,
      [](onnx::ModelProto& model) { add_initializer(model, "w", {4}); });
  REQUIRE(graph.nodes.size() == 2);
  REQUIRE(graph.parameters.size() == 2);
  CHECK(graph.parameters[0].name == "w");
  CHECK(graph.parameters[1].name == "w2");
  CHECK(graph.parameters[0].trainable);
  CHECK(graph.parameters[1].trainable);
}

TEST_CASE("an initializer that several nodes read is one parameter") {
  const Graph graph =
      import_graph("g (float[N, 4] x) => (float[N, 4] y) { a = Add(x, w) y = Add(a, w) }", 13,
                   [](onnx::ModelProto& model) { add_initializer(model, "w", {4}); });
  CHECK(graph.parameters.size() == 1);
}

TEST_CASE("what is computed from initializers alone becomes an initializer") {
  const Graph graph = import_graph(
      "g (float[N, 2] x) => (float[N, 3] y) { t = Transpose <perm = [1, 0]> (w) y = MatMul(x, t) }",
      13, [](onnx::ModelProto& model) {
        add_initializer(model, "w", {3, 2});
      });
  REQUIRE(graph.nodes.size() == 1);
  REQUIRE(graph.parameters.size() == 1);
  CHECK(graph.parameters[0].name == "t");
  CHECK(graph.parameters[0].value->shape() == Shape{2, 3});
  const std::vector<Layer> found = layers(prepare(graph, 1));
  REQUIRE(found.size() == 1);
  CHECK(found[0].weight == 1);
  CHECK(found[0].bias == kNoValue);
}

TEST_CASE("Constant nodes are literals, but weights where a layer reads them") {
  const Graph graph = import_graph(
      R"(g (float[N, 2] x) => (float[N, 2] y) {
        w = Constant <value = float[2, 2] {1, 2, 3, 4}> ()
        half = Constant <value_float = 0.5> ()
        a = MatMul(x, w)
        y = Mul(a, half)
      })");
  REQUIRE(graph.parameters.size() == 2);
  CHECK(graph.parameters[0].name == "w");
  CHECK(graph.parameters[0].trainable);
  CHECK(graph.parameters[1].name == "half");
  CHECK_FALSE(graph.parameters[1].trainable);
}

TEST_CASE("a channel shuffle computed from Shape follows the batch") {
  const Graph graph = import_graph(
      R"(g (float[N, 4, 2, 2] x) => (float[N, 4, 2, 2] y) {
        s = Shape(x)
        i0 = Constant <value = int64[1] {0}> ()
        i1 = Constant <value = int64[1] {1}> ()
        two = Constant <value = int64[1] {2}> ()
        rest = Constant <value = int64[2] {2, 2}> ()
        n = Gather <axis = 0> (s, i0)
        c = Gather <axis = 0> (s, i1)
        c2 = Div(c, two)
        split = Concat <axis = 0> (n, two, c2, rest)
        joined = Concat <axis = 0> (n, c, rest)
        a = Reshape(x, split)
        b = Transpose <perm = [0, 2, 1, 3, 4]> (a)
        y = Reshape(b, joined)
      })");
  CHECK(graph.nodes.size() == 3);
  for (const std::int64_t batch : {1, 2, 3, 17}) {
    const Network network = prepare(graph, batch);
    CHECK(network.value_shapes[static_cast<std::size_t>(network.output)] == Shape{batch, 4, 2, 2});
  }
}

TEST_CASE("an exported batch that Reshape spells out follows the batch") {
  for (const char* target :
       {"int64[2] {8, 16}", "int64[2] {8, -1}", "int64[2] {-1, 16}", "int64[2] {0, 16}"}) {
    CAPTURE(target);
    const Graph graph = import_graph(
        std::string("g (float[8, 4, 4] x) => (float[8, 16] y) { t = Constant <value = ") + target +
        "> () y = Reshape(x, t) }");
    for (const std::int64_t batch : {1, 8, 5}) {
      const Network network = prepare(graph, batch);
      CHECK(network.value_shapes[static_cast<std::size_t>(network.output)] == Shape{batch, 16});
    }
  }
}

TEST_CASE("an output whose first extent is not the batch is refused") {
  CHECK(mentions(
      import_error("g (float[N, 4] x) => (float[4, N] y) { y = Transpose <perm = [1, 0]> (x) }"),
      {"the output 'y'", "first extent"}));
}

TEST_CASE("shapes that do not fit are refused with the node's name") {
  const std::string text = import_error("g (float[N, 4] x) => (float[N, 3] y) { y = Gemm(x, w) }",
                                        13, [](onnx::ModelProto& model) {
                                          add_initializer(model, "w", {5, 3});
                                        });
  CHECK(mentions(text, {"test.onnx: node 'Gemm_0' (Gemm, opset 13)"}));
}

TEST_CASE("a batch below 1 cannot be prepared") {
  const Graph graph = import_graph(kRelu);
  CHECK(mentions(error_of([&] { prepare(graph, 0); }), {"batch of 0"}));
}

}  // namespace
}  // namespace mantissa
