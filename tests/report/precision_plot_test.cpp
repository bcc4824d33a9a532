#include "report/precision_plot.h"

#include <doctest/doctest.h>

namespace mantissa {
namespace {

TEST_CASE("a plot of precision has its curve, its axes and its names") {
  PrecisionPlot plot;
  plot.title = "a<b & c>";
  plot.subtitle = "8 bits";
  plot.samples = {{-9, 1}, {-8, 2}, {-6, 4}, {0, 4.5}, {8, 4}};
  plot.log2_min_normal = -6;
  const std::string svg = precision_svg(plot);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("a&lt;b &amp; c&gt;") != std::string::npos);
  CHECK(svg.find("a<b") == std::string::npos);
  CHECK(svg.find("class=\"subnormal\"") != std::string::npos);
  // The first and the last sample lie on the edges of the frame.
  CHECK(svg.find("class=\"curve\" d=\"M64.00 ") != std::string::npos);
  CHECK(svg.find("L836.00 ") != std::string::npos);
  plot.log2_min_normal = -9;
  CHECK(precision_svg(plot).find("class=\"subnormal\"") == std::string::npos);
}

TEST_CASE("a plot of a wide range has few ticks, at powers that look round") {
  PrecisionPlot plot;
  plot.title = "wide";
  for (int exponent = -149; exponent <= 127; ++exponent) {
    plot.samples.push_back({static_cast<double>(exponent), 24});
  }
  const std::string svg = precision_svg(plot);
  std::size_t ticks = 0;
  for (std::size_t at = svg.find("<tspan"); at != std::string::npos;
       at = svg.find("<tspan", at + 1))
    ++ticks;
  CHECK(ticks >= 5);
  CHECK(ticks <= 14);
  CHECK(svg.find(">-128<") != std::string::npos);
  CHECK(svg.find(">0<") != std::string::npos);
}

}  // namespace
}  // namespace mantissa
