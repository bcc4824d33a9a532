#include <algorithm>
#include <string_view>

#include "data/dataset.h"
#include "data/reader.h"
#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace mantissa {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kClasses = 10;
constexpr std::size_t kImageBytes = std::size_t{3} * 32 * 32;
constexpr std::size_t kRecordBytes = 1 + kImageBytes;

void append_records(const fs::path& path, Dataset& dataset) {
  const std::string bytes = read_file_or_gzip(path, kLargestDataFile);
  if (bytes.empty() || bytes.size() % kRecordBytes != 0) {
    throw Error(path.string(), "is empty or truncated: " + std::to_string(bytes.size()) +
                                   " bytes are not whole records of " +
                                   std::to_string(kRecordBytes));
  }
  for (std::size_t at = 0; at < bytes.size(); at += kRecordBytes) {
    const int label = static_cast<unsigned char>(bytes[at]);
    if (label >= kClasses) {
      throw Error(path.string(), "record " + std::to_string(at / kRecordBytes) + " has label " +
                                     std::to_string(label) + "; CIFAR-10 has labels 0 to 9");
    }
    dataset.labels.push_back(label);
    const auto* image = reinterpret_cast<const std::uint8_t*>(bytes.data()) + at + 1;
    dataset.pixels.insert(dataset.pixels.end(), image, image + kImageBytes);
  }
}

Dataset load_part(const std::vector<fs::path>& files) {
  Dataset dataset;
  dataset.name = "cifar10";
  dataset.sample_shape = {3, 32, 32};
  dataset.classes = kClasses;
  dataset.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                         "dog",      "frog",       "horse", "ship", "truck"};
  for (const fs::path& file : files) append_records(file, dataset);
  seal(dataset);
  return dataset;
}

}  // namespace

Cifar10Files find_cifar10_files(const fs::path& folder) {
  Cifar10Files files;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(folder, status)) {
    const std::string name = entry.path().filename().string();
    if (matches_glob(name, "data_batch_*.bin") || matches_glob(name, "train*.bin")) {
      files.training.push_back(entry.path());
    } else if (matches_glob(name, "test*.bin")) {
      files.test.push_back(entry.path());
    }
  }
  std::sort(files.training.begin(), files.training.end());
  std::sort(files.test.begin(), files.test.end());
  return files;
}

DataSource load_cifar10(const fs::path& folder) {
  const Cifar10Files files = find_cifar10_files(folder);
  if (files.training.empty() || files.test.empty()) {
    throw Error(folder.string(),
                files.training.empty() ? "holds no data_batch_*.bin" : "holds no test*.bin",
                "unpack cifar-10-binary.tar.gz there");
  }
  DataSource source;
  source.training = load_part(files.training);
  source.test = load_part(files.test);
  source.description = "CIFAR-10 from " + folder.string() + ": " + count_text(source);
  return source;
}

}  // namespace mantissa
