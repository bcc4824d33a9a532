#include "ops/window_geometry.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "support/error.h"

namespace mantissa {
namespace {

constexpr std::int64_t kLargestExtent = std::int64_t{1} << 24;

std::string list_text(const std::vector<std::int64_t>& values) {
  return Shape(values).text();
}

/// A list attribute with one value (or, for pads, two) for each spatial axis, each in [least,
/// 2^24].
std::vector<std::int64_t> extents(const Attributes& attributes, std::string_view name,
                                  std::size_t count, std::int64_t least) {
  std::vector<std::int64_t> values =
      attributes.integers(name, std::vector<std::int64_t>(count, least));
  if (values.size() != count) {
    throw Error("",
                std::string(name) + " " + list_text(values) + " has " +
                    std::to_string(values.size()) + " values",
                std::to_string(count) + " are needed");
  }
  for (const std::int64_t value : values) {
    if (value < least || value > kLargestExtent) {
      throw Error("",
                  std::string(name) + " " + list_text(values) + " holds " + std::to_string(value),
                  "each must be at least " + std::to_string(least) + " and at most 2^24");
    }
  }
  return values;
}

/// Shares the padding that gives out = ceil(in / stride).
void pad_to_same(WindowAxis& axis, bool upper) {
  axis.out = (axis.in + axis.stride - 1) / axis.stride;
  const std::int64_t total =
      std::max<std::int64_t>(0, (axis.out - 1) * axis.stride + axis.extent() - axis.in);
  axis.pad_begin = upper ? total / 2 : total - total / 2;
  axis.pad_end = total - axis.pad_begin;
}

void count_windows(WindowAxis& axis, bool ceil_mode) {
  const std::int64_t slack = axis.in + axis.pad_begin + axis.pad_end - axis.extent();
  if (slack < 0) {
    throw Error("", "a window of " + std::to_string(axis.extent()) + " (kernel " +
                        std::to_string(axis.kernel) + ", dilation " +
                        std::to_string(axis.dilation) + ") does not fit into " +
                        std::to_string(axis.in) + " elements with padding " +
                        std::to_string(axis.pad_begin) + " + " + std::to_string(axis.pad_end));
  }
  axis.out = slack / axis.stride + 1;
  if (!ceil_mode || slack % axis.stride == 0) return;
  if (axis.out * axis.stride < axis.in + axis.pad_begin) ++axis.out;
}

void require_elements(const WindowAxis& axis) {
  for (std::int64_t o = 0; o < axis.out; ++o) {
    const std::int64_t begin = o * axis.stride - axis.pad_begin;
    const std::int64_t before = std::max<std::int64_t>(0, -begin);
    const std::int64_t tap =
        (before + axis.dilation - 1) / axis.dilation;  // the first at 0 or behind it
    if (tap < axis.kernel && begin + tap * axis.dilation < axis.in) continue;
    throw Error("",
                "window " + std::to_string(o) + " lies in the padding alone (kernel " +
                    std::to_string(axis.kernel) + ", padding " + std::to_string(axis.pad_begin) +
                    " + " + std::to_string(axis.pad_end) + ")",
                "padding must be smaller than the window");
  }
}

}  // namespace

Shape WindowGeometry::output_shape(std::int64_t batch, std::int64_t channels) const {
  if (spatial_rank == 1) return Shape{batch, channels, horizontal.out};
  return Shape{batch, channels, vertical.out, horizontal.out};
}

void require_image(const Shape& x) {
  if (x.rank() != 3 && x.rank() != 4) {
    throw Error("", "the input's shape is " + x.text(),
                "[batch, channels, width] or [batch, channels, height, width] is supported");
  }
  for (const std::int64_t extent : x.extents()) {
    if (extent < 1) throw Error("", "the input's shape " + x.text() + " holds no elements");
  }
}

WindowGeometry window_geometry(const Attributes& attributes, const Shape& x,
                               const std::vector<std::int64_t>& kernel) {
  const std::size_t rank = x.rank() - 2;
  if (kernel.size() != rank) {
    throw Error(
        "",
        "the kernel " + list_text(kernel) + " has " + std::to_string(kernel.size()) + " extents",
        "the input " + x.text() + " has " + std::to_string(rank) + " spatial axes");
  }
  for (const std::int64_t extent : kernel) {
    if (extent < 1 || extent > kLargestExtent) {
      throw Error("", "the kernel " + list_text(kernel) + " holds " + std::to_string(extent),
                  "each extent must be at least 1 and at most 2^24");
    }
  }
  const auto strides = extents(attributes, "strides", rank, 1);
  const auto dilations = extents(attributes, "dilations", rank, 1);
  const auto pads = extents(attributes, "pads", 2 * rank, 0);
  const bool padded = std::any_of(pads.begin(), pads.end(), [](auto pad) { return pad != 0; });
  const std::string auto_pad = attributes.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID") {
    throw Error("", "auto_pad is '" + auto_pad + "'",
                "it must be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  }
  if (auto_pad != "NOTSET" && padded) {
    throw Error("", "pads " + list_text(pads) + " beside auto_pad " + auto_pad,
                "only one of the two can be given");
  }
  const bool ceil_mode = attributes.integer("ceil_mode", 0) != 0;

  std::array<WindowAxis, 2> axes;
  for (std::size_t i = 0; i < rank; ++i) {
    WindowAxis& axis = axes[2 - rank + i];
    axis = {x[2 + i], 1, kernel[i], strides[i], dilations[i], pads[i], pads[rank + i]};
    if (same) {
      pad_to_same(axis, auto_pad == "SAME_UPPER");
    } else {
      count_windows(axis, ceil_mode);
    }
  }
  return {axes[0], axes[1], rank};
}

void require_elements_in_windows(const WindowGeometry& geometry) {
  require_elements(geometry.vertical);
  require_elements(geometry.horizontal);
}

}  // namespace mantissa
