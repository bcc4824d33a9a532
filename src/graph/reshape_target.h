#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tensor/shape.h"

namespace mantissa {

/// Something followed for two batch sizes side by side.
template <typename Item>
using PerBatch = std::array<Item, 2>;

/// Where a Reshape stands whose target may depend on the batch.
struct ReshapeSituation {
  const PerBatch<Shape>& input;  ///< shape of what is reshaped
  const PerBatch<std::int64_t>&
      batches;                  ///< the two sizes; the first is the exported one if there is one
  bool exported_fixed = false;  ///< the model was exported for one batch size, batches[0]
  bool zero_copies = true;      ///< extent 0 copies the input's (ONNX: allowzero = 0)
};

/// One target, with -1 or 0 in the place that follows the batch, that does in every batch what
/// `targets` do in two.
///
/// Two exports are understood: targets computed from `Shape` (they differ between the batch sizes),
/// and targets with the exported batch as a literal first extent. A target that already serves
/// every batch is returned as it is. Throws Error with empty `where` if more than one extent
/// depends on the batch.
std::vector<std::int64_t> batch_free_target(const PerBatch<std::vector<std::int64_t>>& targets,
                                            const ReshapeSituation& situation);

}  // namespace mantissa
