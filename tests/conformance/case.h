#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mantissa::conformance {

enum class Verdict { passed, failed, skipped };

struct Outcome {
  std::string subject;  ///< operator of a model with one node; `fold <operator>`; `models`
  std::string folder;
  Verdict verdict = Verdict::passed;
  std::string reason;  ///< why it was skipped (few different texts) or how it failed
};

/// Runs one folder of ONNX's test data (model.onnx, test_data_set_*/input_*.pb, output_*.pb) node
/// by node through our operators, with the tolerance of ONNX's own runner (relative 1e-3, absolute
/// 1e-7).
///
/// Integer inputs, and inputs that operators take as settings, are given to the operators as
/// constants. A model whose single node can be folded is run through constant folding as well, as a
/// second outcome. Only what is of `subject` is run, unless that is empty.
std::vector<Outcome> run_case(const std::filesystem::path& folder, std::string_view subject);

}  // namespace mantissa::conformance
