#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "command_formats.h"
#include "kernels/dot_product.h"
#include "numeric/mac.h"
#include "support/files.h"
#include "support/json.h"

namespace mantissa {
namespace {

/// One line `c a1 b1 a2 b2 ...`.
struct DotOperands {
  float start = 0;
  std::vector<float> left;
  std::vector<float> right;
};

DotOperands read_dot(const std::string& line) {
  std::istringstream words(line);
  std::vector<float> numbers;
  for (std::string word; words >> word;) numbers.push_back(read_number(word));
  if (numbers.size() % 2 == 0) {
    throw Error("", "has " + std::to_string(numbers.size()) + " numbers",
                "write `c a1 b1 a2 b2 ...`: what the sum starts with, then pairs");
  }
  DotOperands operands;
  operands.start = numbers.front();
  for (std::size_t i = 1; i < numbers.size(); i += 2) {
    operands.left.push_back(numbers[i]);
    operands.right.push_back(numbers[i + 1]);
  }
  return operands;
}

Mac read_mac(const std::string& text) {
  if (!text.ends_with(".json")) return parse_mac(text);
  return mac_from_json(parse_json(read_file(text), text), text + "#");
}

/// The random words of a line are those of the chain with its number, from 0.
ExitCode dot_lines(const std::string& mac_text, std::uint64_t seed) {
  const Mac mac = read_mac(mac_text);
  std::string text;
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    try {
      const DotOperands operands = read_dot(line);
      const float sum = dot_product(operands.start, operands.left, operands.right, mac,
                                    RandomKey{seed}, number - 1);
      text += exact_text(static_cast<double>(sum)) + "\n";
    } catch (const Error& error) {
      throw error.within("line " + std::to_string(number));
    }
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return ExitCode::success;
}

struct Options {
  std::string mac;
  std::uint64_t seed = 0;
};

}  // namespace

void add_formats_dot(CLI::App& formats, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* dot = formats.add_subcommand(
      "dot",
      "sum the products on standard input (a line `c a1 b1 a2 b2 ...` is one sum; decimal or C hex "
      "floats), as training does");
  dot->add_option("mac", options->mac,
                  "how products are made and summed: a spelling (e5m10, kahan:bf16, h100-fp8) or "
                  "the path of a .json file")
      ->required();
  dot->add_option("--seed", options->seed, "of stochastic rounding")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  dot->callback([options, &action] {
    action = [options] { return dot_lines(options->mac, options->seed); };
  });
}

}  // namespace mantissa
