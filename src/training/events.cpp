#include "training/events.h"

#include <fmt/format.h>

namespace mantissa {
namespace {

/// A share of the values of one role, and how much it explains.
struct Finding {
  double share = 0;
  std::string text;

  void raise(std::int64_t count, std::int64_t of, std::string_view what, const std::string& layer,
             Role role) {
    if (of == 0 || count == 0) return;
    const double other = static_cast<double>(count) / static_cast<double>(of);
    if (other <= share) return;
    share = other;
    text =
        fmt::format("layer \"{}\": {:.3g} % of {} {}", layer, 100 * share, role_name(role), what);
  }
};

/// Overloads as one function object.
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

template <typename Visit>
void for_each_layer(const NumericEvents& events, const Assignment& assignment, Visit visit) {
  for (std::size_t i = 0; i < events.layers.size(); ++i) {
    visit(assignment.layer_names[i], events.layers[i]);
  }
}

}  // namespace

std::string largest_overflow(const NumericEvents& events, const Assignment& assignment) {
  Finding found;
  for_each_layer(events, assignment, [&](const std::string& name, const LayerEvents& layer) {
    for_each_role(layer, Overloaded{[&](Role role, const TensorEvents& of) {
                                      found.raise(of.overflows, of.values, "overflowed", name,
                                                  role);
                                    },
                                    [&](Role role, const SumEvents& of) {
                                      found.raise(of.overflows, of.addends, "additions overflowed",
                                                  name, role);
                                    }});
  });
  return found.text;
}

std::string largest_loss(const NumericEvents& events, const Assignment& assignment) {
  constexpr double kNotable = 0.01;
  Finding found;
  for_each_layer(events, assignment, [&](const std::string& name, const LayerEvents& layer) {
    for_each_role(layer, Overloaded{[&](Role role, const TensorEvents& of) {
                                      found.raise(of.underflows, of.values, "underflowed to zero",
                                                  name, role);
                                    },
                                    [&](Role role, const SumEvents& of) {
                                      found.raise(of.swamped, of.addends, "addends were swamped",
                                                  name, role);
                                      found.raise(of.underflows, of.products,
                                                  "products underflowed to zero", name, role);
                                    }});
  });
  return found.share < kNotable ? "" : found.text;
}

TensorEventCounter* EventCounters::tensor(std::size_t layer, Role role) {
  Layer& counters = layers_[layer];
  return role == Role::output ? &counters.node.output
                              : &counters.tensors[static_cast<std::size_t>(role)];
}

NumericEvents EventCounters::totals() const {
  NumericEvents events;
  for (const Layer& counters : layers_) {
    LayerEvents& layer = events.layers.emplace_back();
    for (std::size_t role = 0; role < kTensorRoleCount; ++role) {
      layer.tensors[role] = counters.tensors[role].total();
    }
    layer.tensors[static_cast<std::size_t>(Role::output)] = counters.node.output.total();
    layer.sums = {counters.node.forward.total(), counters.node.backward_data.total(),
                  counters.node.backward_weight.total()};
  }
  events.vector = vector_.total();
  return events;
}

}  // namespace mantissa
