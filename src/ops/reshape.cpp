#include <algorithm>
#include <string>

#include "ops/preparation.h"
#include "ops/reshaping.h"
#include "support/error.h"

namespace mantissa {
namespace {

/// Extent 0 copies the input's extent on the same axis (unless allowzero, opset 14), and one -1
/// stands for what is left.
///
/// Input and target are taken as they are here: a target that fixes the batch, such as [1, 256] in
/// a model exported with one sample, does not fit any other batch and is refused. Whoever prepares
/// a model for another batch replaces the first extent of such a target by 0 (if the input's first
/// extent is the batch) or by -1 before this.
Shape target_shape(const Shape& input, std::vector<std::int64_t> extents, bool allow_zero) {
  const std::string problem =
      "cannot reshape " + input.text() + " to " + Shape(extents).text() + ": ";
  std::int64_t known = 1;
  std::vector<std::int64_t>::iterator inferred = extents.end();
  for (auto extent = extents.begin(); extent != extents.end(); ++extent) {
    const auto axis = static_cast<std::size_t>(extent - extents.begin());
    if (*extent == -1) {
      if (inferred != extents.end()) throw Error("", problem + "-1 occurs twice");
      inferred = extent;
      continue;
    }
    if (*extent < 0) throw Error("", problem + "negative extent");
    if (*extent == 0 && !allow_zero) {
      if (axis >= input.rank()) {
        throw Error("",
                    problem + "0 copies axis " + std::to_string(axis) + ", which the input lacks");
      }
      *extent = input[axis];
    }
    if (__builtin_mul_overflow(known, *extent, &known)) {
      throw Error("", problem + "absurdly large");
    }
  }
  if (inferred != extents.end()) {
    if (known == 0 || input.elements() % known != 0) {
      throw Error("", problem + std::to_string(input.elements()) +
                          " elements do not divide into rows of " + std::to_string(known));
    }
    *inferred = input.elements() / known;
  } else if (known != input.elements()) {
    throw Error("", problem + std::to_string(input.elements()) + " elements against " +
                        std::to_string(known));
  }
  return Shape(std::move(extents));
}

std::unique_ptr<Operator> make_reshape(const NodeSpec& node, std::span<const InputSpec> inputs) {
  require_inputs(inputs, 2, 2);
  const bool allow_zero = node.opset >= 14 && node.attributes.integer("allowzero", 0) != 0;
  return make_reshaping(
      inputs, target_shape(inputs[0].shape, *constant_integers(inputs, 1, "shape"), allow_zero));
}

const Registration<OperatorDefinition> kRegistration({"Reshape", 5, 17, make_reshape});

}  // namespace
}  // namespace mantissa
