#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "support/random.h"
#include "tensor/tensor.h"

namespace mantissa {

/// Labelled samples in memory. Pixels are kept as bytes where the source has bytes (a quarter of
/// the memory) and become binary32 in `gather`.
struct Dataset {
  std::string name;
  Shape sample_shape;  ///< [channels, height, width]
  std::int64_t classes = 0;
  std::vector<std::string> class_names;
  std::vector<std::uint8_t> pixels;  ///< [samples, channels, height, width]
  std::vector<std::int32_t> labels;  ///< [samples], in [0, classes)
  std::string sha256;                ///< of shape, pixels and labels

  std::int64_t samples() const { return static_cast<std::int64_t>(labels.size()); }
};

/// Training and test part as the source has them.
struct DataSource {
  Dataset training;
  Dataset test;
  std::string
      description;  ///< one line for people: where it came from, and what was fallen back to
};

/// value = (pixel / 255 - mean) / standard_deviation, per channel.
struct Normalization {
  std::vector<float> mean;
  std::vector<float> standard_deviation;
};

/// Mean and standard deviation of each channel of the samples named by `indices` (at least one),
/// over pixel / 255. The deviation of a channel with a single value is given as 1.
Normalization measure_normalization(const Dataset& dataset, std::span<const std::int32_t> indices);

/// Random changes to training images, drawn anew for each (epoch, sample).
struct Augmentation {
  int max_shift = 0;  ///< pixels up, down, left, right; what moves in is black (pixel 0)
  bool flip = false;  ///< mirror left to right with probability 1/2
};

/// Copies the samples named by `indices` into `batch` [indices, channels, height, width],
/// normalised; with augmentation from the random words of (key, sample index): the same sample
/// under the same key is changed the same way wherever in a batch it stands, so the caller's key
/// names the epoch. `batch` is resized.
void gather(const Dataset& dataset, std::span<const std::int32_t> indices,
            const Normalization& normalization, const Augmentation& augmentation, RandomKey key,
            Tensor& batch);

/// 0..count-1 in a random order that depends on the key alone (Fisher-Yates).
std::vector<std::int32_t> shuffled(std::int64_t count, RandomKey key);

/// Indices into a training set: two disjoint parts with the classes in equal proportion
/// (stratified), each in random order.
struct Split {
  std::vector<std::int32_t> training;
  std::vector<std::int32_t> validation;
};
/// Throws Error if the data set has fewer than training_count + validation_count samples, or either
/// is not positive.
Split split(const Dataset& dataset, std::int64_t training_count, std::int64_t validation_count,
            RandomKey key);

/// The four IDX files (gzip or plain) of MNIST's layout in `folder`: train-images-idx3-ubyte[.gz]
/// ... t10k-labels-idx1-ubyte[.gz]. Classes are as many as the training part's largest label plus
/// one. Throws Error naming the file: missing, truncated, corrupt, wrong magic, absurd sizes, image
/// and label counts that differ, a test label that training does not have.
DataSource load_idx(const std::filesystem::path& folder);

/// UCI optical digits, 8x8, 1,797 samples (Alpaydin & Kaynak 1998), from the CSV shipped in
/// `data/digits.csv.gz`: the last 360 samples are the test set.
DataSource load_digits(const std::filesystem::path& csv);

/// CIFAR-10 binary records (label byte, 3x32x32 bytes channel-major): every `data_batch_*.bin` (or
/// `train*.bin`) of `folder` in order of name is training, `test*.bin` is test. Throws Error naming
/// the file.
DataSource load_cifar10(const std::filesystem::path& folder);

/// A data set by name: `fashion-mnist` (Debian's folder /usr/share/datasets/fashion-mnist, or
/// `folder` if given), `digits`, `mnist-idx`, `cifar10`
/// (`folder` required). `fallback`, if not empty, is loaded instead where the files of `name` do
/// not exist; `description` then says so. Throws Error naming the data set and what to install.
DataSource load_dataset(const std::string& name, const std::filesystem::path& folder,
                        const std::string& fallback);

/// The samples resized to height x width by bilinear interpolation (pixel centres aligned), rounded
/// to bytes; for a fallback data set whose images are smaller than the network's input.
Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width);

}  // namespace mantissa
