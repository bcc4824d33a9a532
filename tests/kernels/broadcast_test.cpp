#include "kernels/broadcast.h"

#include <functional>
#include <vector>

#include <doctest/doctest.h>

#include "support/random.h"

namespace mantissa {
namespace {

Tensor normals(const Shape& shape, std::uint64_t key) {
  Tensor tensor(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    tensor.data()[i] = static_cast<float>(random_normal({key}, i));
  }
  return tensor;
}

/// Offset in an array of shape `small` of the element that is shown at position `flat` of shape
/// `large`.
std::size_t shown_at(const Shape& small, const Shape& large, std::int64_t flat) {
  std::int64_t offset = 0;
  std::int64_t stride = 1;
  for (std::size_t from_end = 1; from_end <= large.rank(); ++from_end) {
    const std::int64_t extent = large[large.rank() - from_end];
    if (from_end <= small.rank()) {
      const std::int64_t own = small[small.rank() - from_end];
      offset += own == 1 ? 0 : flat % extent * stride;
      stride *= own;
    }
    flat /= extent;
  }
  return static_cast<std::size_t>(offset);
}

struct Reduction {
  Shape from;
  Shape to;
};

TEST_CASE(
    "sums over broadcast axes agree with a binary64 loop to half an ulp of the largest term") {
  for (const Reduction& shapes : {Reduction{{3, 4}, {3, 4}},
                                  {{3, 4}, {4}},
                                  {{3, 4}, {3, 1}},
                                  {{3, 4}, {}},
                                  {{2, 3, 4, 5}, {1, 3, 1, 1}},
                                  {{2, 3, 4, 5}, {2, 1, 4, 1}},
                                  {{2, 3, 4, 5}, {3, 1, 5}},
                                  {{2, 3, 4, 5}, {2, 1, 1, 5}},
                                  {{600, 700}, {700}},
                                  {{600, 700}, {600, 1}},
                                  {{1, 1}, {1}},
                                  {{5, 1, 300}, {1, 1, 300}}}) {
    INFO(shapes.from.text() << " to " << shapes.to.text());
    const Tensor values = normals(shapes.from, 1);
    std::vector<double> expected(static_cast<std::size_t>(shapes.to.elements()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      expected[shown_at(shapes.to, shapes.from, static_cast<std::int64_t>(i))] +=
          static_cast<double>(values.data()[i]);
    }
    Tensor result(shapes.to, -1.0F);
    sum_to_shape(values, result);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(static_cast<double>(result.data()[i]) ==
              doctest::Approx(expected[i]).epsilon(1e-6).scale(1e-3));
    }
  }
}

TEST_CASE("a sum over no elements is zero") {
  Tensor result(Shape{2}, 7.0F);
  sum_to_shape(Tensor(Shape{0, 2}), result);
  CHECK(result.data()[0] == 0);
  CHECK(result.data()[1] == 0);
}

TEST_CASE("a plan merges the axes that both arrays step through alike") {
  CHECK(plan_broadcast({2, 3, 4}, {2, 3, 4}, {2, 3, 4}).axes.size() == 1);
  CHECK(plan_broadcast({2, 3, 4}, {}, {2, 3, 4}).axes.size() == 1);
  CHECK(plan_broadcast({2, 3, 4, 5}, {3, 1, 1}, {2, 3, 4, 5}).axes.size() == 3);
  CHECK(plan_broadcast({2, 3, 4, 5}, {4, 5}, {2, 3, 4, 5}).axes.size() == 2);
  const BroadcastPlan scalar = plan_broadcast({}, {1, 1}, {1, 1});
  CHECK(scalar.axes.size() == 1);
  CHECK(scalar.elements == 1);
}

TEST_CASE("a broadcast result may overwrite an operand of its own shape") {
  Tensor a = normals({4, 6}, 2);
  const Tensor original = a.clone();
  const Tensor b = normals({6}, 3);
  apply_broadcast(a, b, a, std::minus<float>());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a.data()[i] == original.data()[i] - b.data()[i % 6]);
  }
}

}  // namespace
}  // namespace mantissa
