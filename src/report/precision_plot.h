#pragma once

#include <string>
#include <vector>

namespace mantissa {

/// How well a number format holds numbers of a magnitude.
struct PrecisionSample {
  double log2_magnitude = 0;
  double bits = 0;  ///< the largest relative error of rounding to nearest there is 2^-bits;
                    ///< drawn as 0 if below
};

/// What `mantissa formats show --plot` draws.
struct PrecisionPlot {
  std::string title;
  std::string subtitle;
  std::vector<PrecisionSample> samples;  ///< in ascending order of magnitude, at least two
  double log2_min_normal = 0;  ///< below it, if that is above the first sample, numbers are
                               ///< subnormal
};

/// The plot as an SVG document: precision over magnitude, both in powers of two.
std::string precision_svg(const PrecisionPlot& plot);

}  // namespace mantissa
