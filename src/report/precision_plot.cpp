#include "report/precision_plot.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

namespace mantissa {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 420;
constexpr double kLeft = 64;
constexpr double kRight = 24;
constexpr double kTop = 66;
constexpr double kBottom = 58;
constexpr int kMostTicks = 14;

/// The least of 1, 2, 4, 8 ... that cuts a range into few enough steps.
int tick_step(double range) {
  int step = 1;
  while (range / step > kMostTicks) step *= 2;
  return step;
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char character : text) {
    switch (character) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      default:
        safe += character;
    }
  }
  return safe;
}

/// From magnitudes and bits to places in the picture.
struct Frame {
  double first;
  double last;
  double most_bits;

  double x(double log2_magnitude) const {
    return kLeft + (log2_magnitude - first) / (last - first) * (kWidth - kLeft - kRight);
  }
  double y(double bits) const {
    return kHeight - kBottom - bits / most_bits * (kHeight - kTop - kBottom);
  }
};

Frame frame_of(const std::vector<PrecisionSample>& samples) {
  double most = 1;
  for (const PrecisionSample& sample : samples) most = std::max(most, sample.bits);
  return {samples.front().log2_magnitude, samples.back().log2_magnitude, std::ceil(most + 0.2)};
}

std::string grid(const Frame& frame) {
  std::string svg;
  const double bottom = frame.y(0);
  const int across = tick_step(frame.last - frame.first);
  for (int tick = static_cast<int>(std::ceil(frame.first / across)) * across; tick <= frame.last;
       tick += across) {
    const double x = frame.x(tick);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2:.1f}\"/>"
        "<text class=\"tick\" x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">2"
        "<tspan dy=\"-5\" font-size=\"9\">{4}</tspan></text>\n",
        x, kTop, bottom, bottom + 20, tick);
  }
  const int up = tick_step(frame.most_bits);
  for (int tick = 0; tick <= frame.most_bits; tick += up) {
    const double y = frame.y(tick);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kWidth - kRight, y, kLeft - 10, y + 4, tick);
  }
  return svg;
}

std::string curve(const PrecisionPlot& plot, const Frame& frame) {
  std::string path;
  for (const PrecisionSample& sample : plot.samples) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", frame.x(sample.log2_magnitude),
                        frame.y(std::max(sample.bits, 0.0)));
  }
  const std::string closed =
      fmt::format("{}L{:.2f} {:.2f}L{:.2f} {:.2f}Z", path, frame.x(frame.last), frame.y(0),
                  frame.x(frame.first), frame.y(0));
  return "<path class=\"area\" d=\"" + closed + "\"/>\n<path class=\"curve\" d=\"" + path +
         "\"/>\n";
}

std::string subnormal_range(const PrecisionPlot& plot, const Frame& frame) {
  if (plot.log2_min_normal <= frame.first) return "";
  const double right = frame.x(plot.log2_min_normal);
  const std::string label = right - kLeft < 80 ? ""
                                               : fmt::format(
                                                     "<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" "
                                                     "text-anchor=\"middle\">subnormal</text>",
                                                     (kLeft + right) / 2, kTop + 16);
  return fmt::format(
      "<rect class=\"subnormal\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\"/>{}\n", kLeft,
      kTop, right - kLeft, frame.y(0) - kTop, label);
}

constexpr std::string_view kStyle =
    "<style>text{font-family:system-ui,sans-serif;fill:#1d2733}.title{font-size:18px;"
    "font-weight:600}.subtitle{font-size:13px;fill:#5b6775}.tick{font-size:12px;fill:#5b6775}"
    ".axis{font-size:13px}.grid{stroke:#e3e7ec}.area{fill:#2f6db3;fill-opacity:.13}"
    ".curve{fill:none;stroke:#2f6db3;stroke-width:1.8;stroke-linejoin:round}"
    ".subnormal{fill:#d6603a;fill-opacity:.07}</style>\n";

}  // namespace

std::string precision_svg(const PrecisionPlot& plot) {
  assert(plot.samples.size() >= 2);
  const Frame frame = frame_of(plot.samples);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\">\n<title>Precision of {2} over magnitude</title>\n",
      kWidth, kHeight, escaped(plot.title));
  svg += kStyle;
  svg += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"28\">{}</text>\n", kLeft,
                     escaped(plot.title));
  svg += fmt::format("<text class=\"subtitle\" x=\"{}\" y=\"48\">{}</text>\n", kLeft,
                     escaped(plot.subtitle));
  svg += subnormal_range(plot, frame) + grid(frame) + curve(plot, frame);
  svg += fmt::format(
      "<text class=\"axis\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">magnitude</text>\n",
      (kLeft + kWidth - kRight) / 2, kHeight - 12);
  svg += fmt::format(
      "<text class=\"axis\" transform=\"translate(18 {:.1f}) rotate(-90)\" "
      "text-anchor=\"middle\">precision in bits: -log2 of the largest relative error</text>\n",
      (kTop + kHeight - kBottom) / 2);
  return svg + "</svg>\n";
}

}  // namespace mantissa
