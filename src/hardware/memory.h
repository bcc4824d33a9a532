#pragma once

#include "hardware/accelerator.h"

namespace mantissa {

/// Energy of one bit read or written in an on-chip memory: the published points joined by straight
/// lines in log size and log energy (the last line goes on beyond the ends), at the size of one
/// bank.
double sram_pj_per_bit(const Accelerator& accelerator, const SramMacro& memory);

/// Energy of one bit to or from DRAM. Transfers are streams, so that the published energy of an
/// access to an open row holds.
double dram_pj_per_bit(const Accelerator& accelerator);

}  // namespace mantissa
