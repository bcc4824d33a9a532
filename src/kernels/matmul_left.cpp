#include "kernels/matmul_left.h"

#include <algorithm>
#include <mutex>

#include "kernels/product_table.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

constexpr std::int64_t kSample = 256;                   ///< products of a panel that are looked at
constexpr std::int64_t kGrain = std::int64_t{1} << 16;  ///< values that a task packs

/// Floats of a panel of `depth` products, `together` in each.
std::int64_t panel_size(std::int64_t depth, std::int64_t together) {
  return std::max<std::int64_t>(ceiling(depth, together), 1) * kTileRows;
}

PanelRun advanced(const PanelRun& run, std::int64_t panels, std::int64_t words) {
  if (run.first == nullptr) return run;
  return {run.first + panels * run.step + words * kTileRows, run.step};
}

}  // namespace

const PanelRun& LeftBlock::in(PanelForm form) const {
  if (form == PanelForm::quads) return quads;
  return form == PanelForm::pairs ? pairs : binary32;
}

LeftOperand::LeftOperand(const PanelSource& source, std::int64_t rows, std::int64_t depth,
                         const PreparedMac& mac, bool narrow)
    : source_(source), rows_(rows), depth_(depth), mac_(mac), pairs_(narrow && mac.takes_pairs()) {
  if (!narrow || !mac.takes_integers() || rows == 0 || depth == 0) return;
  const std::int64_t sampled = std::min(depth, kSample);
  const AlignedFloats sample = allocate(panel_size(sampled, 1) + kPanelSlack);
  source.pack({0, rows_of(0), 0, sampled}, kTileRows, {}, sample.get());
  quantum_ = quantum_of(measure_facts({sample.get(), sampled, rows_of(0), kTileRows, 1}));
}

int LeftOperand::rows_of(std::int64_t panel) const {
  return static_cast<int>(std::min<std::int64_t>(rows_ - panel * kTileRows, kTileRows));
}

std::int64_t LeftOperand::memory(std::int64_t panels, std::int64_t block_depth) const {
  if (whole_memory_) return 0;
  std::int64_t size = panel_size(block_depth, 1);
  if (pairs_) size += panel_size(block_depth, 2);
  if (quantum_) size += panel_size(block_depth, 4);
  return panels * size;
}

LeftOperand::Forms LeftOperand::place(std::int64_t panels, std::int64_t depth,
                                      float* memory) const {
  Forms forms;
  forms.binary32 = memory;
  memory += panels * panel_size(depth, 1);
  if (pairs_) {
    forms.pairs = memory;
    memory += panels * panel_size(depth, 2);
  }
  if (quantum_) forms.quads = memory;
  return forms;
}

/// Panels and k are those of `to`, which begins with the first of each.
void LeftOperand::pack(const IndexRange& panels, const IndexRange& k, const Forms& to,
                       LeftBlock& facts) const {
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    const std::int64_t place = panel - panels.first;
    const int rows = rows_of(panel);
    float* packed = to.binary32 + place * panel_size(k.size(), 1);
    source_.pack({panel * kTileRows, rows, k.first, k.last}, kTileRows, {}, packed);
    if (mac_.takes_codes()) pack_left_codes(packed, k.size(), mac_.inner.mac.left_operand);
    const PanelShape shape = {k.size(), rows, kTileRows, kTileRows};
    if (to.pairs != nullptr && facts.pair_facts.fits) {
      facts.pair_facts.add(pack_pairs(packed, shape, to.pairs + place * panel_size(k.size(), 2)));
    }
    if (to.quads != nullptr && facts.quad_facts.fits) {
      facts.quad_facts.add(
          pack_left_quads(packed, shape, *quantum_, to.quads + place * panel_size(k.size(), 4)));
    }
  }
}

void LeftOperand::pack_whole() {
  whole_memory_ = allocate(std::max<std::int64_t>(memory(panels(), depth_), 1));
  const Forms forms = place(panels(), depth_, whole_memory_.get());
  whole_.binary32 = {forms.binary32, panel_size(depth_, 1)};
  whole_.pairs = {forms.pairs, panel_size(depth_, 2)};
  whole_.quads = {forms.quads, panel_size(depth_, 4)};
  std::mutex mutex;
  const std::int64_t grain = std::max<std::int64_t>(kGrain / panel_size(depth_, 1), 1);
  parallel_for(panels(), grain, [&](std::int64_t begin, std::int64_t end) {
    Forms to = forms;
    to.binary32 += begin * whole_.binary32.step;
    if (to.pairs != nullptr) to.pairs += begin * whole_.pairs.step;
    if (to.quads != nullptr) to.quads += begin * whole_.quads.step;
    LeftBlock facts;
    pack({begin, end}, {0, depth_}, to, facts);
    const std::scoped_lock lock(mutex);
    whole_.pair_facts.add(facts.pair_facts);
    whole_.quad_facts.add(facts.quad_facts);
  });
}

LeftBlock LeftOperand::block(const IndexRange& panels, const IndexRange& k, float* memory) const {
  LeftBlock block;
  if (whole_memory_) {
    block = whole_;
    block.binary32 = advanced(whole_.binary32, panels.first, k.first);
    block.pairs = advanced(whole_.pairs, panels.first, k.first / 2);
    block.quads = advanced(whole_.quads, panels.first, k.first / 4);
    if (k.first > 0) block.quad_facts.magnitude = 0;
    return block;
  }
  const Forms forms = place(panels.size(), k.size(), memory);
  pack(panels, k, forms, block);
  block.binary32 = {forms.binary32, panel_size(k.size(), 1)};
  block.pairs = {forms.pairs, panel_size(k.size(), 2)};
  block.quads = {forms.quads, panel_size(k.size(), 4)};
  return block;
}

}  // namespace mantissa
