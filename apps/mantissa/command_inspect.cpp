#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "graph/graph.h"
#include "support/text.h"

namespace mantissa {
namespace {

struct InspectArguments {
  std::string model;
  std::int64_t batch = 1;
  bool all = false;
};

std::int64_t parameters_of(const Network& network, const NetworkNode& node) {
  std::int64_t count = 0;
  for (const ValueId value : node.inputs) {
    if (network.is_parameter(value))
      count += network.value_shapes[static_cast<std::size_t>(value)].elements();
  }
  return count;
}

std::string output_shape(const Network& network, const NetworkNode& node) {
  return network.value_shapes[static_cast<std::size_t>(node.outputs.front())].text();
}

void print_nodes(const Network& network, bool all) {
  std::size_t width = 4;
  for (const NetworkNode& node : network.nodes) width = std::max(width, node.name.size());
  fmt::print("{:<{}}  {:<18}  {:<22}  {:>12}  {:>14}\n", "name", width, "operator", "output",
             "parameters", "MACs");
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  for (const NetworkNode& node : network.nodes) {
    const auto product = node.op->work().forward;
    const std::int64_t node_macs = product ? product->macs() : 0;
    const std::int64_t node_parameters = parameters_of(network, node);
    macs += node_macs;
    parameters += node_parameters;
    if (!all && !node.op->multiplies_matrices()) continue;
    fmt::print("{:<{}}  {:<18}  {:<22}  {:>12}  {:>14}\n", node.name, width, node.op_type,
               output_shape(network, node), node_parameters, node_macs);
  }
  fmt::print("{:<{}}  {:<18}  {:<22}  {:>12}  {:>14}\n", "total", width, "", "", parameters, macs);
}

ExitCode inspect_command(const InspectArguments& arguments) {
  const Graph graph = load_onnx(arguments.model);
  const Network network = prepare(graph, arguments.batch);
  fmt::print("{} (opset {}{}{})\n", arguments.model, graph.opset,
             graph.producer.empty() ? "" : ", made by ", graph.producer);
  fmt::print("sha256 {}\n", graph.sha256);
  fmt::print("input  {} {}\noutput {} {}\n", graph.input_name, network.value_shapes[0].text(),
             graph.output_name,
             network.value_shapes[static_cast<std::size_t>(network.output)].text());
  fmt::print(
      "{} nodes, {} of them layers (nodes that multiply matrices, and so have formats of their "
      "own)\n\n",
      network.nodes.size(), layers(network).size());
  print_nodes(network, arguments.all);
  return ExitCode::success;
}

}  // namespace

void add_inspect_command(CLI::App& app, const CommonOptions& /*common*/, Action& action) {
  auto* command = app.add_subcommand(
      "inspect", "Show what an ONNX model holds: layers, shapes, parameters, MACs");
  auto arguments = std::make_shared<InspectArguments>();
  command->add_option("model", arguments->model, "ONNX file")->required();
  command->add_option("--batch", arguments->batch, "samples that shapes and MACs are given for")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--all", arguments->all, "every node, not only the layers");
  command->footer("example: mantissa inspect models/lenet5.onnx --all");
  command->callback(
      [&action, arguments] { action = [arguments] { return inspect_command(*arguments); }; });
}

}  // namespace mantissa
