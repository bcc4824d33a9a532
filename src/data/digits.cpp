#include <charconv>
#include <string_view>

#include "data/dataset.h"
#include "data/reader.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

constexpr std::int64_t kSide = 8;
constexpr std::int64_t kPixels = kSide * kSide;
constexpr std::int64_t kClasses = 10;
constexpr int kFullInk = 16;  // a pixel counts the black ones of a 4x4 block
constexpr std::int64_t kTestSamples = 360;

/// Reads the comma-separated integers of one line, each in [0, 16], into `values`; false if they
/// are not exactly 65 such numbers.
bool parse_line(std::string_view line, std::vector<int>& values) {
  values.clear();
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const char* position = line.data();
  const char* end = line.data() + line.size();
  while (position != end) {
    int value = 0;
    const auto [rest, fault] = std::from_chars(position, end, value);
    if (fault != std::errc() || value < 0 || value > kFullInk) return false;
    values.push_back(value);
    if (rest == end) break;
    if (*rest != ',' || rest + 1 == end) return false;
    position = rest + 1;
  }
  return values.size() == kPixels + 1 && values.back() < kClasses;
}

void append(Dataset& part, const std::vector<int>& values) {
  for (std::size_t i = 0; i < kPixels; ++i) {
    part.pixels.push_back(static_cast<std::uint8_t>((values[i] * 255 + kFullInk / 2) / kFullInk));
  }
  part.labels.push_back(values.back());
}

}  // namespace

DataSource load_digits(const std::filesystem::path& csv) {
  const std::string text = read_file_or_gzip(csv, kLargestDataFile);
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  if (lines.size() <= kTestSamples) {
    throw Error(csv.string(), "has " + std::to_string(lines.size()) + " lines; the last " +
                                  std::to_string(kTestSamples) +
                                  " are the test part, so more are needed");
  }
  DataSource source;
  std::vector<int> values;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!parse_line(lines[i], values)) {
      throw Error(csv.string() + ":" + std::to_string(i + 1),
                  "is not 64 pixels from 0 to 16 and a digit, separated by commas");
    }
    append(i + kTestSamples < lines.size() ? source.training : source.test, values);
  }
  for (Dataset* part : {&source.training, &source.test}) {
    part->name = "digits";
    part->sample_shape = {1, kSide, kSide};
    part->classes = kClasses;
    part->class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    seal(*part);
  }
  source.description = "UCI handwritten digits: " + count_text(source);
  return source;
}

}  // namespace mantissa
