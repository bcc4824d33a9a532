#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace mantissa {

/// No file of a data set may be larger than this once inflated, so that a damaged or hostile file
/// cannot take the machine's memory.
inline constexpr std::size_t kLargestDataFile = std::size_t{1} << 30;

/// Fills `sha256` from pixels, labels and shape. Every reader ends with it.
void seal(Dataset& dataset);

/// "60000 training and 10000 test samples of [1, 28, 28]".
std::string count_text(const DataSource& source);

/// The four file names of MNIST's layout, without ".gz".
std::span<const std::string_view> idx_file_names();

/// `folder`/`name`, else `folder`/`name`.gz, whichever exists; empty if neither does.
std::filesystem::path find_plain_or_gzip(const std::filesystem::path& folder,
                                         std::string_view name);

/// The files of CIFAR-10's binary layout in `folder`, in order of name; empty lists where there are
/// none.
struct Cifar10Files {
  std::vector<std::filesystem::path> training;
  std::vector<std::filesystem::path> test;
};
Cifar10Files find_cifar10_files(const std::filesystem::path& folder);

}  // namespace mantissa
