#include "case.h"

#include <algorithm>
#include <map>
#include <optional>

#include "compare.h"
#include "graph/fold.h"
#include "graph/onnx_model.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa::conformance {
namespace {

using Values = std::map<std::string, Constant>;

constexpr int kBfloat16 = 16;  // TensorProto.DataType
// Some cases are old, where the operator is older still; each operator says from which opset it is
// understood.
constexpr int kOldestTestedOpset = 1;
constexpr char kSeveral[] = "models";  // subject of models with several nodes

/// Why a case cannot be run: not a failure.
struct Skip {
  std::string reason;
};

bool is_integer(const Constant& constant) {
  return std::holds_alternative<IntegerTensor>(constant);
}

const Tensor& real(const Constant& constant) {
  return *std::get<std::shared_ptr<const Tensor>>(constant);
}

bool in_engine(std::string_view op_type) {
  return Registry<OperatorDefinition>::instance().find(op_type) != nullptr;
}

Constant read_tensor(const std::filesystem::path& path) {
  try {
    return read_onnx_tensor(read_file(path));
  } catch (const Error&) {
    throw Skip{"element type other than real, integer or boolean"};
  }
}

/// BatchNormalization and Dropout behave as the node says, not as the run says.
ExecutionMode mode_of(const NodeSpec& node, const std::vector<InputSpec>& inputs) {
  bool training = node.attributes.integer("training_mode", 0) != 0;
  if (node.op_type == "Dropout" && inputs.size() > 2 && inputs[2].constant != nullptr) {
    training = std::get<IntegerTensor>(*inputs[2].constant).values.at(0) != 0;
  }
  return training ? ExecutionMode::training : ExecutionMode::inference;
}

/// Whether the node draws random numbers: ONNX's expected outputs come from another generator.
bool is_random(const NodeSpec& node, const std::vector<InputSpec>& inputs) {
  if (node.op_type != "Dropout" || mode_of(node, inputs) == ExecutionMode::inference) return false;
  const bool has_ratio = inputs.size() > 1 && inputs[1].constant != nullptr;
  return !has_ratio || real(*inputs[1].constant).data()[0] != 0;
}

InputSpec describe(const NodeSpec& node, std::size_t index, const Values& values) {
  InputSpec spec;
  if (node.inputs[index].empty()) return spec;
  const Constant& value = values.at(node.inputs[index]);
  spec.present = true;
  const bool constant = is_integer(value) || is_setting(node.op_type, index);
  spec.shape = is_integer(value) ? std::get<IntegerTensor>(value).shape : real(value).shape();
  if (constant) spec.constant = &value;
  return spec;
}

void run_operator(const NodeSpec& node, Values& values) {
  std::vector<InputSpec> specs;
  TensorRefs inputs;
  for (std::size_t index = 0; index < node.inputs.size(); ++index) {
    specs.push_back(describe(node, index, values));
    const bool tensor = specs.back().present && specs.back().constant == nullptr;
    inputs.push_back(tensor ? &real(values.at(node.inputs[index])) : nullptr);
  }
  if (is_random(node, specs)) throw Skip{"random numbers of another generator"};
  std::unique_ptr<Operator> op;
  try {
    op = make_operator(node, specs);
  } catch (const Error& error) {
    throw Skip{"refused: " + std::string(error.what())};
  }
  std::vector<Tensor> outputs;
  MutableTensorRefs wanted;
  for (const Shape& shape : op->output_shapes()) outputs.emplace_back(shape);
  for (std::size_t index = 0; index < outputs.size(); ++index) {
    const bool named = index < node.outputs.size() && !node.outputs[index].empty();
    wanted.push_back(named ? &outputs[index] : nullptr);
  }
  std::vector<Tensor> saved;
  const NodeNumerics numerics;
  op->forward({inputs, wanted, saved, numerics, mode_of(node, specs), RandomKey{1}});
  for (std::size_t index = 0; index < node.outputs.size(); ++index) {
    if (wanted[index] != nullptr) {
      values[node.outputs[index]] = std::make_shared<const Tensor>(std::move(outputs[index]));
    }
  }
}

std::optional<Constant> try_fold(const NodeSpec& node, const Values& values) {
  std::vector<const Constant*> inputs;
  for (const std::string& name : node.inputs) {
    inputs.push_back(name.empty() ? nullptr : &values.at(name));
  }
  return fold(node, inputs);
}

/// A node of a model: an operator of the engine on real numbers, else something that import would
/// fold.
void run_node(const NodeSpec& node, Values& values) {
  const auto is_real_input = [&](const std::string& name) {
    return !name.empty() && !is_integer(values.at(name));
  };
  const bool engine = in_engine(node.op_type);
  const bool real_first = !node.inputs.empty() && is_real_input(node.inputs[0]);
  if (engine && real_first) return run_operator(node, values);
  if (is_foldable(node.op_type) && node.outputs.size() == 1) {
    if (std::optional<Constant> folded = try_fold(node, values)) {
      values[node.outputs[0]] = std::move(*folded);
      return;
    }
  }
  if (engine) throw Skip{"integer or boolean data"};
  throw Skip{"operator not in the engine: " + node.op_type};
}

Values read_inputs(const OnnxModel& model, const std::filesystem::path& data_set) {
  Values values(model.initializers.begin(), model.initializers.end());
  for (std::size_t index = 0; index < model.inputs.size(); ++index) {
    if (model.inputs[index].element_type == 0) throw Skip{"inputs that are not tensors"};
    if (model.inputs[index].element_type == kBfloat16)
      throw Skip{"bfloat16, which the data stores as integers"};
    const auto path = data_set / ("input_" + std::to_string(index) + ".pb");
    if (!std::filesystem::exists(path)) throw Skip{"no input file"};
    values[model.inputs[index].name] = read_tensor(path);
  }
  return values;
}

std::string compare_outputs(const OnnxModel& model, const Values& values,
                            const std::filesystem::path& data_set) {
  for (std::size_t index = 0; index < model.outputs.size(); ++index) {
    if (model.outputs[index].element_type == 0) throw Skip{"outputs that are not tensors"};
    const auto path = data_set / ("output_" + std::to_string(index) + ".pb");
    if (!std::filesystem::exists(path)) throw Skip{"no output file"};
    const auto value = values.find(model.outputs[index].name);
    if (value == values.end()) throw Skip{"an output that the engine does not make"};
    const std::string text = difference(value->second, read_tensor(path));
    if (!text.empty()) return "output " + std::to_string(index) + ": " + text;
  }
  return "";
}

std::vector<std::filesystem::path> data_sets(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> sets;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("test_data_set_"))
      sets.push_back(entry.path());
  }
  std::sort(sets.begin(), sets.end());
  return sets;
}

/// Runs every data set with `run_nodes`; what it throws and what differs becomes the outcome.
template <typename RunNodes>
Outcome run(const OnnxModel& model, const std::filesystem::path& folder, std::string subject,
            RunNodes run_nodes) {
  Outcome outcome{std::move(subject), folder.filename().string(), Verdict::passed, ""};
  try {
    const auto sets = data_sets(folder);
    if (sets.empty()) throw Skip{"no test data"};
    for (const auto& data_set : sets) {
      Values values = read_inputs(model, data_set);
      run_nodes(values);
      const std::string text = compare_outputs(model, values, data_set);
      if (!text.empty()) return {outcome.subject, outcome.folder, Verdict::failed, text};
    }
  } catch (const Skip& skip) {
    outcome.verdict = Verdict::skipped;
    outcome.reason = skip.reason;
  } catch (const std::exception& error) {
    outcome.verdict = Verdict::failed;
    outcome.reason = error.what();
  }
  return outcome;
}

}  // namespace

std::vector<Outcome> run_case(const std::filesystem::path& folder, std::string_view subject) {
  const auto wanted = [&](const std::string& name) { return subject.empty() || subject == name; };
  OnnxModel model;
  try {
    model = read_onnx_model(read_file(folder / "model.onnx"), folder, kOldestTestedOpset);
  } catch (const Error& error) {
    if (!wanted(kSeveral)) return {};
    const std::string reason = std::string("not read: ") + error.what();
    return {{kSeveral, folder.filename().string(), Verdict::skipped, reason}};
  }
  const bool single = model.nodes.size() == 1;
  const std::string name = single ? model.nodes[0].op_type : kSeveral;
  std::vector<Outcome> outcomes;
  if (wanted(name)) {
    outcomes.push_back(run(model, folder, name, [&](Values& values) {
      if (single && !in_engine(name)) throw Skip{"operator not in the engine: " + name};
      for (const NodeSpec& node : model.nodes) run_node(node, values);
    }));
  }
  const bool foldable =
      single && is_foldable(model.nodes[0].op_type) && model.nodes[0].outputs.size() == 1;
  if (foldable && wanted("fold " + name)) {
    outcomes.push_back(run(model, folder, "fold " + name, [&](Values& values) {
      std::optional<Constant> folded = try_fold(model.nodes[0], values);
      if (!folded) throw Skip{"element types that are not folded"};
      values[model.nodes[0].outputs[0]] = std::move(*folded);
    }));
  }
  return outcomes;
}

}  // namespace mantissa::conformance
