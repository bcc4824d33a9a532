#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/graph.h"
#include "support/error.h"

/// libFuzzer's entry: any bytes become a network or an Error; anything else is a fault of ours.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    mantissa::prepare(mantissa::parse_onnx(bytes, {}, "fuzz.onnx"), 2);
  } catch (const mantissa::Error&) {
    return 0;
  }
  return 0;
}
