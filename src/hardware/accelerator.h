#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "hardware/adder.h"
#include "hardware/arithmetic.h"

namespace mantissa {

/// The energy of one access, as published for a memory of a given size.
struct SramPoint {
  double kibibytes = 0;
  double pj_per_64_bits = 0;
};

/// An on-chip memory in equal banks; an access costs what a memory of one bank's size costs.
struct SramMacro {
  double kibibytes = 0;
  int banks = 1;
};

/// Everything that the cost model knows of a machine: a weight-stationary systolic array of rows x
/// columns elements, a double-buffered scratchpad, accumulator memory, DRAM, and a host core with
/// vector lanes for everything else. docs/cost-model.md says what each figure is used for.
struct Accelerator {
  std::string name;
  std::string description;
  std::string technology;  ///< "45 nm, 0.9 V"
  std::string sha256;      ///< of the JSON document without its white space: for provenance and for
                           ///< keys of results

  double clock_ghz = 0;
  int rows = 0;                     ///< the array's extent along the reduction
  int columns = 0;                  ///< the array's extent along the outputs
  double tile_overhead_cycles = 0;  ///< commands and address generation for each tile, not hidden

  ArithmeticLaw energy_pj;
  ArithmeticLaw area_um2;
  double register_pj_per_bit = 0;
  double register_um2_per_bit = 0;
  RandomBitCost random_energy_pj;
  RandomBitCost random_area_um2;

  SramMacro scratchpad;
  SramMacro accumulator_memory;
  std::vector<SramPoint> sram_access;  ///< ascending sizes, at least two
  double sram_mm2_per_kibibyte = 0;
  double sram_leakage_mw_per_kibibyte = 0;

  double dram_gb_per_second = 0;
  double dram_pj_per_64_bits = 0;

  int host_lanes = 1;  ///< binary32 elements that one instruction works on
  double host_cycles_per_instruction = 1;
  double host_pj_per_instruction = 0;  ///< fetch, decode and control, whatever the number of lanes
  double host_instructions_per_transfer = 1;   ///< to load or store a vector
  double host_instructions_per_operation = 1;  ///< to add, multiply or compare a vector
  double host_instructions_per_special =
      1;  ///< to divide, take an exponential, a logarithm or a root
  double host_mm2 = 0;

  double logic_leakage_mw_per_mm2 = 0;

  double dram_bits_per_cycle() const { return dram_gb_per_second * 8 / clock_ghz; }
  double cycles_to_seconds(double cycles) const { return cycles / (clock_ghz * 1e9); }
};

/// Reads an accelerator file. Throws Error naming the file and the JSON pointer for a missing or
/// unknown key, a figure that is not finite or out of range, a wrong unit, a missing source, or
/// anchors that contradict the laws' shapes.
Accelerator load_accelerator(const std::filesystem::path& path);

/// As above, from a parsed document; `where` names it in errors.
Accelerator accelerator_from_json(const nlohmann::json& document, std::string_view where);

/// Names of the shipped files in `scenarios/accelerators`, sorted, without `.json`.
std::vector<std::string> accelerator_file_names();

}  // namespace mantissa
