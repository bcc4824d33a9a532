#include <algorithm>
#include <string>
#include <vector>

#include "kernels/matmul.h"
#include "kernels/reduction.h"
#include "ops/preparation.h"
#include "support/error.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kGrain = 4096;  ///< elements of a task

/// How c lies over the rows and columns of y.
enum class BiasKind : std::uint8_t { none, scalar, column, row, matrix };

/// y [m, n] = alpha * a' b' + beta * c, where a' is a [m, k] or a transposed, b' likewise [k, n].
///
/// The sum of products is a chain of the mac; then, each rounded to binary32, it is multiplied by
/// alpha (unless 1), and beta * c (unless beta is 1, then c) is added; then comes the output
/// format. Gradients are chains over the gradient of y, multiplied by alpha afterwards.
class Gemm final : public Operator {
 public:
  struct Options {
    std::int64_t m = 0;
    std::int64_t n = 0;
    std::int64_t k = 0;
    bool transpose_a = false;
    bool transpose_b = false;
    float alpha = 1;
    float beta = 1;
    BiasKind bias = BiasKind::none;
  };

  explicit Gemm(const Options& options) : o_(options) { output_shapes_ = {Shape{o_.m, o_.n}}; }

  void forward(const ForwardArguments& arguments) const override {
    const MatrixView a = view_a(arguments.inputs[0]->data());
    const MatrixView b = view_b(arguments.inputs[1]->data());
    float* y = arguments.outputs[0]->data();
    const Mac& mac = arguments.numerics.forward;
    const RandomKey key = arguments.key.child("forward");
    follow_matmul(a, b, mac, key, arguments.numerics.sampler(&NodeEvents::forward));
    const std::vector<float> bias = scaled_bias(arguments);
    Epilogue epilogue;
    if (o_.alpha == 1.0F && o_.bias != BiasKind::matrix) {
      if (!bias.empty())
        (o_.bias == BiasKind::row ? epilogue.row_bias : epilogue.column_bias) = bias.data();
      epilogue.output = arguments.numerics.output;
      epilogue.output_key = arguments.key.child("output");
      epilogue.events = arguments.numerics.output_events();
      matmul(a, b, y, o_.n, mac, key, epilogue);
      return;
    }
    matmul(a, b, y, o_.n, mac, key);
    finish(y, bias, arguments);
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    const MatrixView gradient{grad_y, o_.m, o_.n, o_.n, 1};
    const MutableTensorRefs& grads = arguments.grad_inputs;
    if (grads[0] != nullptr) {  // grad a' = alpha * grad_y b'^T
      const MatrixView b = view_b(arguments.inputs[1]->data());
      product(gradient, b.transposed(), o_.transpose_a, arguments.numerics.backward_data,
              arguments.key.child("backward_data"),
              arguments.numerics.sampler(&NodeEvents::backward_data), *grads[0]);
    }
    if (grads[1] != nullptr) {  // grad b' = alpha * a'^T grad_y
      const MatrixView a = view_a(arguments.inputs[0]->data());
      product(a.transposed(), gradient, o_.transpose_b, arguments.numerics.backward_weight,
              arguments.key.child("backward_weight"),
              arguments.numerics.sampler(&NodeEvents::backward_weight), *grads[1]);
    }
    if (o_.bias != BiasKind::none && grads[2] != nullptr) bias_gradient(grad_y, grads[2]->data());
  }

  OperatorWork work() const override {
    OperatorWork work;
    const std::int64_t outputs = o_.m * o_.n;
    const std::int64_t scaled = o_.alpha == 1.0F ? 0 : 1;
    const std::int64_t biased = o_.bias == BiasKind::none ? 0 : 1;
    work.forward = {o_.m, o_.n, o_.k, 1};
    work.backward_data = {o_.m, o_.k, o_.n, 1};
    work.backward_weight = {o_.k, o_.n, o_.m, 1};
    work.input_elements = o_.m * o_.k;
    work.weight_elements = o_.k * o_.n + bias_elements();
    work.output_elements = outputs;
    work.elementwise_forward = outputs * (scaled + biased);
    work.elementwise_backward = outputs * biased + scaled * (o_.m * o_.k + o_.k * o_.n);
    return work;
  }

  bool multiplies_matrices() const override { return true; }
  ProductAxes product_axes() const override {
    const OperandAxes rows = {1, 0};
    const OperandAxes columns = {0, 1};
    return {.activation = o_.transpose_a ? columns : rows,
            .weight = o_.transpose_b ? rows : columns,
            .error = rows};
  }
  bool differentiable(std::size_t index) const override { return index <= 2; }

 private:
  MatrixView view_a(const float* a) const {
    return o_.transpose_a ? MatrixView{a, o_.m, o_.k, 1, o_.m} : MatrixView{a, o_.m, o_.k, o_.k, 1};
  }
  MatrixView view_b(const float* b) const {
    return o_.transpose_b ? MatrixView{b, o_.k, o_.n, 1, o_.k} : MatrixView{b, o_.k, o_.n, o_.n, 1};
  }

  std::int64_t bias_elements() const {
    switch (o_.bias) {
      case BiasKind::none:
        return 0;
      case BiasKind::scalar:
        return 1;
      case BiasKind::column:
        return o_.n;
      case BiasKind::row:
        return o_.m;
      case BiasKind::matrix:
        return o_.m * o_.n;
    }
    return 0;
  }

  /// left * right * alpha, stored transposed if the operand was.
  void product(const MatrixView& left, const MatrixView& right, bool transposed, const Mac& mac,
               RandomKey key, SumSampler* sampler, Tensor& gradient) const {
    const MatrixView a = transposed ? right.transposed() : left;
    const MatrixView b = transposed ? left.transposed() : right;
    matmul(a, b, gradient.data(), b.columns, mac, key);
    follow_matmul(a, b, mac, key, sampler);
    if (o_.alpha == 1.0F) return;
    for (float& value : gradient.values()) value *= o_.alpha;
  }

  /// beta * c, with a value for each column (also for a scalar c), row or element.
  std::vector<float> scaled_bias(const ForwardArguments& arguments) const {
    if (o_.bias == BiasKind::none) return {};
    const float* c = arguments.inputs[2]->data();
    std::vector<float> bias(c, c + bias_elements());
    for (float& value : bias) value *= o_.beta;
    if (o_.bias != BiasKind::scalar) return bias;
    return std::vector<float>(static_cast<std::size_t>(o_.n), bias[0]);
  }

  float bias_at(const std::vector<float>& bias, std::int64_t i, std::int64_t j) const {
    const std::int64_t at = o_.bias == BiasKind::row      ? i
                            : o_.bias == BiasKind::matrix ? i * o_.n + j
                                                          : j;
    return bias[static_cast<std::size_t>(at)];
  }

  /// What the product's epilogue cannot do: alpha, and a bias with an element for each of y.
  void finish(float* y, const std::vector<float>& bias, const ForwardArguments& arguments) const {
    const Quantization& output = arguments.numerics.output;
    const RandomKey key = arguments.key.child("output");
    const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, o_.n));
    parallel_for(o_.m, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        float* row = y + i * o_.n;
        for (std::int64_t j = 0; j < o_.n; ++j) row[j] *= o_.alpha;
        if (bias.empty()) continue;
        for (std::int64_t j = 0; j < o_.n; ++j) row[j] += bias_at(bias, i, j);
      }
      if (output.is_identity()) return;
      round_values({y + begin * o_.n, static_cast<std::size_t>((end - begin) * o_.n)}, output, key,
                   static_cast<std::uint64_t>(begin * o_.n), arguments.numerics.output_events());
    });
  }

  /// beta times the sum of grad_y over the axes that c was repeated along.
  void bias_gradient(const float* grad_y, float* grad_c) const {
    std::vector<double> sums(static_cast<std::size_t>(bias_elements()));
    switch (o_.bias) {
      case BiasKind::none:
        return;
      case BiasKind::scalar:
        axis_sums(grad_y, 1, o_.m * o_.n, 1, sums.data());
        break;
      case BiasKind::column:
        axis_sums(grad_y, 1, o_.m, o_.n, sums.data());
        break;
      case BiasKind::row:
        axis_sums(grad_y, o_.m, o_.n, 1, sums.data());
        break;
      case BiasKind::matrix:
        std::copy_n(grad_y, o_.m * o_.n, sums.begin());
        break;
    }
    const auto beta = static_cast<double>(o_.beta);
    std::transform(sums.begin(), sums.end(), grad_c,
                   [beta](double sum) { return static_cast<float>(beta * sum); });
  }

  Options o_;
};

BiasKind bias_kind(const Shape& c, std::int64_t m, std::int64_t n) {
  const std::int64_t columns = c.rank() >= 1 ? c[c.rank() - 1] : 1;
  const std::int64_t rows = c.rank() == 2 ? c[0] : 1;
  if (c.rank() > 2 || (rows != 1 && rows != m) || (columns != 1 && columns != n)) {
    throw Error("", "input C has shape " + c.text(),
                "it must broadcast to the product's " + Shape{m, n}.text());
  }
  if (rows == 1 && columns == 1) return BiasKind::scalar;
  if (rows == 1) return BiasKind::column;
  return columns == 1 ? BiasKind::row : BiasKind::matrix;
}

std::unique_ptr<Operator> make_gemm(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 2, 3);
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  if (a.rank() != 2 || b.rank() != 2) {
    throw Error("", "inputs A and B have shapes " + a.text() + " and " + b.text(),
                "both must be matrices");
  }
  Gemm::Options options;
  options.transpose_a = node.attributes.integer("transA", 0) != 0;
  options.transpose_b = node.attributes.integer("transB", 0) != 0;
  options.alpha = node.attributes.real("alpha", 1.0F);
  options.beta = node.attributes.real("beta", 1.0F);
  options.m = a[options.transpose_a ? 1 : 0];
  options.k = a[options.transpose_a ? 0 : 1];
  options.n = b[options.transpose_b ? 0 : 1];
  const std::int64_t inner = b[options.transpose_b ? 1 : 0];
  if (options.k != inner) {
    const std::string transposes = std::string(options.transpose_a ? ", A transposed" : "") +
                                   (options.transpose_b ? ", B transposed" : "");
    throw Error("", "inputs A " + a.text() + " and B " + b.text() + transposes +
                        " do not multiply: rows of " + std::to_string(options.k) +
                        " elements meet columns of " + std::to_string(inner));
  }
  if (options.m < 1 || options.n < 1 || options.k < 1) {
    throw Error("", "inputs A " + a.text() + " and B " + b.text() + " hold no elements");
  }
  if (inputs.size() > 2 && inputs[2].present) {
    options.bias = bias_kind(inputs[2].shape, options.m, options.n);
  }
  return std::make_unique<Gemm>(options);
}

const Registration<OperatorDefinition> kRegistration({"Gemm", 7, 17, make_gemm});

}  // namespace
}  // namespace mantissa
