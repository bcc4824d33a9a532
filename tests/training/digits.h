#pragma once

#include <filesystem>
#include <numeric>
#include <vector>

#include "training/trainer.h"

namespace mantissa::test {

/// The shipped digits, 8x8, and a split of them.
struct Digits {
  DataSource source =
      load_digits(std::filesystem::path(MANTISSA_SOURCE_DIR) / "data" / "digits.csv.gz");
  Split parts;
  std::vector<std::int32_t> test_indices =
      std::vector<std::int32_t>(static_cast<std::size_t>(source.test.samples()));

  explicit Digits(std::int64_t training = 1000, std::int64_t validation = 300)
      : parts(split(source.training, training, validation, RandomKey{1})) {
    std::iota(test_indices.begin(), test_indices.end(), 0);
  }

  TrainingData data() const {
    return {source.training,  parts.training,
            parts.validation, &source.test,
            test_indices,     measure_normalization(source.training, parts.training)};
  }
};

}  // namespace mantissa::test
