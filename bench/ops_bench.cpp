// Operators that do no matrix product, as training runs them, beside a copy of their input: what a
// pass over memory costs on this machine. On one thread, in GB/s of input (forward) and of input
// and gradient (backward).

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ops/operator.h"
#include "stopwatch.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  std::uint64_t i = 0;
  for (float& value : tensor.values())
    value = static_cast<float>(random_uniform({seed}, i++) + 0.5);
  return tensor;
}

/// One node with all that a training step gives it.
class Step {
 public:
  Step(const std::string& op_type, const Attributes& attributes, std::vector<Shape> shapes) {
    NodeSpec node{"node", op_type, 13, attributes, {}, {"y"}};
    std::vector<InputSpec> specs;
    for (const Shape& shape : shapes) {
      specs.push_back({true, shape, nullptr, !specs.empty()});
      node.inputs.push_back("x");
      inputs_.push_back(random_tensor(shape, specs.size()));
      grads_.emplace_back(shape);
    }
    op_ = make_operator(node, specs);
    output_ = Tensor(op_->output_shapes()[0], 0.0F);
    grad_output_ = random_tensor(op_->output_shapes()[0], 99);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      input_refs_.push_back(&inputs_[i]);
      grad_refs_.push_back(op_->differentiable(i) ? &grads_[i] : nullptr);
    }
    forward();
  }

  void forward() {
    const MutableTensorRefs outputs = {&output_};
    op_->forward({input_refs_, outputs, saved_, {}, ExecutionMode::training, {}});
  }
  void backward() {
    const TensorRefs outputs = {&output_};
    const TensorRefs grad_outputs = {&grad_output_};
    op_->backward({input_refs_, outputs, saved_, grad_outputs, grad_refs_, {}, {}});
  }
  const Tensor& input() const { return inputs_[0]; }

 private:
  std::unique_ptr<Operator> op_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> grads_;
  std::vector<Tensor> saved_;
  Tensor output_;
  Tensor grad_output_;
  TensorRefs input_refs_;
  MutableTensorRefs grad_refs_;
};

void measure(const std::string& name, Step step) {
  Tensor copy(step.input().shape());
  const auto times = bench::shortest_times({
      [&] { std::copy_n(step.input().data(), step.input().size(), copy.data()); },
      [&] { step.forward(); },
      [&] { step.backward(); },
  });
  const double bytes = static_cast<double>(step.input().size()) * sizeof(float);
  std::printf("%-34s %8.2f %8.2f %8.2f %10.2f %10.2f\n", name.c_str(), bytes / times[0] * 1e-9,
              bytes / times[1] * 1e-9, bytes / times[2] * 1e-9, times[1] / times[0],
              times[2] / times[0]);
}

Attributes pooling(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  Attributes attributes;
  attributes.set("kernel_shape", std::vector<std::int64_t>{kernel, kernel});
  attributes.set("strides", std::vector<std::int64_t>{stride, stride});
  attributes.set("pads", std::vector<std::int64_t>{pad, pad, pad, pad});
  return attributes;
}

Step normalization(const Shape& x) {
  const Shape channels{x[1]};
  return {"BatchNormalization", {}, {x, channels, channels, channels, channels}};
}

std::string spatial(const Shape& x) {
  std::string text = x.text();
  return text.substr(1, text.size() - 2);
}

void measure_all() {
  for (const Shape& x : {Shape{64, 16, 32, 32}, Shape{64, 32, 16, 16}, Shape{64, 64, 8, 8},
                         Shape{64, 128, 4, 4}, Shape{64, 512}}) {
    measure("BatchNormalization " + spatial(x), normalization(x));
  }
  for (const Shape& x : {Shape{64, 6, 28, 28}, Shape{64, 16, 10, 10}, Shape{64, 16, 32, 32}}) {
    measure("MaxPool 2x2/2 " + spatial(x), {"MaxPool", pooling(2, 2, 0), {x}});
    measure("AveragePool 2x2/2 " + spatial(x), {"AveragePool", pooling(2, 2, 0), {x}});
  }
  const Shape large{64, 16, 32, 32};
  measure("MaxPool 3x3/2 pad 1 " + spatial(large), {"MaxPool", pooling(3, 2, 1), {large}});
  measure("MaxPool 3x3/1 pad 1 " + spatial(large), {"MaxPool", pooling(3, 1, 1), {large}});
  measure("AveragePool 3x3/1 pad 1 " + spatial(large), {"AveragePool", pooling(3, 1, 1), {large}});
  measure("GlobalAveragePool 64, 64, 8, 8", {"GlobalAveragePool", {}, {Shape{64, 64, 8, 8}}});
  measure("GlobalAveragePool " + spatial(large), {"GlobalAveragePool", {}, {large}});
  measure("ReduceMean " + spatial(large), {"ReduceMean", {}, {large}});
}

}  // namespace
}  // namespace mantissa

int main() {
  std::printf("%-34s %8s %8s %8s %10s %10s\n", "operator", "copy", "forward", "backward",
              "fwd/copy", "bwd/copy");
  mantissa::with_threads(1, [] { mantissa::measure_all(); });
  return 0;
}
