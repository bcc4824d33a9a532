#pragma once

#include <set>

#include "hardware/cost.h"
#include "hardware/storage.h"
#include "hardware/systolic_array.h"

namespace mantissa {

/// What pricing one node needs to know of its surroundings.
struct CostContext {
  const Network& network;
  const Assignment& assignment;
  const Accelerator& accelerator;
  const StoragePlan& storage;
  TilePrices prices;
};

/// The three products of a layer on the array.
void price_layer(const CostContext& context, std::size_t node, NodeCost& cost);

/// Forward and backward of any other node on the host core; the backward is booked as
/// backward_data.
void price_host_node(const CostContext& context, std::size_t node, NodeCost& cost);

/// The optimiser's work on the parameters that this node reads. `updated`: parameters already paid
/// for by another node; grows by this node's.
void price_update(const CostContext& context, std::size_t node, const UpdateWork& update,
                  std::set<ValueId>& updated, NodeCost& cost);

/// True if the weight format earns a copy of its own beside the master weight: writing it once and
/// reading it `reads` times moves less than reading the master weight each time.
bool keeps_weight_copy(const LayerNumerics& layer, bool has_backward_data);

/// Host work that streams `dram_bits`: the longer of the two, since loads are prefetched.
void add_host_work(const Accelerator& accelerator, const struct HostWork& work, double dram_bits,
                   PhaseCost& cost);

/// Leakage for the phase's latency.
void add_leakage(const TilePrices& prices, PhaseCost& cost);

}  // namespace mantissa
