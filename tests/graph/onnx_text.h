#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "graph/graph.h"
#include "support/error_of.h"

namespace onnx {
class ModelProto;
}

namespace mantissa {

using ModelEdit = std::function<void(onnx::ModelProto&)>;

/// A model written in ONNX's text form, as the bytes of a file. `edit` changes what the text form
/// cannot say.
std::string onnx_bytes(const std::string& text, const ModelEdit& edit = {});

/// `graph` is `name (inputs) => (outputs) {nodes}`; the header with the versions is put before it.
std::string onnx_bytes_of_graph(const std::string& graph, int opset = 13,
                                const ModelEdit& edit = {});

/// Imports that model; errors are reported as of `test.onnx`.
Graph import_graph(const std::string& graph, int opset = 13, const ModelEdit& edit = {});

/// Adds an initializer of random numbers in [-1, 1) that depend on the name alone.
void add_initializer(onnx::ModelProto& model, const std::string& name, const Shape& shape);

using test::error_of;

/// Whether `text` contains every one of `parts`; prints the text if not.
bool mentions(std::string_view text, std::initializer_list<std::string_view> parts);

}  // namespace mantissa
