// Models that are well-formed protobuf and still no network that can be trained.

#include <functional>
#include <limits>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <onnx/onnx_pb.h>

#include "refusal.h"
#include "support/files.h"

namespace mantissa {
namespace {

using test::check_refused;
using test::run_mantissa;

/// The shipped tiny network with a change.
std::string changed_model(const std::function<void(onnx::GraphProto&)>& change) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(
      read_file(std::filesystem::path(MANTISSA_SOURCE_DIR) / "models" / "tiny-cnn.onnx")));
  change(*model.mutable_graph());
  return model.SerializeAsString();
}

onnx::TensorProto& first_weight(onnx::GraphProto& graph, int rank = 4) {
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    if (tensor.dims_size() == rank) return tensor;
  }
  FAIL("the network has no such weight");
  return *graph.mutable_initializer(0);
}

/// No command takes the model, the error names `named`, and no result is begun.
void check_model_refused(const std::function<void(onnx::GraphProto&)>& change,
                         const std::string& named) {
  const TemporaryFolder folder;
  const std::string model = folder.write("net.onnx", changed_model(change)).string();
  const std::string scenario =
      test::changed_scenario(folder, [&](nlohmann::json& s) { s["model"] = model; });
  const std::string output = (folder.path() / "out").string();
  check_refused(run_mantissa({"inspect", model}), named);
  check_refused(run_mantissa({"train", scenario}), named);
  check_refused(run_mantissa({"explore", scenario, "--output", output}), named);
  CHECK_FALSE(std::filesystem::exists(output));
}

TEST_CASE("a model with a weight that is NaN is refused with the weight's name and the element") {
  std::string name;
  check_model_refused(
      [&](onnx::GraphProto& graph) {
        onnx::TensorProto& weight = first_weight(graph);
        name = weight.name();
        const float nan = std::numeric_limits<float>::quiet_NaN();
        weight.mutable_raw_data()->replace(3 * sizeof(nan), sizeof(nan),
                                           std::string(reinterpret_cast<const char*>(&nan), 4));
      },
      "at element 3");
  CHECK_FALSE(name.empty());
}

TEST_CASE("a model with an unknown operator is refused with the node, the operator and the opset") {
  check_model_refused(
      [](onnx::GraphProto& graph) {
        graph.mutable_node(0)->set_name("odd");
        graph.mutable_node(0)->set_op_type("Wavelet");
      },
      "Wavelet");
}

TEST_CASE("a model whose shapes contradict each other is refused") {
  check_model_refused(
      [](onnx::GraphProto& graph) {
        onnx::TensorProto& weight = first_weight(graph, 2);
        REQUIRE(weight.dims(0) != weight.dims(1));
        weight.mutable_dims()->SwapElements(0, 1);
      },
      "net.onnx");
}

TEST_CASE("a model whose tensor claims more elements than its bytes hold is refused") {
  check_model_refused(
      [](onnx::GraphProto& graph) { first_weight(graph).set_dims(0, std::int64_t{1} << 40); },
      "net.onnx");
}

}  // namespace
}  // namespace mantissa
