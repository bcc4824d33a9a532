#include <array>
#include <cstring>
#include <limits>
#include <unordered_set>

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include "graph/describe.h"
#include "graph/graph.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

constexpr char kBatch[] = "batch";

/// The oldest IR version that was published together with the opset and takes initializers that are
/// no inputs.
int ir_version_of(int opset) {
  if (opset <= 9) return 4;
  if (opset == 10) return 5;
  if (opset == 11) return 6;
  return opset <= 14 ? 7 : 8;
}

void set_shape(onnx::TensorProto& proto, const Shape& shape) {
  for (const std::int64_t extent : shape.extents()) proto.add_dims(extent);
}

void set_tensor(onnx::TensorProto& proto, const Tensor& tensor) {
  proto.set_data_type(onnx::TensorProto::FLOAT);
  set_shape(proto, tensor.shape());
  std::string bytes(tensor.size() * sizeof(float), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), tensor.data(), bytes.size());
  proto.set_raw_data(std::move(bytes));
}

void set_integers(onnx::TensorProto& proto, const IntegerTensor& tensor, bool is_boolean) {
  proto.set_data_type(is_boolean ? onnx::TensorProto::BOOL : onnx::TensorProto::INT64);
  set_shape(proto, tensor.shape);
  for (const std::int64_t value : tensor.values) {
    if (is_boolean) {
      proto.add_int32_data(value != 0 ? 1 : 0);
    } else {
      proto.add_int64_data(value);
    }
  }
}

void set_constant(onnx::TensorProto& proto, const Constant& constant, bool is_boolean = false) {
  if (const auto* integers = std::get_if<IntegerTensor>(&constant)) {
    set_integers(proto, *integers, is_boolean);
  } else {
    set_tensor(proto, *std::get<std::shared_ptr<const Tensor>>(constant));
  }
}

/// Fills an attribute from each kind of value.
struct AttributeWriter {
  onnx::AttributeProto& proto;

  void operator()(std::int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) proto.add_ints(value);
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    for (const float value : values) proto.add_floats(value);
  }
  void operator()(const std::vector<std::string>& values) const {
    proto.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
  }
  void operator()(const Constant& value) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    set_constant(*proto.mutable_t(), value);
  }
};

void set_value(onnx::ValueInfoProto& proto, const std::string& name, const Shape& shape,
               bool open_batch) {
  proto.set_name(name);
  auto& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (axis == 0 && open_batch) {
      dimension.set_dim_param(kBatch);
    } else {
      dimension.set_dim_value(shape[axis]);
    }
  }
}

class Writer {
 public:
  Writer(const Graph& graph, const std::vector<const Tensor*>& parameters)
      : graph_(graph), parameters_(parameters), proto_(*model_.mutable_graph()) {}

  std::string run() {
    model_.set_ir_version(ir_version_of(graph_.opset));
    model_.set_producer_name("mantissa");
    model_.add_opset_import()->set_version(graph_.opset);
    model_.mutable_opset_import(0)->set_domain("");
    proto_.set_name(graph_.name.empty() ? "network" : graph_.name);
    write_interface();
    for (const NodeSpec& node : graph_.nodes) node_names_.insert(node.name);
    write_parameters();
    write_constants();
    for (const NodeSpec& node : graph_.nodes) write_node(node);
    return checked_bytes();
  }

 private:
  void write_interface() {
    const bool open = graph_.input_shape[0] == 0;
    const Network network = prepare(graph_, open ? 1 : graph_.input_shape[0]);
    set_value(*proto_.add_input(), graph_.input_name, network.value_shapes[0], open);
    set_value(*proto_.add_output(), graph_.output_name,
              network.value_shapes[static_cast<std::size_t>(network.output)], open);
  }

  void write_parameters() {
    if (parameters_.size() != graph_.parameters.size()) {
      throw Error("", std::to_string(parameters_.size()) + " parameters for a network of " +
                          std::to_string(graph_.parameters.size()));
    }
    for (std::size_t index = 0; index < parameters_.size(); ++index) {
      const Parameter& parameter = graph_.parameters[index];
      if (parameters_[index]->shape() != parameter.value->shape()) {
        throw Error("parameter " + in_quotes(parameter.name),
                    "its shape is " + parameters_[index]->shape().text() + " where " +
                        parameter.value->shape().text() + " belongs");
      }
      written_.insert(parameter.name);
      if (parameter.trainable) {
        onnx::TensorProto& proto = *proto_.add_initializer();
        proto.set_name(parameter.name);
        set_tensor(proto, *parameters_[index]);
      } else {
        write_literal(parameter.name, *parameters_[index]);
      }
    }
  }

  /// A `Constant` node: what tells a literal from a weight when the file is read again.
  void write_literal(const std::string& value_name, const Tensor& tensor) {
    onnx::NodeProto& node = *proto_.add_node();
    std::string name = "Constant/" + value_name;
    while (!node_names_.insert(name).second) name += "_";
    node.set_name(name);
    node.set_op_type("Constant");
    node.add_output(value_name);
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name("value");
    attribute.set_type(onnx::AttributeProto::TENSOR);
    set_tensor(*attribute.mutable_t(), tensor);
  }

  void write_constants() {
    std::unordered_set<std::string> booleans;
    for (const NodeSpec& node : graph_.nodes) {
      if (node.op_type == "Dropout" && node.inputs.size() > 2) booleans.insert(node.inputs[2]);
    }
    for (const auto& [name, constant] : graph_.constants) {
      if (written_.count(name) > 0) continue;
      onnx::TensorProto& proto = *proto_.add_initializer();
      proto.set_name(name);
      set_constant(proto, constant, booleans.count(name) > 0);
    }
  }

  void write_node(const NodeSpec& node) {
    onnx::NodeProto& proto = *proto_.add_node();
    proto.set_name(node.name);
    proto.set_op_type(node.op_type);
    for (const std::string& name : node.inputs) proto.add_input(name);
    for (const std::string& name : node.outputs) proto.add_output(name);
    for (const auto& [name, value] : node.attributes.all()) {
      onnx::AttributeProto& attribute = *proto.add_attribute();
      attribute.set_name(name);
      std::visit(AttributeWriter{attribute}, value);
    }
  }

  std::string checked_bytes() {
    if (model_.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw Error("", "the model is larger than the 2 GiB that one ONNX file holds");
    }
    try {
      onnx::checker::check_model(model_);
    } catch (const std::exception& fault) {
      throw Error("", std::string("the ONNX checker refuses the model: ") + fault.what(), "",
                  ExitCode::failure);
    }
    return model_.SerializeAsString();
  }

  const Graph& graph_;
  const std::vector<const Tensor*>& parameters_;
  onnx::ModelProto model_;
  onnx::GraphProto& proto_;
  std::unordered_set<std::string> node_names_;
  std::unordered_set<std::string> written_;
};

}  // namespace

std::string to_onnx(const Graph& graph, const std::vector<const Tensor*>& parameters) {
  return Writer(graph, parameters).run();
}

void save_onnx(const std::filesystem::path& path, const Graph& graph,
               const std::vector<const Tensor*>& parameters) {
  std::string bytes;
  try {
    bytes = to_onnx(graph, parameters);
  } catch (const Error& error) {
    throw error.within(path.string());
  }
  write_file_atomically(path, bytes);
}

}  // namespace mantissa
