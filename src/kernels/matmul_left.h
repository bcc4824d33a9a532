#pragma once

#include <cstdint>
#include <optional>

#include "kernels/matmul_scratch.h"
#include "kernels/narrow_panels.h"
#include "kernels/packing.h"

namespace mantissa {

/// Indices from `first` up to, but without, `last`.
struct IndexRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t size() const { return last - first; }
};

/// Panels one behind the other, `step` floats apart.
struct PanelRun {
  const float* first = nullptr;
  std::int64_t step = 0;
};

/// The left panels of some tiles for a block of k, in every form that these may take.
struct LeftBlock {
  PanelRun binary32;  ///< or codes, where the mac takes them
  PanelRun pairs;
  PanelRun quads;
  PairFacts pair_facts;
  /// Of a block, or of all k in the first block and 0 in the others.
  QuadFacts quad_facts;

  const PanelRun& in(PanelForm form) const;
};

/// The left operand of a product: packs its panels.
class LeftOperand {
 public:
  /// For the forms that the mac takes, which must live as long; `narrow`: pairs and quads are worth
  /// their packing. Reads some values to see whether they
  /// may be small integers.
  LeftOperand(const PanelSource& source, std::int64_t rows, std::int64_t depth,
              const PreparedMac& mac, bool narrow);

  std::int64_t panels() const { return ceiling(rows_, kTileRows); }
  int rows_of(std::int64_t panel) const;

  /// The exponent of the quantum of its values, if they may be small integers.
  std::optional<int> quantum() const { return quantum_; }

  /// Packs all panels now, for every unit of work.
  void pack_whole();

  /// Floats that `block` needs.
  std::int64_t memory(std::int64_t panels, std::int64_t block_depth) const;

  /// Blocks begin at multiples of 4 products.
  LeftBlock block(const IndexRange& panels, const IndexRange& k, float* memory) const;

 private:
  struct Forms {
    float* binary32 = nullptr;
    float* pairs = nullptr;
    float* quads = nullptr;
  };
  Forms place(std::int64_t panels, std::int64_t depth, float* memory) const;
  void pack(const IndexRange& panels, const IndexRange& k, const Forms& to, LeftBlock& facts) const;

  const PanelSource& source_;
  std::int64_t rows_;
  std::int64_t depth_;
  const PreparedMac& mac_;
  bool pairs_;
  std::optional<int> quantum_;
  AlignedFloats whole_memory_;
  LeftBlock whole_;  ///< of all panels
};

}  // namespace mantissa
