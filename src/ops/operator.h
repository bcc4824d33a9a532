#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/scaled_quantize.h"
#include "kernels/sum_sampler.h"
#include "numeric/mac.h"
#include "ops/attributes.h"
#include "support/registry.h"
#include "tensor/tensor.h"

namespace mantissa {

/// What the model says of a node, as imported.
struct NodeSpec {
  std::string name;     ///< unique in its graph
  std::string op_type;  ///< ONNX's operator name
  int opset = 0;        ///< the model's opset of the operator's domain
  Attributes attributes;
  std::vector<std::string> inputs;  ///< names of values; empty text for an absent optional input
  std::vector<std::string> outputs;
};

/// What is known of one input when an operator is prepared.
struct InputSpec {
  bool present = false;
  Shape shape;
  const Constant* constant =
      nullptr;             ///< its value, if the model fixes it (shapes, pads, clip bounds ...)
  bool parameter = false;  ///< a trainable initializer
};

enum class ExecutionMode : std::uint8_t { inference, training };

/// What is counted of a node that multiplies matrices.
struct NodeEvents {
  TensorEventCounter output;
  SumSampler forward;
  SumSampler backward_data;
  SumSampler backward_weight;
};

/// How a node that multiplies matrices computes; docs/numerics.md has the roles. Its inputs arrive
/// already rounded into their formats.
struct NodeNumerics {
  Mac forward;
  Mac backward_data;
  Mac backward_weight;
  Quantization output;
  NodeEvents* events = nullptr;  ///< null: nothing is counted

  TensorEventCounter* output_events() const {
    return events == nullptr ? nullptr : &events->output;
  }
  /// Of one product: `sampler(&NodeEvents::forward)`.
  SumSampler* sampler(SumSampler NodeEvents::*product) const {
    return events == nullptr ? nullptr : &(events->*product);
  }
};

using TensorRefs = std::vector<const Tensor*>;  ///< nullptr: absent, or not wanted
using MutableTensorRefs = std::vector<Tensor*>;

struct ForwardArguments {
  const TensorRefs& inputs;
  const MutableTensorRefs&
      outputs;  ///< allocated with output_shapes(); elements undefined; nullptr: not wanted
  std::vector<Tensor>&
      saved;  ///< what backward needs besides inputs and outputs; sized and filled by forward
  const NodeNumerics& numerics;
  ExecutionMode mode = ExecutionMode::inference;
  RandomKey key;  ///< of this node in this step
};

struct BackwardArguments {
  const TensorRefs& inputs;
  const TensorRefs& outputs;
  const std::vector<Tensor>& saved;
  const TensorRefs& grad_outputs;        ///< nullptr: zero (nobody used that output)
  const MutableTensorRefs& grad_inputs;  ///< allocated; *overwritten*; nullptr: not wanted
  const NodeNumerics& numerics;
  RandomKey key;  ///< the same as forward's: a random mask can be made again instead of saved
};

/// A matrix product C[m, n] = A[m, k] B[k, n], done `count` times (groups, batched MatMul).
struct ProductShape {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t count = 1;
  std::int64_t macs() const { return m * n * k * count; }
};

/// How the products of a node that multiplies matrices read their operands. The backward products
/// read the activation (backward-weight), the weight (backward-data) and the error
/// (backward-weight) along the axes `swapped`.
struct ProductAxes {
  OperandAxes activation = {1, 0};  ///< forward: sums over input channels, keeps images
  OperandAxes weight = {1, 0};      ///< forward: sums over input channels, keeps output channels
  OperandAxes error = {1, 0};       ///< backward-data: sums over output channels, keeps images
};

/// Hardware-neutral counts of one node's work on one batch: what a cost model prices. Element
/// counts are distinct elements; im2col copies are the hardware model's affair.
struct OperatorWork {
  std::optional<ProductShape>
      forward;  ///< M = pixels of the batch (or rows), N = output channels, K = reduction
  std::optional<ProductShape> backward_data;
  std::optional<ProductShape> backward_weight;
  std::int64_t input_elements = 0;   ///< activations read
  std::int64_t weight_elements = 0;  ///< parameters read, biases included
  std::int64_t output_elements = 0;
  std::int64_t elementwise_forward = 0;  ///< adds, multiplies, compares outside of the products
  std::int64_t elementwise_backward = 0;
  std::int64_t special_forward = 0;  ///< exponentials, logarithms, divisions, roots
  std::int64_t special_backward = 0;
};

/// A state that training updates beside the gradients: after a forward pass in training mode,
/// saved[`saved`] is the new value of input `input` (running mean and variance).
struct StateUpdate {
  std::size_t saved = 0;
  std::size_t input = 0;
};

/// One node, prepared for concrete shapes. Immutable: one instance may run on several threads at
/// once.
class Operator {
 public:
  virtual ~Operator() = default;

  const std::vector<Shape>& output_shapes() const { return output_shapes_; }

  virtual void forward(const ForwardArguments& arguments) const = 0;

  /// Gradients of a scalar by the inputs. An operator without one (default) throws Error naming its
  /// type.
  virtual void backward(const BackwardArguments& arguments) const;

  virtual OperatorWork work() const = 0;

  /// True for Conv, Gemm, MatMul: the nodes whose operands have roles of their own. Input 0 is the
  /// activation; input 1 is the weight if it is a parameter.
  virtual bool multiplies_matrices() const { return false; }

  /// Of such a node; by default those of a convolution.
  virtual ProductAxes product_axes() const { return {}; }

  /// Whether input `index` may receive a gradient.
  virtual bool differentiable(std::size_t index) const { return index == 0; }

  virtual std::vector<StateUpdate> state_updates() const { return {}; }

 protected:
  std::vector<Shape> output_shapes_;  ///< set by the constructor, one for each output of the node

 private:
  friend std::unique_ptr<Operator> make_operator(const NodeSpec& node,
                                                 std::span<const InputSpec> inputs);
  std::string description_;  ///< node, type and opset, for errors
};

/// One ONNX operator: all that the project knows of it, in one source file that ends in a
/// `const Registration<OperatorDefinition>`.
struct OperatorDefinition {
  std::string_view name;  ///< ONNX op_type
  int oldest_opset = 1;   ///< models from here ...
  int newest_opset = 17;  ///< ... to here are understood
  /// Checks attributes, shapes and constants, and infers the output shapes. Throws Error with empty
  /// `where`; the caller adds the node's name, type and opset.
  std::unique_ptr<Operator> (*make)(const NodeSpec& node,
                                    std::span<const InputSpec> inputs) = nullptr;
};

/// Finds the definition and prepares the node. Throws Error naming node, operator and opset.
std::unique_ptr<Operator> make_operator(const NodeSpec& node, std::span<const InputSpec> inputs);

}  // namespace mantissa
