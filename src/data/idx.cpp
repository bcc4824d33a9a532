#include <algorithm>
#include <array>
#include <string_view>

#include "data/dataset.h"
#include "data/reader.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kFileNames = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};

// The magic of an IDX file: two zero bytes, the type (8: unsigned bytes), the number of extents.
constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;

// Larger images are not of this layout's kind, and a header that claims them is damaged.
constexpr std::uint32_t kLargestSide = 4096;

std::uint32_t big_endian(std::string_view bytes, std::size_t position) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[position + i]);
  }
  return value;
}

fs::path require_file(const fs::path& folder, std::string_view name) {
  fs::path path = find_plain_or_gzip(folder, name);
  if (path.empty()) {
    throw Error((folder / name).string(), "does not exist, neither plain nor as .gz");
  }
  return path;
}

/// The file's bytes after its magic number has been found right and its header whole.
std::string read_idx(const fs::path& path, std::uint32_t magic, std::size_t header_bytes,
                     std::string_view kind) {
  std::string bytes = read_file_or_gzip(path, kLargestDataFile);
  if (bytes.size() >= 4 && big_endian(bytes, 0) != magic) {
    throw Error(path.string(), "is not an IDX file of " + std::string(kind) +
                                   ": its magic number is " + std::to_string(big_endian(bytes, 0)) +
                                   ", not " + std::to_string(magic));
  }
  if (bytes.size() < header_bytes) {
    throw Error(path.string(), "is truncated: " + std::to_string(bytes.size()) +
                                   " bytes, and an IDX header of " + std::string(kind) + " has " +
                                   std::to_string(header_bytes));
  }
  return bytes;
}

void require_payload(const fs::path& path, std::size_t present, std::uint64_t promised,
                     const std::string& promise) {
  if (present == promised) return;
  throw Error(path.string(), std::string(present < promised ? "is truncated" : "has extra bytes") +
                                 ": its header promises " + promise + ", which take " +
                                 std::to_string(promised) + " bytes, and " +
                                 std::to_string(present) + " follow");
}

void read_images(const fs::path& path, Dataset& dataset) {
  constexpr std::size_t kHeader = 16;
  const std::string bytes = read_idx(path, kImagesMagic, kHeader, "images");
  const std::uint32_t count = big_endian(bytes, 4);
  const std::uint32_t height = big_endian(bytes, 8);
  const std::uint32_t width = big_endian(bytes, 12);
  const std::string promise = std::to_string(count) + " images of " + std::to_string(height) +
                              " x " + std::to_string(width) + " pixels";
  if (count == 0 || height == 0 || width == 0) {
    throw Error(path.string(), "is empty: its header promises " + promise);
  }
  if (height > kLargestSide || width > kLargestSide) {
    throw Error(path.string(), "has an absurd header: it promises " + promise);
  }
  require_payload(path, bytes.size() - kHeader, std::uint64_t{count} * height * width, promise);
  dataset.sample_shape = {1, height, width};
  dataset.pixels.assign(bytes.begin() + kHeader, bytes.end());
}

void read_labels(const fs::path& path, Dataset& dataset) {
  constexpr std::size_t kHeader = 8;
  const std::string bytes = read_idx(path, kLabelsMagic, kHeader, "labels");
  const std::uint32_t count = big_endian(bytes, 4);
  require_payload(path, bytes.size() - kHeader, count, std::to_string(count) + " labels");
  const auto images =
      dataset.pixels.size() / static_cast<std::size_t>(dataset.sample_shape.elements());
  if (count != images) {
    throw Error(path.string(), "holds " + std::to_string(count) + " labels for " +
                                   std::to_string(images) + " images");
  }
  dataset.labels.reserve(count);
  for (std::size_t i = kHeader; i < bytes.size(); ++i) {
    dataset.labels.push_back(static_cast<unsigned char>(bytes[i]));
  }
}

std::int32_t largest_label(const Dataset& dataset) {
  return *std::max_element(dataset.labels.begin(), dataset.labels.end());
}

}  // namespace

std::span<const std::string_view> idx_file_names() {
  return kFileNames;
}

fs::path find_plain_or_gzip(const fs::path& folder, std::string_view name) {
  std::error_code status;
  fs::path plain = folder / name;
  if (fs::exists(plain, status)) return plain;
  fs::path zipped = folder / (std::string(name) + ".gz");
  if (fs::exists(zipped, status)) return zipped;
  return {};
}

DataSource load_idx(const fs::path& folder) {
  DataSource source;
  read_images(require_file(folder, kFileNames[0]), source.training);
  read_labels(require_file(folder, kFileNames[1]), source.training);
  const fs::path test_images = require_file(folder, kFileNames[2]);
  const fs::path test_labels = require_file(folder, kFileNames[3]);
  read_images(test_images, source.test);
  read_labels(test_labels, source.test);
  if (source.test.sample_shape != source.training.sample_shape) {
    throw Error(test_images.string(), "holds samples of " + source.test.sample_shape.text() +
                                          ", the training part " +
                                          source.training.sample_shape.text());
  }
  const std::int64_t classes = std::int64_t{largest_label(source.training)} + 1;
  if (largest_label(source.test) >= classes) {
    throw Error(test_labels.string(), "holds label " + std::to_string(largest_label(source.test)) +
                                          ", and the training part's labels end at " +
                                          std::to_string(classes - 1));
  }
  for (Dataset* part : {&source.training, &source.test}) {
    part->name = folder.filename().string();
    part->classes = classes;
    for (std::int64_t label = 0; label < classes; ++label) {
      part->class_names.push_back(std::to_string(label));
    }
    seal(*part);
  }
  source.description = folder.string() + ": " + count_text(source);
  return source;
}

}  // namespace mantissa
