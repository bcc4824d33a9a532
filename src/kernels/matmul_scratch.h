#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace mantissa {

inline std::int64_t ceiling(std::int64_t value, std::int64_t divisor) {
  return (value + divisor - 1) / divisor;
}

struct AlignedRelease {
  void operator()(float* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
};
using AlignedFloats = std::unique_ptr<float[], AlignedRelease>;

inline AlignedFloats allocate(std::int64_t count) {
  return AlignedFloats(static_cast<float*>(
      ::operator new[](static_cast<std::size_t>(count) * sizeof(float), std::align_val_t{64})));
}

/// A thread's working memory; kept from call to call.
class Scratch {
 public:
  float* take(std::int64_t count) {
    if (count > size_) {
      memory_ = allocate(count);
      size_ = count;
    }
    return memory_.get();
  }

 private:
  AlignedFloats memory_;
  std::int64_t size_ = 0;
};

}  // namespace mantissa
