#include "command_formats.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "kernels/scaled_quantize.h"
#include "numeric/format_file.h"
#include "numeric/mac.h"
#include "report/precision_plot.h"
#include "support/files.h"
#include "support/text.h"

namespace mantissa {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// `text`, filled up with blanks to `width`, and two blanks.
std::string column(std::string_view text, std::size_t width) {
  std::string filled(text);
  if (filled.size() < width) filled.append(width - filled.size(), ' ');
  return filled + "  ";
}

std::string with_decimal(double value) {
  return column(shortest_decimal(value), 23) + exact_text(value);
}

const char* yes_or_no(bool value) {
  return value ? "yes" : "no";
}

double stored_bits(const Quantization& quantization) {
  return facts(quantization.format).storage_bits + quantization.scaling.bits_per_element();
}

/// The shipped files: those of each family, and those with scales, from few bits to many.
std::string library_text() {
  constexpr const char* kScaled = "shared scales";
  std::map<std::string, std::vector<FormatFile>> sections;
  for (const std::string& name : format_file_names()) {
    const FormatFile file = *find_format_file(name);
    const bool scales = file.quantization.scaling.scales();
    sections[scales ? kScaled : facts(file.quantization.format).family].push_back(file);
  }
  std::vector<std::string> order;
  for (const FormatFamily& family : families()) order.emplace_back(family.name);
  order.emplace_back(kScaled);
  std::string text =
      "\nFormats kept in files, which go by their names (bits of an element, spelling)\n";
  for (const std::string& section : order) {
    std::vector<FormatFile>& files = sections[section];
    std::stable_sort(files.begin(), files.end(), [](const FormatFile& a, const FormatFile& b) {
      return stored_bits(a.quantization) < stored_bits(b.quantization);
    });
    if (!files.empty()) text += " " + section + "\n";
    for (const FormatFile& file : files) {
      char bits[16];
      std::snprintf(bits, sizeof bits, "%5.4g", stored_bits(file.quantization));
      text += "  " + column(file.name, 22) + bits + "  " + spelling(file.quantization) + "\n";
    }
  }
  return text + "`mantissa formats show NAME` tells what a format is and where it comes from.\n";
}

ExitCode list() {
  std::string text = "Families of formats\n";
  for (const FormatFamily& family : families()) {
    text += "  " + column(family.pattern, 0) + "for instance " + std::string(family.example) +
            "\n      " + std::string(family.summary) + "\n      " + std::string(family.source) +
            "\n";
  }
  text += "\nAliases: fp32 = e8m23, tf32 = e8m10, bf16 = e8m7, fp16 = e5m10\n";
  text +=
      "Shared scales of weights, activations and errors (docs/numerics.md): " +
      join(scaled_names(), ", ") +
      ",\n  or any element with ` scale=`: e4m3fn scale=tensor, e2m1fin scale=block32:p2:even\n";
  text += "Roundings: rne (default), rna, rtz, rup, rdn, ro, sr, sr<R>\n";
  print(text + library_text());
  return ExitCode::success;
}

/// The bits of an element, or of which length they may be.
std::string storage_text(const Format& format, const FormatFacts& known) {
  const std::string longest = shortest_decimal(known.storage_bits) + " bits";
  const auto* unum = std::get_if<UnumFormat>(&format.parameters());
  if (unum == nullptr) return longest;
  return std::to_string(unum->value_bits(0)) + " to " + longest +
         "; `formats quantize --bits` tells the mean";
}

std::string facts_table(const Format& format) {
  const FormatFacts known = facts(format);
  std::vector<std::pair<std::string, std::string>> rows = {
      {"family", known.family},
      {"storage", storage_text(format, known)},
      {"exponent", std::to_string(known.exponent_bits) + " bits"},
      {"significand",
       std::to_string(known.significand_bits) + " bits" +
           (known.exponent_bits > 0 ? ", the hidden one included" : ", without the sign")},
      {"largest", with_decimal(known.max_finite)},
      {"most negative", with_decimal(known.min_finite)},
      {"smallest normal", with_decimal(known.min_normal)},
      {"smallest positive", with_decimal(known.min_positive)},
      {"epsilon",
       known.epsilon == 0 ? "1 is not a value with a successor" : with_decimal(known.epsilon)},
      {"finite values", std::to_string(known.finite_values)},
      {"infinity", yes_or_no(known.has_infinity)},
      {"NaN", yes_or_no(known.has_nan)},
      {"negative zero", yes_or_no(known.has_negative_zero)},
  };
  if (known.logarithm_bits > 0) {
    const int fraction = known.logarithm_bits - known.exponent_bits;
    rows[2] = {"logarithm", std::to_string(known.exponent_bits) + " integer bits"};
    rows[3] = {"", "up to " + std::to_string(fraction) + " fraction bits"};
  }
  if (const FloatFormat* parameters = format.as_float()) {
    rows.insert(rows.begin() + 3, {"bias", std::to_string(parameters->bias)});
  }
  std::string text;
  for (const auto& [name, value] : rows) text += "  " + column(name, 18) + value + "\n";
  return text;
}

/// Of a shipped or own file, empty if the name is none.
std::string file_text(const std::string& name) {
  const std::optional<FormatFile> file = find_format_file(name);
  if (!file) return {};
  return "  " + column("file", 18) + file->name + "\n  " + column("summary", 18) + file->summary +
         "\n  " + column("source", 18) + file->source + "\n";
}

ExitCode show_scaled(const Quantization& quantization, const std::string& name) {
  const Scaling& scaling = quantization.scaling;
  const double scale_bits = scaling.bits_per_element();
  std::string text = spelling(quantization) + "\n" + file_text(name) + "  " +
                     column("elements", 18) + spelling(quantization.format) + "\n  " +
                     column("scale", 18) + spelling(scaling) + "\n";
  if (scale_bits > 0) {
    text +=
        "  " + column("scale's storage", 18) + shortest_decimal(scale_bits) + " bits an element\n";
  }
  print(text + "of an element\n" + facts_table(quantization.format));
  return ExitCode::success;
}

ExitCode show(const std::string& name, bool values) {
  const Quantization quantization = parse_quantization(name);
  if (quantization.scaling.scales() && !values) return show_scaled(quantization, name);
  const Format& format = quantization.format;
  if (values) {
    const int bits = facts(format).code_bits;
    if (bits > 16) {
      throw Error("--values", "\"" + name + "\" has " + std::to_string(bits) + " bits",
                  "codes are listed for formats of up to 16 bits");
    }
    std::string text;
    for (std::uint32_t code = 0; code < (1U << bits); ++code) {
      text += std::to_string(code) + " " + exact_text(decode(format, code)) + "\n";
    }
    print(text);
    return ExitCode::success;
  }
  std::string text = spelling(format);
  if (display_name(format) != text) text += ", also " + display_name(format);
  text += "\n";
  print(text + file_text(name) + facts_table(format));
  return ExitCode::success;
}

/// Samples from the smallest number to the largest, many in each binade, of the distance of the
/// two members that they lie between.
std::vector<PrecisionSample> precision_samples(const Format& format) {
  constexpr int kInBinade = 32;
  // Of more bits than any member has, so that no sample is one.
  constexpr double kOffset = 0x1.23456789ABCDFp-1;
  const FormatFacts known = facts(format);
  std::vector<PrecisionSample> samples;
  for (int exponent = std::ilogb(known.min_positive); exponent <= std::ilogb(known.max_finite);
       ++exponent) {
    for (int i = 0; i < kInBinade; ++i) {
      const double magnitude = std::ldexp(1 + (i + kOffset) / kInBinade, exponent);
      if (magnitude < known.min_positive || magnitude > known.max_finite) continue;
      const double below = round_to_format(magnitude, format, {Rounding::toward_zero, 0});
      const double above = round_to_format(magnitude, format, {Rounding::up, 0});
      if (!std::isfinite(above) || above <= below) continue;
      samples.push_back({std::log2(magnitude), std::log2(2 * magnitude / (above - below))});
    }
  }
  return samples;
}

void plot(const std::string& name, const std::string& path) {
  const Format format = parse_quantization(name).format;
  const FormatFacts known = facts(format);
  PrecisionPlot plot;
  plot.title = name == spelling(format) ? name : name + " (" + spelling(format) + ")";
  plot.subtitle = shortest_decimal(known.storage_bits) + " bits, magnitudes from " +
                  shortest_decimal(known.min_positive) + " to " +
                  shortest_decimal(known.max_finite);
  plot.samples = precision_samples(format);
  plot.log2_min_normal = std::log2(known.min_normal);
  if (plot.samples.size() < 2) {
    throw Error("--plot", "\"" + name + "\" has too few numbers to plot their precision");
  }
  write_file_atomically(path, precision_svg(plot));
}

/// The numbers on standard input, one a line.
std::vector<float> read_numbers() {
  std::vector<float> numbers;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    try {
      numbers.push_back(read_number(line));
    } catch (const Error& error) {
      throw error.within("line " + std::to_string(numbers.size() + 1));
    }
  }
  return numbers;
}

ExitCode quantize_lines(const std::string& format, const std::string& rounding, std::uint64_t seed,
                        bool bits) {
  Quantization quantization = parse_quantization(format);
  if (!rounding.empty()) quantization.rounding = parse_rounding(rounding);
  std::vector<float> numbers = read_numbers();
  if (quantization.scaling.scales()) {
    // One row of a matrix, over which the product sums.
    Tensor row(Shape{1, static_cast<std::int64_t>(numbers.size())}, numbers);
    quantize_scaled(row, row, quantization, {}, RandomKey{seed}, max_magnitude(row));
    std::copy(row.values().begin(), row.values().end(), numbers.begin());
  } else {
    quantize(numbers, quantization, RandomKey{seed});
  }
  if (bits) {
    const double mean =
        mean_storage_bits(numbers, quantization.format) + quantization.scaling.bits_per_element();
    print(shortest_decimal(mean) + "\n");
    return ExitCode::success;
  }
  std::string text;
  for (const float number : numbers) text += exact_text(static_cast<double>(number)) + "\n";
  print(text);
  return ExitCode::success;
}

struct Options {
  std::string format;
  bool values = false;
  std::string plot;      ///< path of an SVG file; empty: none
  std::string rounding;  ///< empty: the format's own, rne unless it says another
  std::uint64_t seed = 0;
  bool bits = false;
};

constexpr const char* kFormatHelp =
    "a spelling (e4m3fn, mxfp4), an alias (bf16), the name of a shipped file or the path of a "
    ".json file";

}  // namespace

std::string exact_text(double value) {
  return std::isnan(value) ? "nan" : hex_float(value);
}

float read_number(const std::string& text) {
  parse_real(text);
  return std::strtof(text.c_str(), nullptr);
}

void add_formats_command(CLI::App& app, const CommonOptions& /*common*/, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* formats =
      app.add_subcommand("formats", "list number formats; show one; compute in one");
  formats->require_subcommand(0, 1);
  formats->callback([formats, &action] {
    if (formats->get_subcommands().empty()) action = list;
  });

  CLI::App* show_one =
      formats->add_subcommand("show", "range, precision and number of values of a format");
  show_one->add_option("format", options->format, kFormatHelp)->required();
  show_one->add_flag("--values", options->values,
                     "instead list `code value`, a line for each code; up to 16 bits");
  show_one->add_option("--plot", options->plot,
                       "also draw its precision over magnitude into this SVG file");
  show_one->callback([options, &action] {
    action = [options] {
      if (!options->plot.empty()) plot(options->format, options->plot);
      return show(options->format, options->values);
    };
  });

  CLI::App* quantize_some =
      formats->add_subcommand("quantize",
                              "round the numbers on standard input (one a line; decimal or C hex "
                              "float), as training rounds a tensor");
  quantize_some->add_option("format", options->format, kFormatHelp)->required();
  quantize_some
      ->add_option("--rounding", options->rounding,
                   "rne (default), rna, rtz, rup, rdn, ro, sr or sr<R>")
      ->capture_default_str();
  quantize_some->add_option("--seed", options->seed, "of stochastic rounding")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  quantize_some->add_flag("--bits", options->bits,
                          "instead print the bits of storage that a number takes, on average");
  quantize_some->callback([options, &action] {
    action = [options] {
      return quantize_lines(options->format, options->rounding, options->seed, options->bits);
    };
  });
  add_formats_dot(*formats, action);
}

}  // namespace mantissa
