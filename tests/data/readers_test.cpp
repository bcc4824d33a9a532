#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>

#include <doctest/doctest.h>
#include <zlib.h>

#include "data/dataset.h"
#include "support/error.h"
#include "support/files.h"
#include "support/temporary_folder.h"
#include "support/text.h"

namespace mantissa {
namespace {

namespace fs = std::filesystem;

std::string word(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(bytes.size() + 1024, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// The bytes of the four files of a data set of 2x3 images whose pixels count up and whose labels
/// go round 0, 1, 2.
struct IdxFiles {
  std::array<std::string, 4> bytes = {images(6), labels(6), images(3), labels(3)};
  std::string suffix;

  static std::string images(std::uint32_t count) {
    std::string text = word(0x803) + word(count) + word(2) + word(3);
    for (std::uint32_t i = 0; i < count * 6; ++i) text += static_cast<char>(i);
    return text;
  }
  static std::string labels(std::uint32_t count) {
    std::string text = word(0x801) + word(count);
    for (std::uint32_t i = 0; i < count; ++i) text += static_cast<char>(i % 3);
    return text;
  }
  void write(const TemporaryFolder& folder) const {
    static constexpr std::array kNames = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                          "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    for (std::size_t i = 0; i < 4; ++i) folder.write(kNames[i] + suffix, bytes[i]);
  }
};

/// The text of the error that `action` throws; fails the test if it throws none.
std::string error_text(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.exit_code() == ExitCode::bad_input);
    return error.what();
  }
  FAIL_CHECK("no error was thrown");
  return {};
}

/// Reads the files and demands an error that names `file` and contains `fault`.
void check_idx_fault(const IdxFiles& files, const std::string& file, const std::string& fault) {
  const TemporaryFolder folder;
  files.write(folder);
  const std::string text = error_text([&] { load_idx(folder.path()); });
  INFO(text);
  CHECK(text.starts_with((folder.path() / file).string()));
  CHECK(text.find(fault) != std::string::npos);
}

TEST_CASE("IDX files are read alike plain and gzipped") {
  const TemporaryFolder plain;
  const TemporaryFolder zipped;
  IdxFiles files;
  files.write(plain);
  for (std::string& bytes : files.bytes) bytes = gzip(bytes);
  files.suffix = ".gz";
  files.write(zipped);
  const DataSource a = load_idx(plain.path());
  const DataSource b = load_idx(zipped.path());
  CHECK(a.training.sample_shape == Shape{1, 2, 3});
  CHECK(a.training.samples() == 6);
  CHECK(a.test.samples() == 3);
  CHECK(a.training.classes == 3);
  CHECK(a.training.labels == std::vector<std::int32_t>{0, 1, 2, 0, 1, 2});
  CHECK(a.training.pixels[13] == 13);
  CHECK(a.training.pixels == b.training.pixels);
  CHECK(a.training.sha256 == b.training.sha256);
  CHECK(a.training.sha256 != a.test.sha256);
}

TEST_CASE("an IDX file cut anywhere is refused by name") {
  const IdxFiles whole;
  for (std::size_t file = 0; file < 4; ++file) {
    for (std::size_t size = 0; size < whole.bytes[file].size(); ++size) {
      IdxFiles files;
      files.bytes[file].resize(size);
      const TemporaryFolder folder;
      files.write(folder);
      CHECK_THROWS_AS(load_idx(folder.path()), Error);
    }
  }
  IdxFiles files;
  files.bytes[0].pop_back();
  check_idx_fault(files, "train-images-idx3-ubyte", "is truncated");
}

TEST_CASE("a gzipped IDX file cut or damaged anywhere is refused") {
  IdxFiles whole;
  for (std::string& bytes : whole.bytes) bytes = gzip(bytes);
  whole.suffix = ".gz";
  for (std::size_t i = 0; i < whole.bytes[0].size(); ++i) {
    IdxFiles cut = whole;
    cut.bytes[0].resize(i);
    const TemporaryFolder folder;
    cut.write(folder);
    CHECK_THROWS_AS(load_idx(folder.path()), Error);
  }
  IdxFiles damaged = whole;
  damaged.bytes[2][damaged.bytes[2].size() / 2] ^= 0x10;
  check_idx_fault(damaged, "t10k-images-idx3-ubyte.gz", "truncated or not a valid gzip file");
}

TEST_CASE("an IDX file of the wrong kind is refused by its magic number") {
  IdxFiles files;
  std::swap(files.bytes[0], files.bytes[1]);
  check_idx_fault(files, "train-images-idx3-ubyte", "not an IDX file of images");
}

TEST_CASE("headers with absurd sizes are refused without taking memory for them") {
  IdxFiles files;
  files.bytes[0] = word(0x803) + word(0x80000000U) + word(28) + word(28) + std::string(784, 'x');
  check_idx_fault(files, "train-images-idx3-ubyte", "2147483648 images");
  files.bytes[0] = word(0x803) + word(0xFFFFFFFFU) + word(0xFFFFFFFFU) + word(0xFFFFFFFFU);
  check_idx_fault(files, "train-images-idx3-ubyte", "absurd header");
  files.bytes[0] = word(0x803) + word(0) + word(28) + word(28);
  check_idx_fault(files, "train-images-idx3-ubyte", "is empty");
  files.bytes[0] = word(0x803) + word(5) + word(0) + word(28);
  check_idx_fault(files, "train-images-idx3-ubyte", "is empty");
}

TEST_CASE("bytes beyond what the IDX header promises are refused") {
  IdxFiles files;
  files.bytes[3] += 'x';
  check_idx_fault(files, "t10k-labels-idx1-ubyte", "has extra bytes");
}

TEST_CASE("image and label counts of IDX files must agree") {
  IdxFiles files;
  files.bytes[1] = IdxFiles::labels(5);
  check_idx_fault(files, "train-labels-idx1-ubyte", "5 labels for 6 images");
}

TEST_CASE("a test label that training does not have is refused") {
  IdxFiles files;
  files.bytes[3].back() = 7;
  check_idx_fault(files, "t10k-labels-idx1-ubyte", "holds label 7");
}

TEST_CASE("a missing IDX file is named") {
  const TemporaryFolder folder;
  IdxFiles().write(folder);
  fs::remove(folder.path() / "t10k-labels-idx1-ubyte");
  CHECK(error_text([&] { load_idx(folder.path()); }).find("t10k-labels-idx1-ubyte") !=
        std::string::npos);
}

TEST_CASE("Fashion-MNIST's folder with an eleventh class is refused") {
  const TemporaryFolder folder;
  IdxFiles files;
  files.bytes[1].back() = 10;
  files.write(folder);
  CHECK(error_text([&] { load_dataset("fashion-mnist", folder.path(), ""); }).find("label 10") !=
        std::string::npos);
}

TEST_CASE("the shipped digits are the 1,797 samples of the UCI test part") {
  const DataSource source = load_digits(fs::path(MANTISSA_SOURCE_DIR) / "data" / "digits.csv.gz");
  CHECK(source.training.samples() == 1437);
  CHECK(source.test.samples() == 360);
  CHECK(source.training.sample_shape == Shape{1, 8, 8});
  std::array<int, 10> counts{};
  for (const Dataset* part : {&source.training, &source.test}) {
    for (const std::int32_t label : part->labels) ++counts[static_cast<std::size_t>(label)];
  }
  // The class counts in the data set's own description.
  CHECK(counts == std::array<int, 10>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  // Its first line: 0,0,5,13,9,1,0,0, ... ,0.
  CHECK(source.training.pixels[2] == 80);  // 5 * 255 / 16 = 79.7
  CHECK(source.training.pixels[3] == 207);
  CHECK(source.training.labels[0] == 0);
  CHECK(std::ranges::count(source.training.pixels, 255) > 0);
}

TEST_CASE("a digits file with a bad line is refused by line") {
  const std::string line = [] {
    std::string text;
    for (int i = 0; i < 64; ++i) text += "16,";
    text += "9\n";
    return text;
  }();
  std::string text;
  for (int i = 0; i < 400; ++i) text += line;
  const TemporaryFolder folder;
  CHECK(load_digits(folder.write("good.csv", text)).training.samples() == 40);
  for (const std::string& bad :
       {"17" + line.substr(2), line.substr(3), "16," + line, "-1" + line.substr(2),
        "x" + line.substr(1), line.substr(0, line.size() - 2) + "10\n", std::string("\n"),
        line.substr(0, line.size() - 1) + ",\n"}) {
    INFO(bad);
    const fs::path file = folder.write("bad.csv", join(std::array{line, bad, text}, ""));
    CHECK(error_text([&] { load_digits(file); }).starts_with(file.string() + ":2"));
  }
  const fs::path few = folder.write("few.csv", line);
  CHECK(error_text([&] { load_digits(few); }).find("1 lines") != std::string::npos);
}

std::string cifar_record(int label, int pixel) {
  return static_cast<char>(label) + std::string(3072, static_cast<char>(pixel));
}

TEST_CASE("CIFAR-10 batches are read in order of name") {
  const TemporaryFolder folder;
  folder.write("data_batch_2.bin", cifar_record(2, 20));
  folder.write("data_batch_1.bin", cifar_record(1, 10) + cifar_record(9, 11));
  folder.write("test_batch.bin", cifar_record(3, 200));
  folder.write("readme.html", "not a batch");
  const DataSource source = load_cifar10(folder.path());
  CHECK(source.training.labels == std::vector<std::int32_t>{1, 9, 2});
  CHECK(source.training.pixels[0] == 10);
  CHECK(source.training.pixels[3 * 3072 - 1] == 20);
  CHECK(source.test.labels == std::vector<std::int32_t>{3});
  CHECK(source.test.class_names[3] == "cat");
}

TEST_CASE("damaged CIFAR-10 batches are refused by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(load_cifar10(folder.path()), Error);
  folder.write("data_batch_1.bin", cifar_record(1, 10));
  CHECK(error_text([&] { load_cifar10(folder.path()); }).find("no test*.bin") != std::string::npos);
  const fs::path test = folder.write("test_batch.bin", cifar_record(1, 10) + "x");
  CHECK(error_text([&] { load_cifar10(folder.path()); }).starts_with(test.string()));
  folder.write("test_batch.bin", "");
  CHECK(error_text([&] { load_cifar10(folder.path()); }).starts_with(test.string()));
  folder.write("test_batch.bin", cifar_record(1, 10) + cifar_record(10, 10));
  CHECK(error_text([&] { load_cifar10(folder.path()); }).find("record 1 has label 10") !=
        std::string::npos);
}

TEST_CASE("a data set that is not installed is replaced by the fallback, which says so") {
  const TemporaryFolder empty;
  const DataSource source = load_dataset("fashion-mnist", empty.path(), "digits");
  CHECK(source.training.name == "digits");
  CHECK(source.description.find("in place of fashion-mnist") != std::string::npos);
  const std::string text = error_text([&] { load_dataset("fashion-mnist", empty.path(), ""); });
  CHECK(text.find("apt-get install dataset-fashion-mnist") != std::string::npos);
  CHECK(load_dataset("cifar10", "", "digits").training.name == "digits");
  CHECK_THROWS_AS(load_dataset("cifar10", "", ""), Error);
  CHECK_THROWS_AS(load_dataset("digits", empty.path(), "digits"), Error);
}

TEST_CASE("a data set that is half there is an error, not a reason to fall back") {
  const TemporaryFolder folder;
  IdxFiles().write(folder);
  fs::remove(folder.path() / "train-labels-idx1-ubyte");
  CHECK_THROWS_AS(load_dataset("fashion-mnist", folder.path(), "digits"), Error);
}

TEST_CASE("an unknown data set is refused with the nearest name") {
  CHECK(error_text([] { load_dataset("fashion-mnits", "", ""); }).find("\"fashion-mnist\"") !=
        std::string::npos);
  CHECK(error_text([] { load_dataset("imagenet", "", ""); }).find("known are") !=
        std::string::npos);
  CHECK_THROWS_AS(load_dataset("digits", "", "digitz"), Error);
}

TEST_CASE("Fashion-MNIST of Debian has 60,000 and 10,000 images, a tenth of each class") {
  const fs::path folder = "/usr/share/datasets/fashion-mnist";
  if (!fs::exists(folder)) {
    MESSAGE("skipped: Debian's dataset-fashion-mnist is not installed");
    return;
  }
  const DataSource source = load_dataset("fashion-mnist", "", "");
  CHECK(source.training.samples() == 60000);
  CHECK(source.test.samples() == 10000);
  CHECK(source.training.sample_shape == Shape{1, 28, 28});
  CHECK(source.training.class_names[9] == "Ankle boot");
  for (std::int32_t label = 0; label < 10; ++label) {
    CHECK(std::ranges::count(source.training.labels, label) == 6000);
    CHECK(std::ranges::count(source.test.labels, label) == 1000);
  }
  // Mean and deviation that the literature gives: 0.2860 and 0.3530.
  const auto all = shuffled(source.training.samples(), RandomKey{1});
  const Normalization normalization = measure_normalization(source.training, all);
  CHECK(double{normalization.mean[0]} == doctest::Approx(0.2860).epsilon(0.0005));
  CHECK(double{normalization.standard_deviation[0]} == doctest::Approx(0.3530).epsilon(0.0005));
}

TEST_CASE("CIFAR-10 has ten classes of 3x32x32 images") {
  const char* folder = std::getenv("MANTISSA_TEST_DATA");  // NOLINT(concurrency-mt-unsafe)
  if (folder == nullptr || !fs::exists(fs::path(folder) / "cifar10")) {
    MESSAGE("skipped: MANTISSA_TEST_DATA names no folder with cifar10/");
    return;
  }
  const DataSource source = load_dataset("cifar10", fs::path(folder) / "cifar10", "");
  CHECK(source.training.samples() >= 1000);
  CHECK(source.training.sample_shape == Shape{3, 32, 32});
  const auto all = shuffled(source.training.samples(), RandomKey{1});
  const Normalization normalization = measure_normalization(source.training, all);
  // Means that the literature gives for the whole of it: 0.4914, 0.4822, 0.4465.
  CHECK(double{normalization.mean[0]} == doctest::Approx(0.4914).epsilon(0.01));
  CHECK(double{normalization.mean[1]} == doctest::Approx(0.4822).epsilon(0.01));
  CHECK(double{normalization.mean[2]} == doctest::Approx(0.4465).epsilon(0.01));
}

}  // namespace
}  // namespace mantissa
