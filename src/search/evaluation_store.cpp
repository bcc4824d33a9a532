#include "search/evaluation_store.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kLogName = "evaluations.jsonl";

fs::path weights_path(const fs::path& folder, const std::string& key) {
  return folder / "weights" / (key + ".f32");
}

/// Sizes of the arrays, then their values: 64-bit little-endian counts and binary32, as they lie in
/// memory.
std::string packed(const std::vector<std::vector<float>>& arrays) {
  std::string bytes;
  const auto append = [&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  };
  const std::uint64_t count = arrays.size();
  append(&count, sizeof count);
  for (const auto& array : arrays) {
    const std::uint64_t size = array.size();
    append(&size, sizeof size);
    append(array.data(), size * sizeof(float));
  }
  return bytes;
}

std::optional<std::vector<std::vector<float>>> unpacked(std::string_view bytes) {
  const auto take = [&](void* target, std::size_t size) {
    if (bytes.size() < size) return false;
    std::memcpy(target, bytes.data(), size);
    bytes.remove_prefix(size);
    return true;
  };
  std::uint64_t count = 0;
  if (!take(&count, sizeof count) || count > bytes.size()) return std::nullopt;
  std::vector<std::vector<float>> arrays(count);
  for (auto& array : arrays) {
    std::uint64_t size = 0;
    if (!take(&size, sizeof size) || size > bytes.size() / sizeof(float)) return std::nullopt;
    array.resize(size);
    if (size > 0 && !take(array.data(), size * sizeof(float))) return std::nullopt;
  }
  return bytes.empty() ? std::optional(std::move(arrays)) : std::nullopt;
}

}  // namespace

EvaluationStore::EvaluationStore(const fs::path& folder) : folder_(folder) {
  const fs::path path = folder / kLogName;
  require_writable(path);
  log_ =
      std::make_unique<DurableLog>(path);  // before reading: whoever holds it may still be writing
  read_log(path);
  resumed_ = evaluations_.size();
}

void EvaluationStore::read_log(const fs::path& path) {
  const std::vector<std::string> lines = split(read_file(path), '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const json value = json::parse(lines[i], nullptr, false);
    if (value.is_discarded()) {
      // Only a crash in the middle of a write leaves such a line; what it held is computed again.
      spdlog::warn("{}:{}: skipping a line that was cut off", path.string(), i + 1);
      continue;
    }
    try {
      const std::string key = value.at("key");
      if (value.contains("test_accuracy")) {
        const auto found = evaluations_.find(key);
        if (found != evaluations_.end()) found->second.test_accuracy = value.at("test_accuracy");
      } else {
        evaluations_.insert_or_assign(key, evaluation_from_json(value));
      }
    } catch (const std::exception& error) {
      throw Error(path.string() + ":" + std::to_string(i + 1),
                  std::string("is not an evaluation: ") + error.what(),
                  "move the file away to start anew");
    }
  }
}

std::optional<Evaluation> EvaluationStore::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = evaluations_.find(key);
  return found == evaluations_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t EvaluationStore::size() const {
  const std::lock_guard lock(mutex_);
  return evaluations_.size();
}

void EvaluationStore::add(const Evaluation& evaluation, const json& remarks) {
  if (!evaluation.parameters.empty()) {
    write_file_atomically(weights_path(folder_, evaluation.key), packed(evaluation.parameters));
  }
  json line = to_json(evaluation);
  line.update(remarks);
  Evaluation kept = evaluation;
  kept.parameters.clear();
  const std::lock_guard lock(mutex_);
  log_->append(line.dump());
  evaluations_.insert_or_assign(evaluation.key, std::move(kept));
}

void EvaluationStore::add_test_accuracy(const std::string& key, double accuracy) {
  const std::lock_guard lock(mutex_);
  log_->append(json{{"key", key}, {"test_accuracy", accuracy}}.dump());
  evaluations_.at(key).test_accuracy = accuracy;
}

std::optional<std::vector<std::vector<float>>> EvaluationStore::weights(
    const std::string& key) const {
  const fs::path path = weights_path(folder_, key);
  std::error_code status;
  if (!fs::exists(path, status)) return std::nullopt;
  return unpacked(read_file(path));
}

void EvaluationStore::keep_weights_of(const std::vector<std::string>& keys) {
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(folder_ / "weights", status)) {
    const std::string key = entry.path().stem().string();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) fs::remove(entry.path(), status);
  }
}

}  // namespace mantissa
