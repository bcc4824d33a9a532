#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "search/evaluation.h"
#include "support/files.h"

namespace mantissa {

/// Every evaluation that was ever finished, in a folder: the truth of a search. Checkpoint, resume
/// and "did we try this already" are this one mechanism.
///
/// `evaluations.jsonl` has a JSON object a line, each on disk before `add` returns; a line cut off
/// by a crash is skipped when the file is read. `weights/<key>.f32` has the trained parameters of
/// evaluations whose weights were kept. One process writes at a time. All methods may be called
/// from several threads.
class EvaluationStore {
 public:
  /// Opens or makes the folder. Throws Error if another process has it, or a whole line cannot be
  /// understood.
  explicit EvaluationStore(const std::filesystem::path& folder);

  std::optional<Evaluation> find(const std::string& key) const;

  /// Number of evaluations found when the store was opened.
  std::size_t resumed() const { return resumed_; }

  /// Number of evaluations by now.
  std::size_t size() const;

  /// Writes weights (if there are any), then the line. `remarks` are further members of the line,
  /// for people who read the log.
  void add(const Evaluation& evaluation, const nlohmann::json& remarks);

  /// Adds what was measured later: the accuracy on the test set.
  void add_test_accuracy(const std::string& key, double accuracy);

  /// The trained parameters; nullopt if they were not kept or the file is damaged.
  std::optional<std::vector<std::vector<float>>> weights(const std::string& key) const;

  /// Removes the kept weights of every evaluation that is not in `keys`.
  void keep_weights_of(const std::vector<std::string>& keys);

 private:
  void read_log(const std::filesystem::path& path);

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::map<std::string, Evaluation> evaluations_;
  std::size_t resumed_ = 0;
  std::unique_ptr<DurableLog> log_;
};

}  // namespace mantissa
