#pragma once

#include <string_view>

#include "hardware/accelerator.h"

namespace mantissa {

/// Work of the host core in elements, all in binary32.
struct HostWork {
  double transfers = 0;   ///< elements loaded or stored
  double operations = 0;  ///< additions, multiplications, comparisons
  double specials = 0;    ///< divisions, exponentials, logarithms, roots
};

/// Cycles: instructions on vectors of `host_lanes` elements, issued one after the other.
double host_cycles(const Accelerator& accelerator, const HostWork& work);

/// Energy: each instruction's fetch and control, and a binary32 operation of each element (mean of
/// an addition and a multiplication; a special function counts as the operations that it takes).
/// What the transfers move is DRAM's.
double host_energy_pj(const Accelerator& accelerator, const HostWork& work);

/// True for operators that only give their input another shape: no element moves.
bool is_view(std::string_view op_type);

/// True for operators that select or move elements, so that each result is an element of the input,
/// or zero.
bool keeps_format(std::string_view op_type);

/// True for operators whose backward needs no tensor of the forward pass, only the gradient.
bool backward_needs_only_gradient(std::string_view op_type);

}  // namespace mantissa
