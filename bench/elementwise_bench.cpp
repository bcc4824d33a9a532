// Operators that multiply no matrices, on one thread: the time of forward and backward over that of
// one memcpy of the input. CPU time of the thread, which other programs on the machine disturb
// less. A function that reads one array and writes one costs at least 1, a gradient that reads two
// about 1.5; Add, Mul and Div make two gradients.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "ops/operator.h"
#include "stopwatch.h"
#include "support/random.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

struct Case {
  std::string label;
  std::string op_type;
  Shape second = {};                    ///< of input 1; a scalar for operators of one input
  std::vector<std::int64_t> list = {};  ///< perm, or the pads as input 1
  int axis = 1;
};

Tensor random_values(const Shape& shape, std::uint64_t key) {
  Tensor tensor(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = static_cast<float>(random_normal({key}, i));
  }
  return tensor;
}

/// One operator with all that a forward and a backward pass need.
class Bench {
 public:
  Bench(const Case& test, const Shape& shape) : pads_(IntegerTensor{{}, test.list}) {
    NodeSpec node{"node", test.op_type, 13, {}, {"x"}, {"y"}};
    if (test.op_type == "HardSwish") node.opset = 14;
    node.attributes.set("axis", std::int64_t{test.axis});
    if (test.op_type == "Transpose") node.attributes.set("perm", test.list);
    std::vector<InputSpec> specs = {{true, shape, nullptr, false}};
    values_.push_back(random_values(shape, 1));
    if (test.op_type == "Pad") specs.push_back({true, {8}, &pads_, false});
    if (test.second.rank() > 0) {
      specs.push_back({true, test.second, nullptr, false});
      values_.push_back(random_values(test.second, 2));
    }
    op_ = make_operator(node, specs);
    y_ = Tensor(op_->output_shapes()[0]);
    grad_y_ = random_values(y_.shape(), 3);
    for (const InputSpec& spec : specs) grads_.emplace_back(spec.shape, 0.0F);
    for (std::size_t i = 0; i < specs.size(); ++i) {
      inputs_.push_back(i < values_.size() ? &values_[i] : nullptr);
      grad_refs_.push_back(i < values_.size() ? &grads_[i] : nullptr);
    }
  }

  void forward() {
    op_->forward({inputs_, {&y_}, saved_, numerics_, ExecutionMode::training, RandomKey{7}});
  }
  void backward() {
    op_->backward({inputs_, {&y_}, saved_, {&grad_y_}, grad_refs_, numerics_, RandomKey{7}});
  }

 private:
  Constant pads_;
  std::unique_ptr<Operator> op_;
  std::vector<Tensor> values_;
  std::vector<Tensor> grads_;
  std::vector<Tensor> saved_;
  Tensor y_;
  Tensor grad_y_;
  TensorRefs inputs_;
  MutableTensorRefs grad_refs_;
  NodeNumerics numerics_;
};

void compare(const Shape& shape, const std::vector<Case>& cases) {
  std::printf("\ninput %s, %.2f MB\n%-34s %12s %12s\n", shape.text().c_str(),
              static_cast<double>(shape.elements()) * 4e-6, "time / memcpy", "forward", "backward");
  const Tensor from = random_values(shape, 1);
  Tensor to(shape, 0.0F);
  for (const Case& test : cases) {
    Bench bench(test, shape);
    const std::vector<double> times = bench::shortest_times(
        {[&] { std::memcpy(to.data(), from.data(), from.size() * sizeof(float)); },
         [&] { bench.forward(); }, [&] { bench.backward(); }});
    std::printf("%-34s %12.2f %12.2f\n", test.label.c_str(), times[1] / times[0],
                times[2] / times[0]);
  }
}

}  // namespace
}  // namespace mantissa

int main() {
  using namespace mantissa;
  with_threads(1, [] {
    for (const Shape& shape : {Shape{64, 16, 14, 14}, Shape{64, 32, 32, 32}}) {
      const Shape channel = {1, shape[1], 1, 1};
      const Shape gate = {shape[0], shape[1], 1, 1};
      compare(shape, {{"Relu", "Relu"},
                      {"LeakyRelu", "LeakyRelu"},
                      {"Clip", "Clip"},
                      {"HardSigmoid", "HardSigmoid"},
                      {"HardSwish", "HardSwish"},
                      {"Sigmoid", "Sigmoid"},
                      {"Tanh", "Tanh"},
                      {"Exp", "Exp"},
                      {"Add, same shape", "Add", shape},
                      {"Add, by channel", "Add", channel},
                      {"Mul, same shape", "Mul", shape},
                      {"Mul, by image and channel", "Mul", gate},
                      {"Div, by channel", "Div", channel},
                      {"Softmax, last axis", "Softmax", {}, {}, 3},
                      {"Softmax, channels", "Softmax", {}, {}, 1},
                      {"LogSoftmax, last axis", "LogSoftmax", {}, {}, 3},
                      {"Dropout", "Dropout"},
                      {"Transpose, channels last", "Transpose", {}, {0, 2, 3, 1}},
                      {"Transpose, batch last", "Transpose", {}, {1, 2, 3, 0}},
                      {"Concat, channels", "Concat", shape},
                      {"Pad by 1", "Pad", {}, {0, 0, 1, 1, 0, 0, 1, 1}},
                      {"Flatten", "Flatten"}});
    }
  });
  return 0;
}
