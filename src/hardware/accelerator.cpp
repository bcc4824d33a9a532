#include "hardware/accelerator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "support/error.h"
#include "support/files.h"
#include "support/json.h"
#include "support/text.h"

namespace mantissa {
namespace {

using nlohmann::json;

/// One figure of the file: `{"value": 1.1, "unit": "pJ", "source": "..."}` at `pointer`.
struct Figure {
  std::string_view pointer;
  std::string_view unit;
  double low = 0;  ///< smallest allowed value
  double high = 1e12;
  bool whole = false;  ///< a count
};

constexpr double kSmallest = 1e-12;  ///< "positive"

// The file's figures in the order of `assign`. docs/cost-model.md and accelerator.schema.json have
// the same list; a test compares them.
constexpr Figure kFigures[] = {
    {"/clock", "GHz", kSmallest, 1e3},
    {"/array/rows", "elements", 1, 65536, true},
    {"/array/columns", "elements", 1, 65536, true},
    {"/array/tile_overhead", "cycles", 0, 1e9},
    {"/arithmetic/energy/int8_add", "pJ", kSmallest},
    {"/arithmetic/energy/int32_add", "pJ", kSmallest},
    {"/arithmetic/energy/fp16_add", "pJ", kSmallest},
    {"/arithmetic/energy/fp32_add", "pJ", kSmallest},
    {"/arithmetic/energy/int8_multiply", "pJ", kSmallest},
    {"/arithmetic/energy/int32_multiply", "pJ", kSmallest},
    {"/arithmetic/energy/fp16_multiply", "pJ", kSmallest},
    {"/arithmetic/energy/fp32_multiply", "pJ", kSmallest},
    {"/arithmetic/area/int8_add", "um2", kSmallest},
    {"/arithmetic/area/int32_add", "um2", kSmallest},
    {"/arithmetic/area/fp16_add", "um2", kSmallest},
    {"/arithmetic/area/fp32_add", "um2", kSmallest},
    {"/arithmetic/area/int8_multiply", "um2", kSmallest},
    {"/arithmetic/area/int32_multiply", "um2", kSmallest},
    {"/arithmetic/area/fp16_multiply", "um2", kSmallest},
    {"/arithmetic/area/fp32_multiply", "um2", kSmallest},
    {"/registers/energy", "pJ/bit", kSmallest},
    {"/registers/area", "um2/bit", kSmallest},
    {"/random_bits/energy", "pJ/bit", kSmallest},
    {"/random_bits/area", "um2/bit", kSmallest},
    {"/scratchpad/capacity", "KiB", kSmallest},
    {"/scratchpad/banks", "banks", 1, 65536, true},
    {"/accumulator_memory/capacity", "KiB", kSmallest},
    {"/accumulator_memory/banks", "banks", 1, 65536, true},
    {"/sram/area", "mm2/KiB", kSmallest},
    {"/sram/leakage", "mW/KiB", 0},
    {"/dram/bandwidth", "GB/s", kSmallest},
    {"/dram/energy", "pJ/64bit", kSmallest},
    {"/host/lanes", "elements", 1, 65536, true},
    {"/host/cycles_per_instruction", "cycles", kSmallest},
    {"/host/instruction_energy", "pJ", kSmallest},
    {"/host/instructions_per_transfer", "instructions", kSmallest},
    {"/host/instructions_per_operation", "instructions", kSmallest},
    {"/host/instructions_per_special", "instructions", kSmallest},
    {"/host/area", "mm2", kSmallest},
    {"/logic/leakage", "mW/mm2", 0},
};
constexpr std::string_view kTexts[] = {"/name", "/description", "/technology"};
constexpr std::string_view kSramAccess = "/sram/access";
constexpr Figure kSramCapacity{"/capacity", "KiB", kSmallest};
constexpr Figure kSramEnergy{"/energy", "pJ/64bit", kSmallest};

std::string at(std::string_view where, std::string_view pointer) {
  return std::string(where) + "#" + std::string(pointer);
}

/// The keys that a document has at each level, from the list of its leaves.
void check_structure(const json& document, std::string_view where) {
  std::vector<std::pair<std::string, std::set<std::string>>> levels = {{"", {"$schema"}}};
  const auto keys_of = [&levels](const std::string& pointer) -> std::set<std::string>& {
    for (auto& [known, keys] : levels) {
      if (known == pointer) return keys;
    }
    return levels.emplace_back(pointer, std::set<std::string>{}).second;
  };
  const auto add_leaf = [&keys_of](std::string_view leaf) {
    std::string parent;
    for (std::size_t begin = 1; begin < leaf.size();) {
      const std::size_t end = std::min(leaf.find('/', begin), leaf.size());
      const std::string key(leaf.substr(begin, end - begin));
      keys_of(parent).insert(key);
      parent += "/" + key;
      begin = end + 1;
    }
  };
  for (const Figure& figure : kFigures) add_leaf(figure.pointer);
  for (const std::string_view text : kTexts) add_leaf(text);
  add_leaf(kSramAccess);
  for (const auto& [pointer, keys] : levels) {
    const json::json_pointer place(pointer);
    if (!document.contains(place) && !pointer.empty()) {
      throw Error(at(where, pointer), "missing",
                  "expected an object with " +
                      join(std::vector<std::string>(keys.begin(), keys.end()), ", "));
    }
    require_known_keys(document.at(place), {keys.begin(), keys.end()}, at(where, pointer));
  }
}

double read_figure(const json& parent, const Figure& figure, std::string_view where,
                   const std::string& prefix) {
  const std::string pointer = prefix + std::string(figure.pointer);
  const json::json_pointer place{std::string(figure.pointer)};
  const std::string unit(figure.unit);
  if (!parent.contains(place)) {
    throw Error(at(where, pointer), "missing",
                "expected {\"value\": number, \"unit\": \"" + unit + "\", \"source\": text}");
  }
  const json& object = parent.at(place);
  require_known_keys(object, {"value", "unit", "source"}, at(where, pointer));
  for (const char* key : {"value", "unit", "source"}) {
    if (!object.contains(key))
      throw Error(at(where, pointer), std::string("missing key \"") + key + "\"");
  }
  if (!object.at("unit").is_string() || object.at("unit") != unit) {
    throw Error(at(where, pointer + "/unit"), "found " + object.at("unit").dump(),
                "expected \"" + unit + "\"");
  }
  if (!object.at("source").is_string() || object.at("source").get<std::string>().empty()) {
    throw Error(at(where, pointer + "/source"), "a figure without a source",
                "name the publication, the measurement or \"assumption: ...\"");
  }
  const json& number = object.at("value");
  if (!number.is_number())
    throw Error(at(where, pointer + "/value"),
                std::string("expected a number, found ") + number.type_name());
  const double value = number.get<double>();
  const bool in_range = std::isfinite(value) && value >= figure.low && value <= figure.high;
  if (!in_range || (figure.whole && value != std::floor(value))) {
    std::string expected = figure.whole ? "a whole number" : "a number";
    expected += figure.low == kSmallest ? " above 0" : " from " + shortest_decimal(figure.low);
    throw Error(
        at(where, pointer + "/value"), "found " + number.dump(),
        "expected " + expected + " up to " + shortest_decimal(figure.high) + " (" + unit + ")");
  }
  return value;
}

std::vector<SramPoint> read_sram_access(const json& document, std::string_view where) {
  const std::string pointer(kSramAccess);
  if (!document.contains(json::json_pointer(pointer)) ||
      !document.at(json::json_pointer(pointer)).is_array() ||
      document.at(json::json_pointer(pointer)).size() < 2) {
    throw Error(at(where, pointer),
                "expected an array of at least two sizes with the energy of an access to each");
  }
  std::vector<SramPoint> points;
  for (const json& entry : document.at(json::json_pointer(pointer))) {
    const std::string place = pointer + "/" + std::to_string(points.size());
    require_known_keys(entry, {"capacity", "energy"}, at(where, place));
    const SramPoint point{read_figure(entry, kSramCapacity, where, place),
                          read_figure(entry, kSramEnergy, where, place)};
    if (!points.empty() && (point.kibibytes <= points.back().kibibytes ||
                            point.pj_per_64_bits < points.back().pj_per_64_bits)) {
      throw Error(at(where, place), "capacities must ascend and energies must not fall");
    }
    points.push_back(point);
  }
  return points;
}

/// Hands out the figures in the order of kFigures.
class FigureReader {
 public:
  FigureReader(const json& document, std::string_view where) : document_(document), where_(where) {}
  double next() { return read_figure(document_, kFigures[position_++], where_, ""); }
  int next_count() { return static_cast<int>(next()); }
  bool finished() const { return position_ == std::size(kFigures); }

 private:
  const json& document_;
  std::string_view where_;
  std::size_t position_ = 0;
};

ArithmeticAnchors read_anchors(FigureReader& figures) {
  ArithmeticAnchors anchors;
  for (double* anchor : {&anchors.int8_add, &anchors.int32_add, &anchors.fp16_add,
                         &anchors.fp32_add, &anchors.int8_multiply, &anchors.int32_multiply,
                         &anchors.fp16_multiply, &anchors.fp32_multiply}) {
    *anchor = figures.next();
  }
  return anchors;
}

void read_memories(FigureReader& figures, Accelerator& accelerator) {
  accelerator.scratchpad.kibibytes = figures.next();
  accelerator.scratchpad.banks = figures.next_count();
  accelerator.accumulator_memory.kibibytes = figures.next();
  accelerator.accumulator_memory.banks = figures.next_count();
  accelerator.sram_mm2_per_kibibyte = figures.next();
  accelerator.sram_leakage_mw_per_kibibyte = figures.next();
  accelerator.dram_gb_per_second = figures.next();
  accelerator.dram_pj_per_64_bits = figures.next();
}

void read_host(FigureReader& figures, Accelerator& accelerator) {
  accelerator.host_lanes = figures.next_count();
  accelerator.host_cycles_per_instruction = figures.next();
  accelerator.host_pj_per_instruction = figures.next();
  accelerator.host_instructions_per_transfer = figures.next();
  accelerator.host_instructions_per_operation = figures.next();
  accelerator.host_instructions_per_special = figures.next();
  accelerator.host_mm2 = figures.next();
}

std::string read_text(const json& document, std::string_view pointer, std::string_view where) {
  const json::json_pointer place{std::string(pointer)};
  if (!document.contains(place)) throw Error(at(where, pointer), "missing", "expected a text");
  if (!document.at(place).is_string()) {
    throw Error(at(where, pointer),
                std::string("expected a text, found ") + document.at(place).type_name());
  }
  return document.at(place).get<std::string>();
}

/// A tile of one fold must fit twice, in the widest format that there is: 32 bits.
void check_capacities(const Accelerator& accelerator, std::string_view where) {
  const double fold_kibibytes = 2.0 * 4 * accelerator.rows * (accelerator.columns + 1) / 1024;
  if (accelerator.scratchpad.kibibytes < fold_kibibytes) {
    throw Error(at(where, "/scratchpad/capacity/value"), "too small for the array",
                "two folds of binary32 operands take " + shortest_decimal(fold_kibibytes) + " KiB");
  }
  const double row_kibibytes = 2.0 * 4 * accelerator.columns / 1024;
  if (accelerator.accumulator_memory.kibibytes < row_kibibytes) {
    throw Error(at(where, "/accumulator_memory/capacity/value"), "too small for the array",
                "two rows of binary32 sums take " + shortest_decimal(row_kibibytes) + " KiB");
  }
}

}  // namespace

Accelerator accelerator_from_json(const json& document, std::string_view where) {
  check_structure(document, where);
  Accelerator accelerator;
  accelerator.name = read_text(document, "/name", where);
  accelerator.description = read_text(document, "/description", where);
  accelerator.technology = read_text(document, "/technology", where);
  accelerator.sha256 = sha256_hex(document.dump());
  FigureReader figures(document, where);
  accelerator.clock_ghz = figures.next();
  accelerator.rows = figures.next_count();
  accelerator.columns = figures.next_count();
  accelerator.tile_overhead_cycles = figures.next();
  accelerator.energy_pj = fit_arithmetic(read_anchors(figures), at(where, "/arithmetic/energy"));
  accelerator.area_um2 = fit_arithmetic(read_anchors(figures), at(where, "/arithmetic/area"));
  accelerator.register_pj_per_bit = figures.next();
  accelerator.register_um2_per_bit = figures.next();
  accelerator.random_energy_pj.per_bit = figures.next();
  accelerator.random_area_um2.per_bit = figures.next();
  read_memories(figures, accelerator);
  read_host(figures, accelerator);
  accelerator.logic_leakage_mw_per_mm2 = figures.next();
  accelerator.sram_access = read_sram_access(document, where);
  check_capacities(accelerator, where);
  return accelerator;
}

Accelerator load_accelerator(const std::filesystem::path& path) {
  return accelerator_from_json(parse_json(read_file(path), path.string()), path.string());
}

std::vector<std::string> accelerator_file_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(
           data_directory() / "scenarios" / "accelerators", error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mantissa
