#include "kernels/matmul.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ops/preparation.h"
#include "support/error.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// Products that are worth a task of their own.
constexpr std::int64_t kTaskProducts = 65536;

/// How the products of one MatMul are laid out.
struct ProductLayout {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::vector<std::int64_t> a_items;  ///< for each product, which matrix of a, ...
  std::vector<std::int64_t> b_items;  ///< ... and of b

  std::int64_t count() const { return static_cast<std::int64_t>(a_items.size()); }
};

/// y [..., m, n] = a [..., m, k] b [..., k, n] with NumPy's broadcasting of the leading axes.
///
/// With one matrix b (a weight) the leading axes of a are rows: one product. The gradient of an
/// operand that several products share is one chain: k runs over the products in order, and over
/// the rows or columns within.
class MatMul final : public Operator {
 public:
  MatMul(ProductLayout layout, Shape output, ProductAxes axes)
      : layout_(std::move(layout)), axes_(axes) {
    output_shapes_ = {std::move(output)};
  }

  void forward(const ForwardArguments& arguments) const override {
    const float* a = arguments.inputs[0]->data();
    const float* b = arguments.inputs[1]->data();
    float* y = arguments.outputs[0]->data();
    Epilogue epilogue;
    epilogue.output = arguments.numerics.output;
    epilogue.output_key = arguments.key.child("output");
    epilogue.events = arguments.numerics.output_events();
    const Mac& mac = arguments.numerics.forward;
    const RandomKey key = arguments.key.child("forward");
    const FollowedPass followed(arguments.numerics.sampler(&NodeEvents::forward),
                                layout_.count() * layout_.m * layout_.n);
    for_each_item(layout_.count(), [&](std::int64_t item) {
      const std::int64_t at = item * layout_.m * layout_.n;
      const MatrixView left = a_view(a, item);
      const MatrixView right = b_view(b, item);
      matmul(left, right, y + at, layout_.n, mac, key, epilogue, static_cast<std::uint64_t>(at));
      followed.follow(left, right, mac, key, at);
    });
  }

  void backward(const BackwardArguments& arguments) const override {
    const float* grad_y = arguments.grad_outputs[0]->data();
    if (Tensor* grad_a = arguments.grad_inputs[0]) {
      const auto users = users_of(layout_.a_items);
      backward_a(grad_y, arguments.inputs[1]->data(), users, arguments, grad_a->data());
    }
    if (Tensor* grad_b = arguments.grad_inputs[1]) {
      const auto users = users_of(layout_.b_items);
      backward_b(grad_y, arguments.inputs[0]->data(), users, arguments, grad_b->data());
    }
  }

  OperatorWork work() const override {
    const std::int64_t count = layout_.count();
    OperatorWork work;
    work.forward = {layout_.m, layout_.n, layout_.k, count};
    work.backward_data = {layout_.m, layout_.k, layout_.n, count};
    work.backward_weight = {layout_.k, layout_.n, layout_.m, count};
    work.input_elements = matrices(layout_.a_items) * layout_.m * layout_.k;
    work.weight_elements = matrices(layout_.b_items) * layout_.k * layout_.n;
    work.output_elements = count * layout_.m * layout_.n;
    return work;
  }

  bool multiplies_matrices() const override { return true; }
  ProductAxes product_axes() const override { return axes_; }
  bool differentiable(std::size_t index) const override { return index <= 1; }

 private:
  using Users = std::vector<std::vector<std::int64_t>>;

  MatrixView a_view(const float* a, std::int64_t product) const {
    const std::int64_t item = layout_.a_items[static_cast<std::size_t>(product)];
    return {a + item * layout_.m * layout_.k, layout_.m, layout_.k, layout_.k, 1};
  }
  MatrixView b_view(const float* b, std::int64_t product) const {
    const std::int64_t item = layout_.b_items[static_cast<std::size_t>(product)];
    return {b + item * layout_.k * layout_.n, layout_.k, layout_.n, layout_.n, 1};
  }
  MatrixView y_view(const float* y, std::int64_t product) const {
    return {y + product * layout_.m * layout_.n, layout_.m, layout_.n, layout_.n, 1};
  }

  static std::int64_t matrices(const std::vector<std::int64_t>& items) {
    return *std::max_element(items.begin(), items.end()) + 1;
  }

  /// For each matrix of an operand, the products that read it, ascending.
  static Users users_of(const std::vector<std::int64_t>& items) {
    Users users(static_cast<std::size_t>(matrices(items)));
    for (std::size_t product = 0; product < items.size(); ++product) {
      users[static_cast<std::size_t>(items[product])].push_back(static_cast<std::int64_t>(product));
    }
    return users;
  }

  template <typename Body>
  void for_each_item(std::int64_t count, const Body& body) const {
    const std::int64_t each = std::max<std::int64_t>(1, layout_.m * layout_.n * layout_.k);
    parallel_for(count, std::max<std::int64_t>(1, kTaskProducts / each),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t item = begin; item < end; ++item) body(item);
                 });
  }

  /// grad_a = grad_y b^T = [grad_y_1 grad_y_2 ...] [b_1 b_2 ...]^T over the products that share it.
  void backward_a(const float* grad_y, const float* b, const Users& users,
                  const BackwardArguments& arguments, float* grad_a) const {
    const RandomKey key = arguments.key.child("backward_data");
    const Mac& mac = arguments.numerics.backward_data;
    const FollowedPass followed(arguments.numerics.sampler(&NodeEvents::backward_data),
                                matrices(layout_.a_items) * layout_.m * layout_.k);
    for_each_item(static_cast<std::int64_t>(users.size()), [&](std::int64_t item) {
      const std::vector<std::int64_t>& products = users[static_cast<std::size_t>(item)];
      const std::int64_t at = item * layout_.m * layout_.k;
      MatrixView gradient = y_view(grad_y, products[0]);
      MatrixView factor = b_view(b, products[0]);
      Tensor gradients;
      Tensor factors;
      if (products.size() > 1) {
        gradients = side_by_side(layout_.m, layout_.n, products,
                                 [&](std::int64_t product) { return y_view(grad_y, product); });
        factors = side_by_side(layout_.k, layout_.n, products,
                               [&](std::int64_t product) { return b_view(b, product); });
        const std::int64_t columns = gradients.shape()[1];
        gradient = {gradients.data(), layout_.m, columns, columns, 1};
        factor = {factors.data(), layout_.k, columns, columns, 1};
      }
      matmul(gradient, factor.transposed(), grad_a + at, layout_.k, mac, key, {},
             static_cast<std::uint64_t>(at));
      followed.follow(gradient, factor.transposed(), mac, key, at);
    });
  }

  /// grad_b = a^T grad_y, likewise.
  void backward_b(const float* grad_y, const float* a, const Users& users,
                  const BackwardArguments& arguments, float* grad_b) const {
    const RandomKey key = arguments.key.child("backward_weight");
    const Mac& mac = arguments.numerics.backward_weight;
    const FollowedPass followed(arguments.numerics.sampler(&NodeEvents::backward_weight),
                                matrices(layout_.b_items) * layout_.k * layout_.n);
    for_each_item(static_cast<std::int64_t>(users.size()), [&](std::int64_t item) {
      const std::vector<std::int64_t>& products = users[static_cast<std::size_t>(item)];
      const std::int64_t at = item * layout_.k * layout_.n;
      MatrixView factor = a_view(a, products[0]).transposed();
      MatrixView gradient = y_view(grad_y, products[0]);
      Tensor gradients;
      Tensor factors;
      if (products.size() > 1) {
        factors = side_by_side(layout_.k, layout_.m, products, [&](std::int64_t product) {
          return a_view(a, product).transposed();
        });
        gradients = side_by_side(layout_.n, layout_.m, products, [&](std::int64_t product) {
          return y_view(grad_y, product).transposed();
        });
        const std::int64_t columns = factors.shape()[1];
        factor = {factors.data(), layout_.k, columns, columns, 1};
        gradient = MatrixView{gradients.data(), layout_.n, columns, columns, 1}.transposed();
      }
      matmul(factor, gradient, grad_b + at, layout_.n, mac, key, {},
             static_cast<std::uint64_t>(at));
      followed.follow(factor, gradient, mac, key, at);
    });
  }

  /// The matrices `view(product)`, each [rows, columns], as one [rows, columns * products].
  template <typename View>
  static Tensor side_by_side(std::int64_t rows, std::int64_t columns,
                             const std::vector<std::int64_t>& products, const View& view) {
    const std::int64_t width = columns * static_cast<std::int64_t>(products.size());
    Tensor all(Shape{rows, width});
    float* to = all.data();
    for (std::int64_t row = 0; row < rows; ++row) {
      for (const std::int64_t product : products) {
        const MatrixView from = view(product);
        for (std::int64_t column = 0; column < columns; ++column) {
          *to++ = from.data[row * from.row_stride + column * from.column_stride];
        }
      }
    }
    return all;
  }

  ProductLayout layout_;
  ProductAxes axes_;
};

/// Each product has a number in two tables.
constexpr std::int64_t kMaxProducts = std::int64_t{1} << 24;

/// For each index of `batch` (row-major), which matrix of an operand with leading axes `own` it
/// reads.
std::vector<std::int64_t> broadcast_items(const Shape& batch, const Shape& own) {
  std::vector<std::int64_t> items(static_cast<std::size_t>(batch.elements()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    std::int64_t item = 0;
    std::int64_t stride = 1;
    for (std::size_t from_end = 1; from_end <= own.rank(); ++from_end) {
      const std::int64_t extent = own[own.rank() - from_end];
      const std::int64_t all = batch[batch.rank() - from_end];
      if (extent != 1) item += rest % all * stride;
      stride *= extent;
      rest /= all;
    }
    items[i] = item;
  }
  return items;
}

Shape leading_axes(const Shape& shape) {
  return Shape(std::vector<std::int64_t>(shape.extents().begin(), shape.extents().end() - 2));
}

/// A vector as the matrix that MatMul takes it for.
Shape as_matrix(const Shape& shape, bool row) {
  if (shape.rank() != 1) return shape;
  return row ? Shape{1, shape[0]} : Shape{shape[0], 1};
}

Shape product_shape(const Shape& batch, const Shape& given_a, const Shape& given_b, std::int64_t m,
                    std::int64_t n) {
  std::vector<std::int64_t> extents = batch.extents();
  if (given_a.rank() > 1) extents.push_back(m);
  if (given_b.rank() > 1) extents.push_back(n);
  return Shape(std::move(extents));
}

/// A vector has no axis that is kept: it is that behind the last.
ProductAxes axes_of(const Shape& a, const Shape& b, const Shape& output) {
  const bool has_columns = b.rank() > 1;
  const std::size_t last = output.rank() - (has_columns ? 1 : 0);
  return {.activation = a.rank() > 1 ? OperandAxes{a.rank() - 1, a.rank() - 2} : OperandAxes{0, 1},
          .weight = has_columns ? OperandAxes{b.rank() - 2, b.rank() - 1} : OperandAxes{0, 1},
          .error = {last, a.rank() > 1 ? last - 1 : output.rank()}};
}

std::unique_ptr<Operator> make_matmul(const NodeSpec& /*node*/, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 2, 2);
  const Shape& given_a = inputs[0].shape;
  const Shape& given_b = inputs[1].shape;
  const std::string shapes = "inputs A " + given_a.text() + " and B " + given_b.text();
  if (given_a.rank() == 0 || given_b.rank() == 0) {
    throw Error("", shapes + " do not multiply: a scalar is no matrix");
  }
  if (given_a.elements() < 1 || given_b.elements() < 1) {
    throw Error("", shapes + " hold no elements");
  }
  const Shape a = as_matrix(given_a, true);
  const Shape b = as_matrix(given_b, false);
  ProductLayout layout;
  layout.m = a[a.rank() - 2];
  layout.k = a[a.rank() - 1];
  layout.n = b[b.rank() - 1];
  if (b[b.rank() - 2] != layout.k) {
    throw Error("", shapes + " do not multiply: rows of " + std::to_string(layout.k) +
                        " elements meet columns of " + std::to_string(b[b.rank() - 2]));
  }
  const Shape batch_a = leading_axes(a);
  const Shape batch_b = leading_axes(b);
  const Shape batch = broadcast_shape(batch_a, batch_b);
  Shape output = product_shape(batch, given_a, given_b, layout.m, layout.n);
  if (batch_b.elements() == 1) {
    layout.m *= batch.elements();
    layout.a_items = {0};
    layout.b_items = {0};
  } else if (batch.elements() > kMaxProducts) {
    throw Error("", shapes + " make " + std::to_string(batch.elements()) + " products",
                "at most " + std::to_string(kMaxProducts) + " are supported");
  } else {
    layout.a_items = broadcast_items(batch, batch_a);
    layout.b_items = broadcast_items(batch, batch_b);
  }
  const ProductAxes axes = axes_of(given_a, given_b, output);
  return std::make_unique<MatMul>(std::move(layout), std::move(output), axes);
}

const Registration<OperatorDefinition> kRegistration({"MatMul", 1, 17, make_matmul});

}  // namespace
}  // namespace mantissa
