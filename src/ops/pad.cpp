#include <algorithm>
#include <string>

#include "ops/index_map.h"
#include "ops/preparation.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// No image is so wide; larger numbers come from damaged files, and each position has an index in a
/// table.

struct Padding {
  std::vector<std::int64_t> pads;  ///< all axes' begins, then all axes' ends; negative ones crop
  float fill = 0;
};

/// Attributes before opset 11, inputs since.
Padding padding_of(const NodeSpec& node, std::span<const InputSpec> inputs) {
  if (node.opset < 11) {
    require_inputs(inputs, 1, 1);
    return {node.attributes.integers("pads", {}), node.attributes.real("value", 0)};
  }
  require_inputs(inputs, 2, 3);
  return {*constant_integers(inputs, 1, "pads"),
          constant_real(inputs, 2, "constant_value").value_or(0)};
}

/// The input position that a position of the padded axis shows; -1 outside of the input in constant
/// mode.
std::int64_t source_position(std::int64_t position, std::int64_t extent, const std::string& mode) {
  if (position >= 0 && position < extent) return position;
  if (mode == "edge") return position < 0 ? 0 : extent - 1;
  if (mode == "reflect") return position < 0 ? -position : 2 * (extent - 1) - position;
  return -1;
}

std::vector<std::int64_t> axis_map(const Shape& shape, std::size_t axis, const Padding& padding,
                                   const std::string& mode) {
  const std::int64_t extent = shape[axis];
  const std::int64_t begin = padding.pads[axis];
  const std::int64_t end = padding.pads[axis + shape.rank()];
  constexpr std::int64_t kMost = std::int64_t{1} << 24;  // far above any network's
  if (std::max(begin, end) > kMost || std::min(begin, end) < -kMost) {
    throw Error("", "pads " + Shape(padding.pads).text() + " are absurdly large");
  }
  const std::int64_t padded = extent + begin + end;
  // A reflection reaches no further than the far edge, and there is no edge to repeat in an empty
  // axis.
  const bool reflects_too_far = mode == "reflect" && std::max(begin, end) >= extent;
  const bool repeats_nothing = mode == "edge" && extent == 0 && padded > 0;
  if (padded < 0 || (std::max(begin, end) > 0 && (reflects_too_far || repeats_nothing))) {
    throw Error("", "pads " + Shape(padding.pads).text() + " do not fit axis " +
                        std::to_string(axis) + " of " + shape.text() + " in mode '" + mode + "'");
  }
  std::vector<std::int64_t> map;
  for (std::int64_t i = 0; i < padded; ++i) map.push_back(source_position(i - begin, extent, mode));
  return map;
}

std::unique_ptr<Operator> make_pad(const NodeSpec& node, std::span<const InputSpec> inputs) {
  const Padding padding = padding_of(node, inputs);
  const Shape& shape = inputs[0].shape;
  const std::string mode = node.attributes.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    throw Error("", "mode '" + mode + "' is not one of 'constant', 'reflect', 'edge'");
  }
  if (padding.pads.size() != 2 * shape.rank()) {
    throw Error("", std::to_string(padding.pads.size()) + " pads for shape " + shape.text() +
                        ", which needs " + std::to_string(2 * shape.rank()));
  }
  AxisMaps maps;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    maps.push_back(axis_map(shape, axis, padding, mode));
  }
  return make_index_map(inputs, std::move(maps), padding.fill);
}

const Registration<OperatorDefinition> kRegistration({"Pad", 2, 17, make_pad});

}  // namespace
}  // namespace mantissa
