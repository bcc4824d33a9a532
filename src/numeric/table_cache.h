#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "numeric/quantize.h"

namespace mantissa {

/// Tables that are made for a format and a rounding, each once in a run of the program.
template <typename Table>
class TableCache {
 public:
  /// The table; made by `make()`, which returns a shared pointer, if nobody has asked before.
  template <typename Make>
  std::shared_ptr<const Table> get(const Format& format, RoundingMode mode, Make make) {
    const std::scoped_lock lock(mutex_);
    const Quantization key{format, mode};
    for (const Kept& entry : kept_) {
      if (entry.key == key) return entry.table;
    }
    return kept_.emplace_back(Kept{key, make()}).table;
  }

 private:
  struct Kept {
    Quantization key;
    std::shared_ptr<const Table> table;
  };

  std::mutex mutex_;
  std::vector<Kept> kept_;
};

}  // namespace mantissa
