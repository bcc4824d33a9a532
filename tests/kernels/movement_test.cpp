#include "kernels/movement.h"

#include <vector>

#include <doctest/doctest.h>

#include "support/random.h"

namespace mantissa {
namespace {

/// Axis maps of up to 4 axes with random entries in [-1, extent), some of them whole axes in order.
AxisMaps random_maps(const Shape& shape, std::uint64_t key) {
  AxisMaps maps;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool whole = random_below({key}, axis, 3) == 0;
    std::vector<std::int64_t> map;
    const std::int64_t length =
        whole ? shape[axis]
              : 1 + random_below({key}, 100 + axis, static_cast<std::uint32_t>(2 * shape[axis]));
    for (std::int64_t i = 0; i < length; ++i) {
      const std::uint64_t word = 1000 * (axis + 1) + static_cast<std::uint64_t>(i);
      map.push_back(whole ? i
                          : std::int64_t{random_below(
                                {key}, word, static_cast<std::uint32_t>(shape[axis] + 1))} -
                                1);
    }
    maps.push_back(map);
  }
  return maps;
}

/// The position in `shape` that element `flat` of the mapped array is read from; -1: from none.
std::int64_t source_of(const Shape& shape, const AxisMaps& maps, std::int64_t flat) {
  std::int64_t offset = 0;
  std::int64_t stride = 1;
  bool absent = false;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    const auto length = static_cast<std::int64_t>(maps[axis].size());
    const std::int64_t from = maps[axis][static_cast<std::size_t>(flat % length)];
    absent = absent || from < 0;
    offset += from * stride;
    stride *= shape[axis];
    flat /= length;
  }
  return absent ? -1 : offset;
}

TEST_CASE("mapped copies and their gradients agree with a loop over elements") {
  for (std::uint64_t key = 0; key < 200; ++key) {
    const Shape shape = key % 2 == 0 ? Shape{3, 2, 5, 4} : Shape{2, 7};
    const AxisMaps maps = random_maps(shape, key);
    std::vector<std::int64_t> extents;
    for (const auto& map : maps) extents.push_back(static_cast<std::int64_t>(map.size()));
    const Shape mapped{std::vector<std::int64_t>(extents)};
    Tensor from(shape);
    for (std::size_t i = 0; i < from.size(); ++i) from.data()[i] = static_cast<float>(i + 1);
    Tensor gathered(mapped, -9.0F);
    gather_mapped(from, maps, 0.5F, gathered);

    Tensor scattered(shape, -9.0F);
    std::vector<float> expected(from.size(), 0.0F);
    scatter_mapped(gathered, maps, scattered);
    for (std::size_t i = 0; i < gathered.size(); ++i) {
      const std::int64_t source = source_of(shape, maps, static_cast<std::int64_t>(i));
      INFO("case " << key << ", element " << i);
      REQUIRE(gathered.data()[i] == (source < 0 ? 0.5F : from.data()[source]));
      if (source >= 0) expected[static_cast<std::size_t>(source)] += gathered.data()[i];
    }
    for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(scattered.data()[i] == expected[i]);
  }
}

TEST_CASE("rows are copied between strides") {
  const std::vector<float> from = {1, 2, 3, 4, 5, 6};
  std::vector<float> to(9, 0.0F);
  copy_rows(from.data(), 2, to.data() + 1, 3, 2, 3);
  CHECK(to == std::vector<float>{0, 1, 2, 0, 3, 4, 0, 5, 6});
}

}  // namespace
}  // namespace mantissa
