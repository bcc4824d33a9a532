#pragma once

#include <string_view>

/// The files that the page is made of, embedded by the build (cmake/charting.cmake).
namespace mantissa::page_assets {

extern const std::string_view kHtml;      ///< page/page.html
extern const std::string_view kStyle;     ///< page/page.css
extern const std::string_view kScript;    ///< page/*.js, in the order of their use
extern const std::string_view kCharting;  ///< Plotly's basic bundle; empty if the build had none

}  // namespace mantissa::page_assets
