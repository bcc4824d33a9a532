#include "hostile_models.h"

#include <array>
#include <limits>

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "onnx_text.h"
#include "support/error.h"

namespace mantissa {
namespace {

TEST_CASE("models with hostile numbers, operators and names are refused or load") {
  const std::string bytes = model_of_many_operators();
  int loaded = 0;
  constexpr std::uint64_t kTrials = 4000;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    CAPTURE(trial);
    const std::string hostile = hostile_variant(bytes, RandomKey{11}.child(trial));
    try {
      prepare(parse_onnx(hostile, {}, "hostile.onnx"), 2);
      ++loaded;
    } catch (const Error& error) {
      CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
    }
  }
  MESSAGE(loaded << " of " << kTrials << " hostile models load");
  CHECK(loaded > 0);
}

}  // namespace
}  // namespace mantissa
