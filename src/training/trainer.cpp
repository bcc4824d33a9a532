#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "kernels/cross_entropy.h"
#include "support/error.h"
#include "training/evaluation.h"
#include "training/finite.h"
#include "training/initialization.h"
#include "training/loss_scaling.h"
#include "training/optimizer.h"
#include "training/schedule.h"

namespace mantissa {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<UpdateFormats> update_formats(const Graph& graph, const Network& network,
                                          const Assignment& assignment,
                                          EventCounters* events = nullptr) {
  std::vector<UpdateFormats> formats(graph.parameters.size());
  const std::vector<Layer> all_layers = layers(network);
  for (std::size_t i = 0; i < all_layers.size() && i < assignment.layers.size(); ++i) {
    if (!network.is_parameter(all_layers[i].weight)) continue;
    const LayerNumerics& numerics = assignment.layers[i];
    UpdateFormats& update = formats[static_cast<std::size_t>(all_layers[i].weight) - 1];
    update.master_weight = numerics.tensor(Role::master_weight);
    update.optimizer_state = numerics.tensor(Role::optimizer_state);
    if (events == nullptr) continue;
    update.master_weight_events = events->tensor(i, Role::master_weight);
    update.optimizer_state_events = events->tensor(i, Role::optimizer_state);
  }
  return formats;
}

/// One run, from the first weights to the last accuracy.
class Run {
 public:
  Run(const Graph& graph, const Assignment& assignment, const TrainingData& data,
      const TrainingOptions& options, const TrainingHooks& hooks)
      : graph_(graph),
        assignment_(assignment),
        data_(data),
        options_(options),
        hooks_(hooks),
        key_(RandomKey{options.seed}),
        network_(prepare(graph, options.batch_size)),
        events_(assignment.layers.size()),
        execution_(network_, assignment),
        optimizer_(options.optimizer, update_formats(graph, network_, assignment, &events_)),
        scaler_(options.loss_scaling),
        parameters_(options.reinitialize
                        ? initial_parameters(graph, network_, key_.child("initial"))
                        : model_parameters(graph)) {
    steps_per_epoch_ = static_cast<std::int64_t>(data.training_indices.size()) / options.batch_size;
    require_fit(network_, data);
    round_master_weights();
    if (hooks.measure_times) {
      result_.node_seconds.resize(network_.nodes.size());
      execution_.measure_times(&result_.node_seconds);
    }
  }

  TrainingResult finish() {
    for (int epoch = 1; epoch <= options_.epochs && result_.status == TrainingStatus::finished;
         ++epoch) {
      train_epoch(epoch);
    }
    if (result_.epochs.empty() && result_.status == TrainingStatus::diverged) measure_epoch(1);
    if (!result_.epochs.empty())
      result_.validation_accuracy = result_.epochs.back().validation_accuracy;
    if (data_.test != nullptr && result_.status != TrainingStatus::stopped) {
      result_.test_accuracy = evaluate(graph_, assignment_, parameters_, *data_.test,
                                       data_.test_indices, data_.normalization, key_.child("test"))
                                  .accuracy;
    }
    if (hooks_.count_events) result_.events = events_.totals();
    result_.final_loss_scale = scaler_.scale();
    result_.elapsed_seconds = seconds_since(start_);
    result_.parameters = std::move(parameters_);
    return std::move(result_);
  }

 private:
  /// The first weights enter their master format like every later ones.
  void round_master_weights() {
    const std::vector<UpdateFormats> formats = update_formats(graph_, network_, assignment_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      quantize_tensor(parameters_[i], formats[i].master_weight,
                      key_.child("initial_master").child(i));
    }
  }

  void train_epoch(int epoch) {
    std::vector<std::int32_t> order =
        shuffled(static_cast<std::int64_t>(data_.training_indices.size()),
                 key_.child("shuffle").child(static_cast<std::uint64_t>(epoch)));
    for (std::int32_t& index : order)
      index = data_.training_indices[static_cast<std::size_t>(index)];
    epoch_loss_ = 0;
    epoch_correct_ = 0;
    std::int64_t done = 0;
    for (; done < steps_per_epoch_ && result_.status == TrainingStatus::finished; ++done) {
      if (hooks_.stop_requested && hooks_.stop_requested()) {
        result_.status = TrainingStatus::stopped;
        return;
      }
      const auto first = static_cast<std::size_t>(done * options_.batch_size);
      train_step(std::span(order).subspan(first, static_cast<std::size_t>(options_.batch_size)),
                 epoch);
    }
    epoch_steps_ = done;
    measure_epoch(epoch);
  }

  void train_step(std::span<const std::int32_t> batch, int epoch) {
    const std::int64_t step = result_.steps++;
    const RandomKey step_key = key_.child("step").child(static_cast<std::uint64_t>(step));
    gather(data_.training, batch, data_.normalization, options_.augmentation,
           key_.child("augmentation").child(static_cast<std::uint64_t>(epoch)), images_);
    labels_.resize(batch.size());
    std::transform(batch.begin(), batch.end(), labels_.begin(), [&](std::int32_t i) {
      return data_.training.labels[static_cast<std::size_t>(i)];
    });

    execution_.count_events(is_counted(step) ? &events_ : nullptr);
    const Tensor& logits =
        execution_.forward(images_, parameters_, ExecutionMode::training, step_key);
    const CrossEntropyResult loss = softmax_cross_entropy(logits, labels_, options_.label_smoothing,
                                                          scaler_.scale(), &grad_logits_);
    record_loss(loss.loss, step);
    epoch_correct_ += loss.correct;
    if (result_.status != TrainingStatus::finished) return;

    execution_.backward(grad_logits_, step_key);
    execution_.apply_state_updates(parameters_);
    const auto update_start = Clock::now();
    update_parameters(step, step_key.child("update"));
    result_.update_seconds += seconds_since(update_start);
    const std::int64_t total_steps = steps_per_epoch_ * options_.epochs;
    if (hooks_.on_step) hooks_.on_step(result_.steps, total_steps, loss.loss);
  }

  bool is_counted(std::int64_t step) const {
    return hooks_.count_events && step % kStepsPerCount == 0;
  }

  void record_loss(double loss, std::int64_t step) {
    result_.step_losses.push_back(loss);
    epoch_loss_ += loss;
    const double first = result_.step_losses.front();
    steps_above_first_ = loss > first ? steps_above_first_ + 1 : 0;
    if (!std::isfinite(loss)) {
      diverge_without_finite_loss(step);
    } else if (steps_above_first_ > options_.patience_steps) {
      diverge("the loss stayed above its first value for " +
                  std::to_string(options_.patience_steps) + " steps",
              largest_loss(events_.totals(), assignment_));
    }
  }

  void diverge_without_finite_loss(std::int64_t step) {
    std::string reason = "the loss of step " + std::to_string(step + 1) + " is not finite";
    const std::string place = execution_.first_not_finite(parameters_);
    if (!place.empty()) reason += ": " + place + " is the first that is not";
    diverge(std::move(reason), largest_overflow(events_.totals(), assignment_));
  }

  void diverge(std::string reason, const std::string& event) {
    result_.status = TrainingStatus::diverged;
    result_.status_reason = std::move(reason);
    if (!event.empty()) result_.status_reason += "; " + event;
  }

  void update_parameters(std::int64_t step, RandomKey key) {
    if (scaler_.checks_gradients()) {
      bool finite = true;
      for (std::size_t i = 0; i < parameters_.size() && finite; ++i) {
        if (const Tensor* gradient = execution_.gradient(i))
          finite = all_finite(gradient->values());
      }
      const double scale = scaler_.scale();
      scaler_.step_done(finite);
      if (!finite) {
        ++result_.skipped_steps;
        return;
      }
      apply_gradients(step, scale, key);
    } else {
      apply_gradients(step, scaler_.scale(), key);
    }
  }

  void apply_gradients(std::int64_t step, double scale, RandomKey key) {
    optimizer_.begin_step(learning_rate(options_.schedule, options_.optimizer.learning_rate, step,
                                        steps_per_epoch_ * options_.epochs, steps_per_epoch_),
                          is_counted(step));
    const auto inverse = static_cast<float>(1 / scale);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Tensor* gradient = execution_.gradient(i);
      if (gradient == nullptr) continue;
      if (scale != 1) {
        for (float& value : gradient->values()) value *= inverse;
      }
      optimizer_.update(i, parameters_[i].values(), gradient->values(), key.child(i));
    }
  }

  void measure_epoch(int epoch) {
    EpochResult measured;
    measured.epoch = epoch;
    const double steps = static_cast<double>(std::max<std::int64_t>(1, epoch_steps_));
    measured.training_loss = epoch_loss_ / steps;
    measured.training_accuracy =
        static_cast<double>(epoch_correct_) / (steps * static_cast<double>(options_.batch_size));
    if (!data_.validation_indices.empty()) {
      const Accuracy validation = evaluate(
          graph_, assignment_, parameters_, data_.training, data_.validation_indices,
          data_.normalization, key_.child("validation").child(static_cast<std::uint64_t>(epoch)));
      measured.validation_loss = validation.loss;
      measured.validation_accuracy = validation.accuracy;
    }
    measured.elapsed_seconds = seconds_since(start_);
    result_.epochs.push_back(measured);
    if (hooks_.on_epoch) hooks_.on_epoch(measured);
  }

  const Clock::time_point start_ = Clock::now();
  const Graph& graph_;
  const Assignment& assignment_;
  const TrainingData& data_;
  const TrainingOptions& options_;
  const TrainingHooks& hooks_;
  RandomKey key_;
  Network network_;
  EventCounters events_;
  Execution execution_;
  Optimizer optimizer_;
  LossScaler scaler_;
  std::vector<Tensor> parameters_;
  std::int64_t steps_per_epoch_ = 0;
  std::int64_t epoch_steps_ = 0;
  double epoch_loss_ = 0;
  std::int64_t epoch_correct_ = 0;
  int steps_above_first_ = 0;
  Tensor images_;
  Tensor grad_logits_;
  std::vector<std::int32_t> labels_;
  TrainingResult result_;
};

}  // namespace

void require_fit(const Network& network, const TrainingData& data) {
  const Dataset& dataset = data.training;
  const Shape& sample = dataset.sample_shape;
  const Shape& input = network.value_shapes[0];
  const bool same_sample =
      input.rank() == sample.rank() + 1 &&
      std::equal(sample.extents().begin(), sample.extents().end(), input.extents().begin() + 1);
  if (!same_sample) {
    throw Error("", "the network takes samples of " + input.text() +
                        " (batch first), but data set \"" + dataset.name + "\" has samples of " +
                        sample.text());
  }
  const Shape& output = network.value_shapes[static_cast<std::size_t>(network.output)];
  if (output.elements() != network.batch * dataset.classes) {
    throw Error("", "the network gives " + output.text() + " (batch first), but data set \"" +
                        dataset.name + "\" has " + std::to_string(dataset.classes) + " classes");
  }
  if (static_cast<std::int64_t>(data.training_indices.size()) < network.batch) {
    throw Error("", "a batch of " + std::to_string(network.batch) + " does not fit into " +
                        std::to_string(data.training_indices.size()) + " training samples");
  }
}

TrainingResult train(const Graph& graph, const Assignment& assignment, const TrainingData& data,
                     const TrainingOptions& options, const TrainingHooks& hooks) {
  return Run(graph, assignment, data, options, hooks).finish();
}

}  // namespace mantissa
