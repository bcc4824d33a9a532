#include <algorithm>
#include <array>

#include "data/dataset.h"
#include "data/reader.h"
#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace mantissa {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";

bool has_any_idx_file(const fs::path& folder) {
  return std::ranges::any_of(idx_file_names(), [&](std::string_view name) {
    return !find_plain_or_gzip(folder, name).empty();
  });
}

bool has_cifar10(const fs::path& folder) {
  const Cifar10Files files = find_cifar10_files(folder);
  return !files.training.empty() || !files.test.empty();
}

fs::path digits_file(const fs::path& folder) {
  return (folder.empty() ? data_directory() / "data" : folder) / "digits.csv.gz";
}

bool has_digits(const fs::path& folder) {
  std::error_code status;
  return fs::exists(digits_file(folder), status);
}

DataSource load_fashion_mnist(const fs::path& folder) {
  DataSource source = load_idx(folder);
  const std::vector<std::string> class_names = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                                "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                                "Bag",         "Ankle boot"};
  for (Dataset* part : {&source.training, &source.test}) {
    if (part->classes > std::ssize(class_names)) {
      throw Error(folder.string(), "holds label " + std::to_string(part->classes - 1) +
                                       "; Fashion-MNIST has labels 0 to 9");
    }
    part->name = "fashion-mnist";
    part->class_names = class_names;
    part->classes = std::ssize(class_names);
    seal(*part);
  }
  source.description = "Fashion-MNIST from " + source.description;
  return source;
}

/// A data set that `load_dataset` knows.
struct KnownDataset {
  const char* name;
  const char* default_folder;  ///< nullptr: the user must name one
  bool (*exists)(const fs::path& folder);
  DataSource (*load)(const fs::path& folder);
  const char* remedy;  ///< what to do where the files do not exist
};

constexpr std::array<KnownDataset, 4> kKnown = {{
    {"fashion-mnist", kFashionFolder, has_any_idx_file, load_fashion_mnist,
     "apt-get install dataset-fashion-mnist"},
    {"digits", "", has_digits,
     [](const fs::path& folder) { return load_digits(digits_file(folder)); },
     "it is shipped as data/digits.csv.gz; set MANTISSA_DATA_DIR to the folder above"},
    {"mnist-idx", nullptr, has_any_idx_file, load_idx,
     "name the folder that holds train-images-idx3-ubyte[.gz] and its three companions"},
    {"cifar10", nullptr, has_cifar10, load_cifar10,
     "name the folder cifar-10-batches-bin of cifar-10-binary.tar.gz"},
}};

const KnownDataset& find_known(const std::string& name) {
  std::vector<std::string> names;
  for (const KnownDataset& known : kKnown) {
    if (name == known.name) return known;
    names.emplace_back(known.name);
  }
  throw Error("", "no data set is called \"" + name + "\"", suggestion(name, names));
}

}  // namespace

DataSource load_dataset(const std::string& name, const fs::path& folder,
                        const std::string& fallback) {
  const KnownDataset& known = find_known(name);
  if (!fallback.empty()) find_known(fallback);
  const bool placed = !folder.empty() || known.default_folder != nullptr;
  const fs::path place = folder.empty() && placed ? fs::path(known.default_folder) : folder;
  if (placed && known.exists(place)) return known.load(place);
  const std::string absence =
      placed ? "no files in \"" + place.string() + "\"" : "no folder is named for it";
  if (fallback.empty() || fallback == name) throw Error(name, absence, known.remedy);
  DataSource source = load_dataset(fallback, {}, {});
  source.description +=
      " (in place of " + name + ": " + absence + "; " + std::string(known.remedy) + ")";
  return source;
}

}  // namespace mantissa
