#include "hostile_models.h"

#include <array>
#include <limits>

#include <onnx/onnx_pb.h>

#include "onnx_text.h"

namespace mantissa {
namespace {

std::int64_t hostile_number(RandomSequence& random) {
  constexpr std::array<std::int64_t, 20> kNumbers = {0,
                                                     1,
                                                     2,
                                                     3,
                                                     -1,
                                                     -2,
                                                     4,
                                                     8,
                                                     255,
                                                     65536,
                                                     std::int64_t{1} << 31,
                                                     (std::int64_t{1} << 31) - 1,
                                                     std::int64_t{1} << 32,
                                                     -(std::int64_t{1} << 31),
                                                     std::int64_t{1} << 40,
                                                     std::int64_t{1} << 62,
                                                     -(std::int64_t{1} << 62),
                                                     1'000'000'007,
                                                     std::numeric_limits<std::int64_t>::max(),
                                                     std::numeric_limits<std::int64_t>::min()};
  return kNumbers.at(random.below(kNumbers.size()));
}

float hostile_real(RandomSequence& random) {
  constexpr std::array<float, 6> kReals = {0.0F,
                                           -1.0F,
                                           1e38F,
                                           -1e-38F,
                                           std::numeric_limits<float>::infinity(),
                                           std::numeric_limits<float>::quiet_NaN()};
  return kReals.at(random.below(kReals.size()));
}

/// One member of a repeated field; nullptr if it is empty.
template <typename Field>
auto* any_of(Field* field, RandomSequence& random) {
  return field->empty() ? nullptr
                        : field->Mutable(static_cast<int>(
                              random.below(static_cast<std::uint32_t>(field->size()))));
}

template <typename Field>
void spoil_integers(Field* field, RandomSequence& random) {
  const std::uint32_t action = random.below(4);
  if (action == 0 || field->empty()) {
    field->Add(hostile_number(random));
  } else if (action == 1) {
    field->RemoveLast();
  } else {
    field->Set(static_cast<int>(random.below(static_cast<std::uint32_t>(field->size()))),
               hostile_number(random));
  }
}

void spoil_tensor(onnx::TensorProto& tensor, RandomSequence& random) {
  switch (random.below(4)) {
    case 0:
      spoil_integers(tensor.mutable_dims(), random);
      break;
    case 1:
      tensor.set_data_type(static_cast<int>(random.below(18)));
      break;
    default:
      if (tensor.int64_data_size() > 0) {
        // Mostly a number in place of another: lengths that differ are refused at once.
        tensor.mutable_int64_data()->Set(
            static_cast<int>(random.below(static_cast<std::uint32_t>(tensor.int64_data_size()))),
            hostile_number(random));
      } else if (tensor.float_data_size() > 0) {
        tensor.mutable_float_data()->Set(
            static_cast<int>(random.below(static_cast<std::uint32_t>(tensor.float_data_size()))),
            hostile_real(random));
      }
  }
}

void spoil_attribute(onnx::AttributeProto& attribute, RandomSequence& random) {
  if (attribute.has_t()) return spoil_tensor(*attribute.mutable_t(), random);
  if (attribute.ints_size() > 0) return spoil_integers(attribute.mutable_ints(), random);
  if (attribute.has_f()) return attribute.set_f(hostile_real(random));
  if (attribute.has_i()) return attribute.set_i(hostile_number(random));
  attribute.set_type(static_cast<onnx::AttributeProto::AttributeType>(random.below(12)));
}

std::string any_name(const onnx::GraphProto& graph, RandomSequence& random) {
  const auto& node =
      graph.node(static_cast<int>(random.below(static_cast<std::uint32_t>(graph.node_size()))));
  return node.output_size() > 0 ? node.output(0) : graph.input(0).name();
}

void spoil_node(onnx::GraphProto& graph, RandomSequence& random) {
  constexpr std::array<const char*, 24> kOperators = {"Add",
                                                      "Relu",
                                                      "Conv",
                                                      "Gemm",
                                                      "MatMul",
                                                      "MaxPool",
                                                      "AveragePool",
                                                      "Concat",
                                                      "Reshape",
                                                      "Flatten",
                                                      "Squeeze",
                                                      "Unsqueeze",
                                                      "Transpose",
                                                      "Slice",
                                                      "GlobalAveragePool",
                                                      "ReduceMean",
                                                      "Shape",
                                                      "Gather",
                                                      "Expand",
                                                      "Range",
                                                      "LogSoftmax",
                                                      "Pad",
                                                      "BatchNormalization",
                                                      "Dropout"};
  onnx::NodeProto& node = *any_of(graph.mutable_node(), random);
  switch (random.below(6)) {
    case 0:
      node.set_op_type(kOperators.at(random.below(kOperators.size())));
      break;
    case 1:
      node.add_input(any_name(graph, random));
      break;
    case 2:
      if (std::string* input = any_of(node.mutable_input(), random))
        *input = any_name(graph, random);
      break;
    case 3:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    default:
      if (onnx::AttributeProto* attribute = any_of(node.mutable_attribute(), random))
        spoil_attribute(*attribute, random);
  }
}

void spoil_input(onnx::GraphProto& graph, RandomSequence& random) {
  auto& shape = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  if (auto* dimension = any_of(shape.mutable_dim(), random))
    dimension->set_dim_value(hostile_number(random));
}

}  // namespace

std::string model_of_many_operators() {
  const ModelEdit weights = [](onnx::ModelProto& model) {
    add_initializer(model, "w1", {2, 1, 3, 3});
    add_initializer(model, "w2", {4, 1, 2, 2});
    for (const char* name : {"s", "b", "m", "v"}) add_initializer(model, name, {2});
    add_initializer(model, "w3", {3, 8});
  };
  return onnx_bytes_of_graph(
      R"(g (float[1, 1, 8, 8] x) => (float[1, 3] y) {
        c1 = Conv <kernel_shape = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1], group = 1> (x, w1)
        n = BatchNormalization <epsilon = 0.001, momentum = 0.9> (c1, s, b, m, v)
        low = Constant <value = float {0.0}> ()
        high = Constant <value = float {6.0}> ()
        r = Clip(n, low, high)
        p = MaxPool <kernel_shape = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], ceil_mode = 0> (r)
        c2 = Conv <kernel_shape = [2, 2], group = 2, auto_pad = "SAME_UPPER"> (p, w2)
        pads = Constant <value = int64[8] {0, 0, 1, 0, 0, 0, 0, 1}> ()
        q = Pad <mode = "constant"> (c2, pads)
        a = AveragePool <kernel_shape = [3, 3], strides = [2, 2], count_include_pad = 1> (q)
        starts = Constant <value = int64[1] {0}> ()
        ends = Constant <value = int64[1] {1}> ()
        axes = Constant <value = int64[1] {2}> ()
        l = Slice(a, starts, ends, axes)
        t = Transpose <perm = [0, 1, 3, 2]> (l)
        f = Flatten <axis = 1> (t)
        k = Gemm <alpha = 0.5, transB = 1> (f, w3)
        y = LogSoftmax <axis = 1> (k)
      })",
      13, weights);
}

std::string hostile_variant(const std::string& bytes, RandomKey key) {
  RandomSequence random(key);
  onnx::ModelProto model;
  model.ParseFromString(bytes);
  onnx::GraphProto& graph = *model.mutable_graph();
  for (std::uint32_t change = 0; change <= random.below(3); ++change) {
    switch (random.below(8)) {
      case 0:
        spoil_input(graph, random);
        break;
      case 1:
        spoil_tensor(*any_of(graph.mutable_initializer(), random), random);
        break;
      default:
        spoil_node(graph, random);
    }
  }
  return model.SerializeAsString();
}

}  // namespace mantissa
