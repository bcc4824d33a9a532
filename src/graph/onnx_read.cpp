#include <algorithm>
#include <array>
#include <limits>
#include <queue>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include "graph/describe.h"
#include "graph/fold.h"
#include "graph/onnx_model.h"
#include "graph/onnx_proto.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

constexpr int kOldestIr = 3;  // the first with operator set imports
constexpr int kNewestIr = 8;  // ONNX 1.12
constexpr int kMaxNodes = 100'000;

onnx::ModelProto parse(std::string_view bytes) {
  if (bytes.empty()) throw Error("", "the file is empty", "an ONNX model belongs here");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Error("", "the file is larger than 2 GiB", "keep the weights in external data");
  }
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error("", "this is not an ONNX model, or a truncated one");
  }
  if (!model.has_graph() || !model.has_ir_version()) {
    throw Error("", "this is not an ONNX model: it has no graph");
  }
  return model;
}

std::map<std::string, int> opsets_of(const onnx::ModelProto& model, int oldest) {
  if (model.ir_version() < kOldestIr || model.ir_version() > kNewestIr) {
    throw Error("", "IR version " + std::to_string(model.ir_version()) + " is not supported",
                "versions 3 to 8 are");
  }
  std::map<std::string, int> opsets;
  for (const auto& import : model.opset_import()) {
    const std::string domain = import.domain() == "ai.onnx" ? "" : import.domain();
    opsets[domain] = static_cast<int>(std::clamp<std::int64_t>(import.version(), 0, 1'000'000));
  }
  if (opsets.find("") == opsets.end())
    throw Error("", "the model names no version of ONNX's operators");
  const int opset = opsets.at("");
  if (opset < oldest || opset > kNewestOpset) {
    throw Error("", "opset " + std::to_string(opset) + " is not supported",
                "export the model with an opset from 9 to " + std::to_string(kNewestOpset));
  }
  return opsets;
}

void require_plain(const onnx::ModelProto& model) {
  const onnx::GraphProto& graph = model.graph();
  if (model.functions_size() > 0) throw Error("", "functions inside of a model are not supported");
  if (graph.sparse_initializer_size() > 0) {
    throw Error("", "sparse initializers are not supported",
                "initializer " + in_quotes(graph.sparse_initializer(0).values().name()));
  }
  if (graph.node_size() > kMaxNodes) {
    throw Error("", "the graph has " + std::to_string(graph.node_size()) + " nodes; at most " +
                        std::to_string(kMaxNodes) + " are read");
  }
}

/// Names end up in one-line errors, reports and JSON.
void require_readable(const std::string& name) {
  const auto is_control = [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
  };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    throw Error("", "a name in the model holds control characters", "the file is damaged");
  }
}

void require_readable_names(const onnx::GraphProto& graph) {
  require_readable(graph.name());
  for (const auto& value : graph.input()) require_readable(value.name());
  for (const auto& value : graph.output()) require_readable(value.name());
  for (const auto& tensor : graph.initializer()) require_readable(tensor.name());
  for (const onnx::NodeProto& node : graph.node()) {
    require_readable(node.name());
    require_readable(node.op_type());
    require_readable(node.domain());
    for (const std::string& name : node.input()) require_readable(name);
    for (const std::string& name : node.output()) require_readable(name);
    for (const auto& attribute : node.attribute()) require_readable(attribute.name());
  }
}

/// Gives each node a name of its own: `<op>_<index in the file>` where it has none.
void name_nodes(onnx::GraphProto& graph) {
  std::unordered_set<std::string> taken;
  for (const onnx::NodeProto& node : graph.node()) taken.insert(node.name());
  std::unordered_set<std::string> given;
  for (int index = 0; index < graph.node_size(); ++index) {
    onnx::NodeProto& node = *graph.mutable_node(index);
    if (!node.name().empty() && given.insert(node.name()).second) continue;
    const std::string stem =
        node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name();
    std::string name = stem;
    for (int suffix = 2; name.empty() || taken.count(name) > 0; ++suffix) {
      name = stem + "_" + std::to_string(suffix);
    }
    taken.insert(name);
    given.insert(name);
    node.set_name(name);
  }
}

/// Value name -> index of the node that makes it; -1 for inputs and initializers.
std::unordered_map<std::string, int> producers_of(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, int> producers;
  for (const auto& input : graph.input()) {
    if (input.name().empty()) throw Error("", "the graph has an input without a name");
    if (!producers.emplace(input.name(), -1).second) {
      throw Error("", "two inputs of the graph are called " + in_quotes(input.name()));
    }
  }
  std::unordered_set<std::string> initializers;
  for (const auto& initializer : graph.initializer()) {
    if (initializer.name().empty()) throw Error("", "the graph has an initializer without a name");
    if (!initializers.insert(initializer.name()).second) {
      throw Error("", "two initializers are called " + in_quotes(initializer.name()));
    }
    producers.emplace(initializer.name(), -1);
  }
  for (int index = 0; index < graph.node_size(); ++index) {
    for (const std::string& output : graph.node(index).output()) {
      if (!output.empty() && !producers.emplace(output, index).second) {
        throw Error("node " + in_quotes(graph.node(index).name()),
                    "its output " + in_quotes(output) + " has the name of another value");
      }
    }
  }
  return producers;
}

[[noreturn]] void refuse_cycle(const onnx::GraphProto& graph, const std::vector<int>& waiting) {
  std::string names;
  int listed = 0;
  for (int index = 0; index < graph.node_size(); ++index) {
    if (waiting[static_cast<std::size_t>(index)] == 0) continue;
    if (++listed > 5) {
      names += ", ...";
      break;
    }
    names += (listed > 1 ? ", " : "") + in_quotes(graph.node(index).name());
  }
  throw Error("", "the graph has a cycle", "among or behind the nodes " + names);
}

/// Node indices so that every node comes behind those it reads from; the file's order where that is
/// one.
std::vector<int> topological_order(const onnx::GraphProto& graph) {
  const auto producers = producers_of(graph);
  const auto count = static_cast<std::size_t>(graph.node_size());
  std::vector<int> waiting(count, 0);
  std::vector<std::vector<int>> readers(count);
  for (int index = 0; index < graph.node_size(); ++index) {
    for (const std::string& input : graph.node(index).input()) {
      if (input.empty()) continue;
      const auto producer = producers.find(input);
      if (producer == producers.end()) {
        throw Error("node " + in_quotes(graph.node(index).name()),
                    "it reads " + in_quotes(input) + ", which nothing in the model makes");
      }
      if (producer->second < 0) continue;
      ++waiting[static_cast<std::size_t>(index)];
      readers[static_cast<std::size_t>(producer->second)].push_back(index);
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int index = 0; index < graph.node_size(); ++index) {
    if (waiting[static_cast<std::size_t>(index)] == 0) ready.push(index);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int index = ready.top();
    ready.pop();
    order.push_back(index);
    for (const int reader : readers[static_cast<std::size_t>(index)]) {
      if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != count) refuse_cycle(graph, waiting);
  return order;
}

void sort_nodes(onnx::GraphProto& graph) {
  const std::vector<int> order = topological_order(graph);
  std::vector<onnx::NodeProto*> nodes(order.size());
  if (nodes.empty()) return;
  graph.mutable_node()->ExtractSubrange(0, graph.node_size(), nodes.data());
  for (const int index : order) {
    graph.mutable_node()->AddAllocated(nodes[static_cast<std::size_t>(index)]);
  }
}

/// ONNX's checker: attributes and input counts against the operators' schemas. It knows standard
/// operators only, so a model with others is left to the list of what is not supported.
void check(onnx::ModelProto& model) {
  for (const onnx::NodeProto& node : model.graph().node()) {
    const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
    const bool known = is_foldable(node.op_type()) ||
                       Registry<OperatorDefinition>::instance().find(node.op_type()) != nullptr;
    if (!standard || !known) return;
  }
  // The checker would look for external files in the current directory. They have been read by
  // then.
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
    tensor.clear_external_data();
    tensor.clear_data_location();
    tensor.set_raw_data("-");
  }
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception& fault) {
    std::string text = fault.what();
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n')) {
      std::size_t end = at;
      while (end < text.size() && text[end] == '\n') ++end;
      text.replace(at, end - at, end == text.size() ? "" : " ");
    }
    throw Error("", "the ONNX checker refuses the model: " + text);
  }
}

ValueType value_type(const onnx::ValueInfoProto& value) {
  ValueType type;
  type.name = value.name();
  if (!value.type().has_tensor_type()) return type;
  const auto& tensor = value.type().tensor_type();
  type.element_type = tensor.elem_type();
  type.has_shape = tensor.has_shape();
  for (const auto& dimension : tensor.shape().dim()) {
    type.extents.push_back(dimension.has_dim_value() ? dimension.dim_value() : 0);
  }
  return type;
}

/// The file's digest; with external data that of the digests of all files, so that any change
/// shows.
std::string digest(std::string_view bytes, const ExternalData& external) {
  std::string own = sha256_hex(bytes);
  if (external.files().empty()) return own;
  for (const auto& [location, content] : external.files()) {
    own += "\n" + location + "\n" + sha256_hex(content);
  }
  return sha256_hex(own);
}

void read_initializers(const onnx::GraphProto& graph, ExternalData& external, OnnxModel& model) {
  std::unordered_set<std::string> read;
  for (const auto& node : graph.node()) read.insert(node.input().begin(), node.input().end());
  for (const auto& tensor : graph.initializer()) {
    if (read.count(tensor.name()) == 0) continue;
    try {
      model.initializers.emplace(tensor.name(), decode_tensor(tensor, &external));
    } catch (const Error& error) {
      throw error.within("initializer " + in_quotes(tensor.name()));
    }
  }
}

}  // namespace

OnnxModel read_onnx_model(std::string_view bytes, const std::filesystem::path& folder,
                          int oldest_opset) {
  onnx::ModelProto proto = parse(bytes);
  const std::map<std::string, int> opsets = opsets_of(proto, oldest_opset);
  require_plain(proto);
  onnx::GraphProto& graph = *proto.mutable_graph();
  require_readable_names(graph);
  name_nodes(graph);
  sort_nodes(graph);

  OnnxModel model;
  model.name = graph.name();
  model.producer = proto.producer_name();
  model.opset = opsets.at("");
  ExternalData external(folder);
  read_initializers(graph, external, model);
  std::set<std::string> initializers;
  for (const auto& tensor : graph.initializer()) initializers.insert(tensor.name());
  for (const auto& input : graph.input()) {
    if (initializers.count(input.name()) == 0) model.inputs.push_back(value_type(input));
  }
  for (const auto& output : graph.output()) model.outputs.push_back(value_type(output));
  for (const auto& node : graph.node()) {
    const auto opset = opsets.find(node.domain() == "ai.onnx" ? "" : node.domain());
    model.nodes.push_back(
        decode_node(node, opset == opsets.end() ? model.opset : opset->second, &external));
  }
  check(proto);
  model.sha256 = digest(bytes, external);
  return model;
}

Constant read_onnx_tensor(std::string_view bytes) {
  onnx::TensorProto tensor;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !tensor.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error("", "this is not an ONNX tensor");
  }
  return decode_tensor(tensor, nullptr);
}

bool is_setting(std::string_view op_type, std::size_t index) {
  if (op_type == "Clip" || op_type == "Dropout") return index == 1 || index == 2;
  return op_type == "Pad" && index == 2;
}

}  // namespace mantissa
