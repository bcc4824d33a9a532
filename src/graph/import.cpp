#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "graph/describe.h"
#include "graph/fold.h"
#include "graph/graph.h"
#include "graph/onnx_model.h"
#include "graph/reshape_target.h"
#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace mantissa {
namespace {

constexpr std::int64_t kMaxSampleElements = std::int64_t{1} << 26;  // 256 MiB
constexpr std::int64_t kMaxBatch = std::int64_t{1} << 20;
constexpr std::int64_t kFoldBudget = std::int64_t{1} << 26;

/// What is known of a value. Everything is followed for two batch sizes side by side: what differs
/// between them depends on the batch, and nothing needs symbols.
struct Value {
  enum class Kind : std::uint8_t { data, constant, unknown };
  Kind kind = Kind::unknown;
  PerBatch<Shape> shapes;        ///< data
  PerBatch<Constant> constants;  ///< constant
  bool varies = false;           ///< a constant that differs between the batch sizes
  bool trainable = false;        ///< comes from an initializer of real numbers
};

bool is_real(const Constant& constant) {
  return !std::holds_alternative<IntegerTensor>(constant);
}

std::int64_t elements_of(const Constant& constant) {
  if (const auto* tensor = std::get_if<IntegerTensor>(&constant)) return tensor->shape.elements();
  return std::get<std::shared_ptr<const Tensor>>(constant)->shape().elements();
}

/// Whether an input of a node is what its training is about, so that a `Constant` node there is a
/// weight as well.
bool is_weight_position(std::string_view op_type, std::size_t index) {
  if (op_type == "Conv" || op_type == "Gemm" || op_type == "BatchNormalization") return index >= 1;
  return op_type == "MatMul";
}

class Importer {
 public:
  explicit Importer(OnnxModel model) : model_(std::move(model)) {}

  Graph run() {
    graph_.name = model_.name;
    graph_.producer = model_.producer;
    graph_.opset = model_.opset;
    graph_.sha256 = model_.sha256;
    read_output();
    keep_live_nodes();
    read_input();
    for (auto& [name, constant] : model_.initializers) {
      budget_ += elements_of(constant);
      Value value;
      value.kind = Value::Kind::constant;
      value.trainable = is_real(constant);
      value.constants = {constant, constant};
      values_.emplace(name, std::move(value));
    }
    for (NodeSpec& node : model_.nodes) visit(std::move(node));
    refuse_unsupported();
    check_output();
    collect_constants();
    return std::move(graph_);
  }

 private:
  using Kind = Value::Kind;

  void read_output() {
    if (model_.outputs.empty()) throw Error("", "the graph has no output");
    if (model_.outputs.size() > 1) {
      throw Error("",
                  "the graph has " + std::to_string(model_.outputs.size()) + " outputs: " +
                      in_quotes(model_.outputs[0].name) + ", " + in_quotes(model_.outputs[1].name) +
                      (model_.outputs.size() > 2 ? ", ..." : ""),
                  "keep the one with the logits");
    }
    graph_.output_name = model_.outputs.front().name;
  }

  /// Drops nodes that the output does not depend on.
  void keep_live_nodes() {
    live_.insert(graph_.output_name);
    std::vector<NodeSpec> kept;
    for (auto node = model_.nodes.rbegin(); node != model_.nodes.rend(); ++node) {
      const bool is_live = std::any_of(node->outputs.begin(), node->outputs.end(),
                                       [&](const auto& name) { return live_.count(name) > 0; });
      if (!is_live) continue;
      live_.insert(node->inputs.begin(), node->inputs.end());
      kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    model_.nodes = std::move(kept);
  }

  void read_input() {
    std::vector<ValueType> inputs;
    for (const ValueType& input : model_.inputs) {
      if (live_.count(input.name) > 0) inputs.push_back(input);
    }
    if (inputs.empty()) throw Error("", "the output depends on no input of the graph");
    if (inputs.size() > 1) {
      throw Error("", "the graph has more than one data input: " + in_quotes(inputs[0].name) +
                          ", " + in_quotes(inputs[1].name) + (inputs.size() > 2 ? ", ..." : ""));
    }
    const ValueType& input = inputs.front();
    check_input(input);
    graph_.input_name = input.name;
    graph_.input_shape = Shape(input.extents);
    graph_.input_shape[0] = std::max<std::int64_t>(input.extents[0], 0);
    // Two sizes that no extent of a network has by chance more often than others, or the model's
    // own and another.
    batches_ = graph_.input_shape[0] == 0
                   ? PerBatch<std::int64_t>{2, 3}
                   : PerBatch<std::int64_t>{input.extents[0], input.extents[0] + 1};
    Value value;
    value.kind = Kind::data;
    for (std::size_t probe = 0; probe < value.shapes.size(); ++probe) {
      value.shapes[probe] = graph_.input_shape;
      value.shapes[probe][0] = batches_[probe];
    }
    values_.emplace(input.name, std::move(value));
  }

  static void check_input(const ValueType& input) {
    constexpr std::array<int, 4> kReal = {1, 10, 11, 16};  // FLOAT, FLOAT16, DOUBLE, BFLOAT16
    const std::string where = "input " + in_quotes(input.name);
    if (std::find(kReal.begin(), kReal.end(), input.element_type) == kReal.end()) {
      throw Error(where, "its elements are not real numbers",
                  "networks on real inputs are supported");
    }
    if (!input.has_shape || input.extents.empty()) throw Error(where, "it has no shape");
    if (input.extents[0] > kMaxBatch) {
      throw Error(where, "its batch of " + std::to_string(input.extents[0]) + " is absurdly large");
    }
    std::int64_t elements = 1;
    for (std::size_t axis = 1; axis < input.extents.size(); ++axis) {
      const std::int64_t extent = input.extents[axis];
      if (extent <= 0) {
        throw Error(where, "extent " + std::to_string(axis) + " of its shape is open",
                    "only the batch, extent 0, may be");
      }
      if (extent > kMaxSampleElements / elements) {
        throw Error(where, "a sample of " + Shape(input.extents).text() + " is absurdly large");
      }
      elements *= extent;
    }
  }

  void visit(NodeSpec node) {
    std::vector<const Value*> inputs;
    inputs.reserve(node.inputs.size());
    for (const std::string& name : node.inputs) {
      inputs.push_back(name.empty() ? nullptr : &values_.at(name));
    }
    const auto is_unknown = [](const Value* value) {
      return value != nullptr && value->kind == Kind::unknown;
    };
    const bool unknown = std::any_of(inputs.begin(), inputs.end(), is_unknown);
    if (!unknown && try_fold(node, inputs)) return;
    if (!is_supported(node) && !(unknown && is_foldable(node.op_type)))
      unsupported_.push_back(node);
    if (unknown || !unsupported_.empty()) {
      // Shapes are not known any more; the rest is only looked at for operators that are not
      // supported.
      for (const std::string& output : node.outputs) values_[output] = Value{};
      return;
    }
    keep(std::move(node));
  }

  static bool is_supported(const NodeSpec& node) {
    const OperatorDefinition* definition =
        Registry<OperatorDefinition>::instance().find(node.op_type);
    return definition != nullptr && node.opset >= definition->oldest_opset &&
           node.opset <= definition->newest_opset;
  }

  /// True if the node's output is known without running the network.
  bool try_fold(const NodeSpec& node, const std::vector<const Value*>& inputs) {
    if (!is_foldable(node.op_type) || node.outputs.size() != 1) return false;
    const bool asks_shape = node.op_type == "Shape" || node.op_type == "Size";
    Value result;
    result.kind = Kind::constant;
    for (const Value* input : inputs) {
      if (input == nullptr) continue;
      if (input->kind != Kind::constant && !asks_shape) return false;
      result.varies = result.varies || input->varies || input->kind == Kind::data;
      result.trainable = result.trainable || input->trainable;
    }
    for (std::size_t probe = 0; probe < result.constants.size(); ++probe) {
      if (probe > 0 && !result.varies) {
        result.constants[probe] = result.constants[0];
        continue;
      }
      std::optional<Constant> constant = fold_for(node, inputs, probe);
      if (!constant) return false;
      result.constants[probe] = std::move(*constant);
    }
    result.trainable = result.trainable && is_real(result.constants[0]);
    if (result.varies) result.varies = differ(result.constants);
    folded_ += elements_of(result.constants[0]);
    if (folded_ > kFoldBudget + 4 * budget_) {
      throw Error(description(node), "the model's constants fold to an absurd size");
    }
    values_[node.outputs[0]] = std::move(result);
    return true;
  }

  static std::optional<Constant> fold_for(const NodeSpec& node,
                                          const std::vector<const Value*>& inputs,
                                          std::size_t probe) {
    try {
      if (!inputs.empty() && inputs[0] != nullptr && inputs[0]->kind == Kind::data) {
        return fold_shape(node, inputs[0]->shapes[probe]);
      }
      std::vector<const Constant*> constants;
      constants.reserve(inputs.size());
      for (const Value* input : inputs) {
        constants.push_back(input == nullptr ? nullptr : &input->constants[probe]);
      }
      return fold(node, constants);
    } catch (const Error& error) {
      throw error.within(description(node));
    }
  }

  static bool differ(const PerBatch<Constant>& constants) {
    const auto* first = std::get_if<IntegerTensor>(&constants[0]);
    const auto* second = std::get_if<IntegerTensor>(&constants[1]);
    if (first == nullptr || second == nullptr) return true;
    return first->shape != second->shape || first->values != second->values;
  }

  /// A node of the network: its shapes for both batch sizes.
  void keep(NodeSpec node) {
    settle_mode(node);
    if (node.op_type == "Reshape") settle_target(node);
    PerBatch<std::vector<InputSpec>> specs;
    for (std::size_t index = 0; index < node.inputs.size(); ++index) {
      const std::string& name = node.inputs[index];
      const Value* value = name.empty() ? nullptr : &values_.at(name);
      if (value != nullptr && value->varies) {
        throw Error(description(node),
                    "its input " + in_quotes(name) + " depends on the batch size");
      }
      for (std::size_t probe = 0; probe < specs.size(); ++probe) {
        specs[probe].push_back(spec_of(node, index, value, probe));
      }
    }
    PerBatch<std::vector<Shape>> shapes;
    for (std::size_t probe = 0; probe < specs.size(); ++probe) {
      shapes[probe] = make_operator(node, specs[probe])->output_shapes();
    }
    for (std::size_t index = 0; index < node.outputs.size(); ++index) {
      Value value;
      value.kind = Kind::data;
      for (std::size_t probe = 0; probe < shapes.size(); ++probe) {
        value.shapes[probe] = shapes[probe].at(index);
        require_plausible(value.shapes[probe], description(node), "its output");
      }
      if (!node.outputs[index].empty()) values_[node.outputs[index]] = std::move(value);
    }
    graph_.nodes.push_back(std::move(node));
  }

  /// Whether a run trains is the run's affair: a training export must not be evaluated with the
  /// statistics of its batches, nor with neurons dropped.
  void settle_mode(NodeSpec& node) const {
    std::size_t outputs = node.outputs.size();
    if (node.op_type == "BatchNormalization") {
      if (node.attributes.has("training_mode"))
        node.attributes.set("training_mode", std::int64_t{0});
      outputs = 1;
    } else if (node.op_type == "Dropout") {
      if (node.inputs.size() > 2) node.inputs.resize(2);
      outputs = 1;
    }
    while (node.outputs.size() > outputs) {
      if (live_.count(node.outputs.back()) > 0 && !node.outputs.back().empty()) {
        throw Error(description(node),
                    "its output " + in_quotes(node.outputs.back()) + " is read by the network",
                    "only its output 0 may be");
      }
      node.outputs.pop_back();
    }
  }

  static InputSpec spec_of(const NodeSpec& node, std::size_t index, const Value* value,
                           std::size_t probe) {
    InputSpec spec;
    if (value == nullptr) return spec;
    spec.present = true;
    if (value->kind == Kind::data) {
      spec.shape = value->shapes[probe];
      return spec;
    }
    const Constant& constant = value->constants[probe];
    const auto* integers = std::get_if<IntegerTensor>(&constant);
    spec.shape = integers != nullptr ? integers->shape
                                     : std::get<std::shared_ptr<const Tensor>>(constant)->shape();
    const bool setting = integers != nullptr || is_setting(node.op_type, index);
    spec.parameter = !setting && (value->trainable || is_weight_position(node.op_type, index));
    if (!spec.parameter) spec.constant = &constant;
    return spec;
  }

  /// Makes the target of a Reshape follow the batch.
  void settle_target(NodeSpec& node) {
    if (node.inputs.size() < 2 || node.inputs[0].empty() || node.inputs[1].empty()) return;
    const Value& data = values_.at(node.inputs[0]);
    const Value& target = values_.at(node.inputs[1]);
    if (data.kind != Kind::data || target.kind != Kind::constant) return;
    PerBatch<std::vector<std::int64_t>> targets;
    for (std::size_t probe = 0; probe < targets.size(); ++probe) {
      const auto* integers = std::get_if<IntegerTensor>(&target.constants[probe]);
      if (integers == nullptr) return;
      targets[probe] = integers->values;
    }
    const ReshapeSituation situation{data.shapes, batches_, graph_.input_shape[0] != 0,
                                     node.attributes.integer("allowzero", 0) == 0};
    std::vector<std::int64_t> settled;
    try {
      settled = batch_free_target(targets, situation);
    } catch (const Error& error) {
      throw error.within(description(node));
    }
    if (!target.varies && settled == targets[0]) return;
    Value value;
    value.kind = Kind::constant;
    const IntegerTensor constant{Shape{static_cast<std::int64_t>(settled.size())}, settled};
    value.constants = {constant, constant};
    std::string name = node.inputs[1] + "/" + node.name;
    while (values_.count(name) > 0 || live_.count(name) > 0) name += "_";
    values_[name] = std::move(value);
    node.inputs[1] = name;
  }

  void refuse_unsupported() const {
    if (unsupported_.empty()) return;
    std::string list;
    for (const NodeSpec& node : unsupported_) {
      list += (list.empty() ? "" : ", ") + description(node);
    }
    const bool one = unsupported_.size() == 1;
    throw Error("", std::to_string(unsupported_.size()) +
                        (one ? " node is not supported: " : " nodes are not supported: ") + list);
  }

  void check_output() const {
    const auto found = values_.find(graph_.output_name);
    if (found == values_.end() || found->second.kind != Kind::data) {
      throw Error(
          "", "the output " + in_quotes(graph_.output_name) + " is not computed from the input");
    }
    const PerBatch<Shape>& shapes = found->second.shapes;
    for (std::size_t probe = 0; probe < shapes.size(); ++probe) {
      if (shapes[probe].rank() == 0 || shapes[probe][0] != batches_[probe]) {
        throw Error("",
                    "the output " + in_quotes(graph_.output_name) + " has the shape " +
                        shapes[probe].text() + " for a batch of " + std::to_string(batches_[probe]),
                    "its first extent must be the batch");
      }
    }
  }

  /// Fills in parameters and constants, in order of first use.
  void collect_constants() {
    std::unordered_map<std::string, std::size_t> parameters;
    for (const NodeSpec& node : graph_.nodes) {
      for (std::size_t index = 0; index < node.inputs.size(); ++index) {
        const std::string& name = node.inputs[index];
        if (name.empty() || values_.at(name).kind != Kind::constant) continue;
        const Value& value = values_.at(name);
        if (!is_real(value.constants[0]) || is_setting(node.op_type, index)) {
          graph_.constants.emplace(name, value.constants[0]);
          continue;
        }
        const auto [found, added] = parameters.emplace(name, graph_.parameters.size());
        if (added) {
          graph_.parameters.push_back(
              {name, std::get<std::shared_ptr<const Tensor>>(value.constants[0]), false});
          require_finite(graph_.parameters.back());
        }
        Parameter& parameter = graph_.parameters[found->second];
        parameter.trainable =
            parameter.trainable || value.trainable || is_weight_position(node.op_type, index);
      }
    }
  }

  static void require_finite(const Parameter& parameter) {
    const auto values = parameter.value->values();
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad == values.end()) return;
    throw Error("initializer " + in_quotes(parameter.name),
                std::string(std::isnan(*bad) ? "NaN" : "an infinity") + " at element " +
                    std::to_string(bad - values.begin()),
                "the model's weights are damaged");
  }

  OnnxModel model_;
  Graph graph_;
  PerBatch<std::int64_t> batches_{};
  std::unordered_map<std::string, Value> values_;
  std::unordered_set<std::string> live_;  ///< names of values that the output depends on
  std::vector<NodeSpec> unsupported_;
  std::int64_t budget_ = 0;
  std::int64_t folded_ = 0;
};

}  // namespace

Graph parse_onnx(std::string_view bytes, const std::filesystem::path& folder,
                 std::string_view where) {
  try {
    return Importer(read_onnx_model(bytes, folder)).run();
  } catch (const Error& error) {
    throw error.within(where);
  }
}

Graph load_onnx(const std::filesystem::path& path) {
  return parse_onnx(read_file(path), path.parent_path(), path.string());
}

}  // namespace mantissa
