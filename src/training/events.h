#pragma once

#include <array>
#include <string>
#include <vector>

#include "graph/assignment.h"
#include "numeric/events.h"
#include "ops/operator.h"

namespace mantissa {

/// What happened to the numbers of one layer.
struct LayerEvents {
  std::array<TensorEvents, kTensorRoleCount> tensors;  ///< by Role; zeros where the role has
                                                       ///< binary32, which nothing is rounded into
  std::array<SumEvents, 3> sums;                       ///< forward, backward_data, backward_weight

  friend bool operator==(const LayerEvents&, const LayerEvents&) = default;
};

/// Calls visit(role, events) for each role of a layer's events, const or not.
template <typename Layer, typename Visit>
void for_each_role(Layer& layer, Visit visit) {
  for (std::size_t role = 0; role < kRoleCount; ++role) {
    if (role < kTensorRoleCount) {
      visit(static_cast<Role>(role), layer.tensors[role]);
    } else {
      visit(static_cast<Role>(role), layer.sums[role - kTensorRoleCount]);
    }
  }
}

/// True if something was counted.
template <typename Events>
bool has_counted(const Events& events) {
  return events != Events();
}

/// Numeric events are counted in one of so many steps, the first included.
inline constexpr std::int64_t kStepsPerCount = 16;

/// Numeric events of a training run, in one of kStepsPerCount steps. There every value that was
/// rounded into a tensor is counted; of the sums of matrix products, those that a SumSampler
/// follows. The same on any number of threads.
struct NumericEvents {
  std::vector<LayerEvents> layers;  ///< in the order of `layers()`; empty if nothing was counted
  TensorEvents vector;              ///< of every node that does not multiply matrices

  friend bool operator==(const NumericEvents&, const NumericEvents&) = default;
};

/// Where the largest share of numbers overflowed, for people: `layer "conv1": 0.12 % of error
/// overflowed`. Empty if none did.
std::string largest_overflow(const NumericEvents& events, const Assignment& assignment);

/// The same of numbers that were lost: swamped, or underflowed to zero. Empty below 1 %, which
/// explains nothing.
std::string largest_loss(const NumericEvents& events, const Assignment& assignment);

/// What a run counts in.
class EventCounters {
 public:
  explicit EventCounters(std::size_t layer_count) : layers_(layer_count) {}

  TensorEventCounter* tensor(std::size_t layer, Role role);
  NodeEvents* node(std::size_t layer) { return &layers_[layer].node; }
  TensorEventCounter* vector() { return &vector_; }

  NumericEvents totals() const;

 private:
  struct Layer {
    std::array<TensorEventCounter, kTensorRoleCount> tensors;  ///< but for the output's
    NodeEvents node;
  };

  std::vector<Layer> layers_;
  TensorEventCounter vector_;
};

}  // namespace mantissa
