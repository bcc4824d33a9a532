#pragma once

#include <limits>
#include <string>
#include <vector>

#include "report/front_document.h"

namespace mantissa {

/// A line of a comparison.
struct ComparisonRow {
  std::string name;
  const PointRecord* point = nullptr;
  double elapsed_seconds =
      std::numeric_limits<double>::quiet_NaN();  ///< of training; NaN: not shown
  bool starts_group = false;                     ///< a rule is drawn above it
};

/// A table for a terminal: accuracies in per cent, every objective that is no fraction with an SI
/// prefix and as a multiple of `reference`'s (null: no such columns). Columns aligned, UTF-8, no
/// trailing blanks, lines end in \n.
std::string comparison_table(const std::vector<ComparisonRow>& rows,
                             const std::vector<ObjectiveFacts>& objectives,
                             const PointRecord* reference);

/// The baselines and, below a rule, the points of the front, against the fp32 baseline if there is
/// one.
std::string front_table(const FrontDocument& document);

/// The baseline of that name, or null.
const PointRecord* find_baseline(const FrontDocument& document, std::string_view name);

/// A value with its unit for people: (1.886e8, "pJ") -> "189 uJ", (0.115, "1") -> "11.50 %", (NaN,
/// ...) -> "-".
std::string quantity_text(double value, std::string_view unit);

}  // namespace mantissa
