#include "search/evaluation.h"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "support/error.h"

namespace mantissa {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kStatusNames = {"finished", "diverged", "stopped"};

/// NaN and infinities, which JSON does not have, become null and are read back as NaN.
double real(const json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

json epoch_json(const EpochResult& epoch) {
  return {{"epoch", epoch.epoch},
          {"training_loss", epoch.training_loss},
          {"training_accuracy", epoch.training_accuracy},
          {"validation_loss", epoch.validation_loss},
          {"validation_accuracy", epoch.validation_accuracy},
          {"elapsed_seconds", epoch.elapsed_seconds}};
}

EpochResult epoch_from_json(const json& value) {
  EpochResult epoch;
  epoch.epoch = value.at("epoch");
  epoch.training_loss = real(value.at("training_loss"));
  epoch.training_accuracy = real(value.at("training_accuracy"));
  epoch.validation_loss = real(value.at("validation_loss"));
  epoch.validation_accuracy = real(value.at("validation_accuracy"));
  epoch.elapsed_seconds = value.at("elapsed_seconds");
  return epoch;
}

template <typename Events>
json counts_json(const Events& events) {
  json counts = json::object();
  for (const auto& field : event_fields(events)) counts[field.name] = events.*field.count;
  return counts;
}

template <typename Events>
void read_counts(const json& counts, Events& events) {
  for (const auto& field : event_fields(events)) events.*field.count = counts.at(field.name);
}

/// Roles of which nothing was counted are left out.
json events_json(const NumericEvents& events) {
  json layers = json::array();
  for (const LayerEvents& layer : events.layers) {
    json roles = json::object();
    for_each_role(layer, [&](Role role, const auto& counted) {
      if (has_counted(counted)) roles[role_name(role)] = counts_json(counted);
    });
    layers.push_back(std::move(roles));
  }
  return {{"layers", std::move(layers)}, {"vector", counts_json(events.vector)}};
}

NumericEvents events_from_json(const json& value) {
  NumericEvents events;
  for (const json& roles : value.at("layers")) {
    for_each_role(events.layers.emplace_back(), [&](Role role, auto& counted) {
      const std::string_view name = role_name(role);
      if (roles.contains(name)) read_counts(roles.at(name), counted);
    });
  }
  read_counts(value.at("vector"), events.vector);
  return events;
}

}  // namespace

json to_json(const Evaluation& evaluation) {
  json epochs = json::array();
  for (const EpochResult& epoch : evaluation.epochs) epochs.push_back(epoch_json(epoch));
  return {{"key", evaluation.key},
          {"status", kStatusNames[static_cast<std::size_t>(evaluation.status)]},
          {"status_reason", evaluation.status_reason},
          {"validation_accuracy", evaluation.validation_accuracy},
          {"epochs", std::move(epochs)},
          {"steps", evaluation.steps},
          {"skipped_steps", evaluation.skipped_steps},
          {"final_loss_scale", evaluation.final_loss_scale},
          {"elapsed_seconds", evaluation.elapsed_seconds},
          {"events", events_json(evaluation.events)}};
}

Evaluation evaluation_from_json(const json& value) {
  Evaluation evaluation;
  evaluation.key = value.at("key");
  const std::string status = value.at("status");
  const auto* found = std::find(kStatusNames.begin(), kStatusNames.end(), status);
  if (found == kStatusNames.end()) throw Error("", "unknown status \"" + status + "\"");
  evaluation.status = static_cast<TrainingStatus>(found - kStatusNames.begin());
  evaluation.status_reason = value.at("status_reason");
  evaluation.validation_accuracy = value.at("validation_accuracy");
  for (const json& epoch : value.at("epochs")) evaluation.epochs.push_back(epoch_from_json(epoch));
  evaluation.steps = value.at("steps");
  evaluation.skipped_steps = value.at("skipped_steps");
  evaluation.final_loss_scale = value.at("final_loss_scale");
  evaluation.elapsed_seconds = value.at("elapsed_seconds");
  if (value.contains("events")) evaluation.events = events_from_json(value.at("events"));
  return evaluation;
}

}  // namespace mantissa
