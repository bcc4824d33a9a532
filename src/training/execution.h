#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/assignment.h"
#include "graph/graph.h"
#include "support/random.h"
#include "training/events.h"
#include "training/operand_rounding.h"

namespace mantissa {

/// Measured seconds of one node, summed over the passes in which it was timed.
struct NodeSeconds {
  double forward = 0;
  double backward_data = 0;  ///< of a node that is not a layer: its whole backward pass
  double backward_weight = 0;
};

/// The workspace in which one network of one batch size runs forward and backward under an
/// assignment.
///
/// Holds every activation, every gradient and the rounded operands of the layers; reused from step
/// to step. One Execution serves one caller at a time, and parallelises inside the nodes.
///
/// Where formats act (in this order, for a layer): its activation and weight are rounded,
/// multiplied by mac.forward, the bias is added in binary32, the sum is rounded into `output`.
/// Backward: the arriving gradient is rounded into `error`, multiplied by mac.backward_data and
/// mac.backward_weight; the weight's gradient is rounded into `weight_gradient`. Operands whose
/// blocks or channels have scales are rounded once for each product that reads them, along its
/// axis. Every other node computes in binary32 and its results (and gradients) are rounded into the
/// assignment's `vector` format. Biases and normalisation parameters stay in binary32.
class Execution {
 public:
  /// References must outlive the execution. Throws Error if the assignment has other layers than
  /// the network.
  Execution(const Network& network, const Assignment& assignment);

  /// Runs the network on `input` [batch, ...] and returns its logits: the output, or the input of a
  /// final Softmax or LogSoftmax. `parameters` are the master values in the graph's order. In
  /// training mode everything that `backward` needs is kept. `key` names this pass: (run, step).
  const Tensor& forward(const Tensor& input, std::span<const Tensor> parameters, ExecutionMode mode,
                        RandomKey key);

  /// Gradients of the loss by the parameters, after a forward pass in training mode with the same
  /// key.
  void backward(const Tensor& grad_logits, RandomKey key);

  /// The gradient of parameter `index` after `backward`; nullptr if it is not trained.
  Tensor* gradient(std::size_t index);

  /// True if `backward` yields a gradient for the parameter: some node can differentiate by it.
  bool is_trained(std::size_t parameter_index) const;

  /// Where the numbers of the last passes, done with these parameters, are infinite or NaN first,
  /// for people: `the result of node "conv2"`. Empty if all are finite.
  std::string first_not_finite(std::span<const Tensor> parameters) const;

  /// Writes the new running statistics of the last training pass into `parameters`.
  void apply_state_updates(std::span<Tensor> parameters) const;

  /// If set, node times are added up here ([nodes]) and the two backward products of a layer run
  /// one after the other.
  void measure_times(std::vector<NodeSeconds>* seconds) { seconds_ = seconds; }

  /// If set, numeric events of the passes in training mode are counted there.
  void count_events(EventCounters* events);

  const std::vector<Layer>& network_layers() const { return layers_; }

 private:
  struct LayerOperands {
    Tensor activation;  ///< rounded; empty while the format is binary32
    Tensor weight;
    Tensor error;
    Tensor activation_again;  ///< for the other product, where its blocks run along another axis
    Tensor weight_again;
    Tensor error_again;
    const Tensor* given_activation = nullptr;  ///< before rounding
    const Tensor* given_weight = nullptr;
    ScaleHistory activation_history;
    ScaleHistory weight_history;
    ScaleHistory error_history;
  };

  /// What one of the two backward products of a layer reads.
  struct ProductOperands {
    TensorRefs inputs;
    TensorRefs grad_outputs;
    friend bool operator==(const ProductOperands&, const ProductOperands&) = default;
  };

  void mark_gradients();
  std::string first_gradient_not_finite() const;
  const LayerNumerics* numerics_of(std::size_t node) const;
  TensorRefs gather_inputs(std::size_t node, std::span<const Tensor> parameters) const;
  Role second_role(std::size_t layer) const;
  const Quantization& second_operand(std::size_t layer) const;
  TensorEventCounter* layer_events(std::size_t layer, Role role) const;
  TensorEventCounter* vector_events() const;
  void round_operands(std::size_t node, TensorRefs& inputs, ExecutionMode mode, RandomKey key);
  void round_backward_operands(std::size_t node, bool wants_data, ProductOperands& data,
                               ProductOperands& weights, RandomKey key);
  void forward_node(std::size_t node, std::span<const Tensor> parameters, ExecutionMode mode,
                    RandomKey key);
  void backward_node(std::size_t node, RandomKey key);
  void differentiate(std::size_t node, const ProductOperands& data, const ProductOperands& weights,
                     const TensorRefs& outputs, const MutableTensorRefs& wanted, RandomKey key);
  void collect_gradients(std::size_t node, RandomKey key);

  const Network& network_;
  const Assignment& assignment_;
  std::vector<Layer> layers_;
  std::vector<int> layer_of_node_;  ///< -1: not a layer
  std::size_t node_count_ = 0;      ///< nodes that run; a final softmax does not
  ValueId logits_ = kNoValue;
  std::vector<bool> needs_gradient_;         ///< by value
  std::vector<NodeNumerics> node_numerics_;  ///< by node
  const Tensor* input_ = nullptr;
  std::vector<Tensor> values_;              ///< by value; node outputs only
  std::vector<Tensor> gradients_;           ///< by value
  std::vector<bool> has_gradient_;          ///< by value: something was added in this pass
  std::vector<std::vector<Tensor>> saved_;  ///< by node
  std::vector<LayerOperands> operands_;     ///< by layer
  std::vector<TensorRefs> node_inputs_;     ///< by node: what its forward pass read
  std::vector<std::vector<Tensor>> input_gradients_;  ///< by node, scratch
  std::vector<NodeSeconds>* seconds_ = nullptr;
  EventCounters* events_ = nullptr;
};

}  // namespace mantissa
