#include <bit>
#include <string_view>

#include "data/reader.h"
#include "support/files.h"

namespace mantissa {
namespace {

template <typename Value>
std::string_view bytes_of(const std::vector<Value>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}

}  // namespace

void seal(Dataset& dataset) {
  static_assert(std::endian::native == std::endian::little, "the hash is of little-endian labels");
  dataset.sha256 =
      sha256_hex(dataset.sample_shape.text() + " " + std::to_string(dataset.classes) + " " +
                 sha256_hex(bytes_of(dataset.pixels)) + " " + sha256_hex(bytes_of(dataset.labels)));
}

std::string count_text(const DataSource& source) {
  return std::to_string(source.training.samples()) + " training and " +
         std::to_string(source.test.samples()) + " test samples of " +
         source.training.sample_shape.text();
}

}  // namespace mantissa
