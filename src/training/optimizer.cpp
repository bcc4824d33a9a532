#include "training/optimizer.h"

#include <cmath>

#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kUpdateGrain = 1 << 14;  // elements

struct SgdStep {
  float rate, momentum, weight_decay;
  bool nesterov;

  /// v and w of [begin, end) before they are rounded into their formats.
  void run(std::int64_t begin, std::int64_t end, float* w, const float* g, float* v) const {
    if (nesterov) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float gradient = g[i] + weight_decay * w[i];
        v[i] = momentum * v[i] + gradient;
        w[i] -= rate * (gradient + momentum * v[i]);
      }
    } else {
      for (std::int64_t i = begin; i < end; ++i) {
        v[i] = momentum * v[i] + (g[i] + weight_decay * w[i]);
        w[i] -= rate * v[i];
      }
    }
  }
};

struct AdamStep {
  float rate, beta1, beta2, epsilon, coupled_decay, decoupled_decay;
  float first_correction, second_correction;  // 1 / (1 - beta^t)

  void run(std::int64_t begin, std::int64_t end, float* w, const float* g, float* m,
           float* v) const {
    for (std::int64_t i = begin; i < end; ++i) {
      const float gradient = g[i] + coupled_decay * w[i];
      m[i] = beta1 * m[i] + (1 - beta1) * gradient;
      v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
      const float step =
          (m[i] * first_correction) / (std::sqrt(v[i] * second_correction) + epsilon);
      w[i] -= rate * (step + decoupled_decay * w[i]);
    }
  }
};

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<UpdateFormats> formats)
    : options_(options), formats_(std::move(formats)), states_(formats_.size()) {}

void Optimizer::begin_step(double learning_rate, bool counts) {
  counts_ = counts;
  learning_rate_ = static_cast<float>(learning_rate);
  beta1_power_ *= options_.beta1;
  beta2_power_ *= options_.beta2;
}

void Optimizer::update(std::size_t index, std::span<float> parameter,
                       std::span<const float> gradient, RandomKey key) {
  const UpdateFormats& formats = formats_[index];
  State& state = states_[index];
  const bool adam = options_.kind != OptimizerKind::sgd;
  if (state.first.empty()) {
    state.first.resize(parameter.size());
    if (adam) state.second.resize(parameter.size());
  }
  const auto decay = static_cast<float>(options_.weight_decay);
  const bool decoupled = options_.kind == OptimizerKind::adamw;
  const SgdStep sgd{learning_rate_, static_cast<float>(options_.momentum), decay,
                    options_.nesterov};
  const AdamStep adam_step{learning_rate_,
                           static_cast<float>(options_.beta1),
                           static_cast<float>(options_.beta2),
                           static_cast<float>(options_.epsilon),
                           decoupled ? 0.0F : decay,
                           decoupled ? decay : 0.0F,
                           static_cast<float>(1 / (1 - beta1_power_)),
                           static_cast<float>(1 / (1 - beta2_power_))};
  parallel_for(static_cast<std::int64_t>(parameter.size()), kUpdateGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 if (adam) {
                   adam_step.run(begin, end, parameter.data(), gradient.data(), state.first.data(),
                                 state.second.data());
                 } else {
                   sgd.run(begin, end, parameter.data(), gradient.data(), state.first.data());
                 }
                 const auto first = static_cast<std::size_t>(begin);
                 const auto count = static_cast<std::size_t>(end - begin);
                 const auto round = [&](std::span<float> values, const Quantization& format,
                                        std::string_view name, TensorEventCounter* events) {
                   if (!format.is_identity()) {
                     round_values(values.subspan(first, count), format, key.child(name), first,
                                  counts_ ? events : nullptr);
                   }
                 };
                 TensorEventCounter* events = formats.optimizer_state_events;
                 round(state.first, formats.optimizer_state, "first_state", events);
                 if (adam) round(state.second, formats.optimizer_state, "second_state", events);
                 round(parameter, formats.master_weight, "master_weight",
                       formats.master_weight_events);
               });
}

}  // namespace mantissa
