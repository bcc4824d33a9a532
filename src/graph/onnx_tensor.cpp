#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <onnx/onnx_pb.h>

#include "graph/onnx_proto.h"
#include "support/error.h"
#include "support/files.h"

namespace mantissa {
namespace {

// Protobuf itself ends at 2 GiB; external files may hold more, a binary32 tensor of more than this
// may not.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;

Shape checked_shape(const onnx::TensorProto& tensor) {
  std::vector<std::int64_t> extents(tensor.dims().begin(), tensor.dims().end());
  std::int64_t elements = 1;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw Error("", "it has the negative extent " + std::to_string(extent));
    if (extent > kMaxElements / elements) {
      throw Error("", "it has more than " + std::to_string(kMaxElements) + " elements");
    }
    elements *=
        std::max<std::int64_t>(extent, 1);  // an empty array too, so that no product overflows
  }
  return Shape(std::move(extents));
}

std::int64_t parse_count(const std::string& text) {
  std::size_t used = 0;
  try {
    const long long value = std::stoll(text, &used);
    if (used == text.size() && value >= 0) return value;
  } catch (const std::logic_error&) {
    used = 0;
  }
  throw Error("", "its external data has the offset or length '" + text + "'");
}

/// The raw bytes of a tensor, if it has them in `raw_data` or in a file.
const char* raw_bytes(const onnx::TensorProto& tensor, ExternalData* external,
                      std::size_t expected) {
  std::string_view bytes;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    if (external == nullptr) throw Error("", "its data is in another file");
    std::string location;
    std::int64_t offset = 0;
    std::int64_t length = -1;
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() == "offset") offset = parse_count(entry.value());
      if (entry.key() == "length") length = parse_count(entry.value());
    }
    if (length < 0) length = static_cast<std::int64_t>(expected);
    bytes = external->bytes(location, offset, length);
  } else if (tensor.has_raw_data()) {
    bytes = tensor.raw_data();
  } else {
    return nullptr;
  }
  if (bytes.size() != expected) {
    throw Error("", "it has " + std::to_string(bytes.size()) +
                        " bytes of data where its shape asks for " + std::to_string(expected));
  }
  return bytes.data();
}

float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                              : std::numeric_limits<float>::infinity();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float from_bfloat(std::uint16_t bits) {
  const std::uint32_t word = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

/// All elements, of type `Stored` in raw bytes, else in the typed field, through `convert`.
template <typename Stored, typename Result, typename Field, typename Convert>
std::vector<Result> elements(const onnx::TensorProto& tensor, ExternalData* external,
                             const Field& field, std::size_t count, Convert convert) {
  std::vector<Result> values;
  if (const char* raw = raw_bytes(tensor, external, count * sizeof(Stored)); raw != nullptr) {
    values.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
      Stored stored{};
      std::memcpy(&stored, raw + index * sizeof(Stored), sizeof(Stored));
      values.push_back(convert(stored));
    }
    return values;
  }
  if (static_cast<std::size_t>(field.size()) != count) {
    throw Error("", "it has " + std::to_string(field.size()) +
                        " elements where its shape asks for " + std::to_string(count));
  }
  values.reserve(count);
  for (const auto element : field) values.push_back(convert(static_cast<Stored>(element)));
  return values;
}

template <typename Stored, typename Field>
std::vector<std::int64_t> integers(const onnx::TensorProto& tensor, ExternalData* external,
                                   const Field& field, std::size_t count) {
  return elements<Stored, std::int64_t>(tensor, external, field, count, [](Stored stored) {
    if constexpr (sizeof(Stored) == 8 && std::is_unsigned_v<Stored>) {
      if (stored > static_cast<Stored>(std::numeric_limits<std::int64_t>::max())) {
        throw Error("", "it holds an integer beyond 2^63");
      }
    }
    return static_cast<std::int64_t>(stored);
  });
}

std::string_view type_name(int data_type) {
  return onnx::TensorProto::DataType_IsValid(data_type)
             ? std::string_view(onnx::TensorProto::DataType_Name(
                   static_cast<onnx::TensorProto::DataType>(data_type)))
             : std::string_view("unknown");
}

}  // namespace

std::string_view ExternalData::bytes(const std::string& location, std::int64_t offset,
                                     std::int64_t length) {
  auto found = files_.find(location);
  if (found == files_.end()) {
    const std::filesystem::path path(location);
    std::error_code ignored;
    const auto root = std::filesystem::weakly_canonical(folder_.empty() ? "." : folder_, ignored);
    const auto target = std::filesystem::weakly_canonical(root / path, ignored);
    const auto inside = target.lexically_relative(root);
    if (location.empty() || path.is_absolute() || inside.empty() || *inside.begin() == ".." ||
        *inside.begin() == ".") {
      throw Error("", "its external file '" + location + "' is not inside the model's folder");
    }
    found = files_.emplace(location, read_file(target)).first;
  }
  const auto size = static_cast<std::int64_t>(found->second.size());
  if (offset > size || length > size - offset) {
    throw Error("", "its external file '" + location + "' has " + std::to_string(size) +
                        " bytes: too few for " + std::to_string(length) + " bytes at offset " +
                        std::to_string(offset));
  }
  return std::string_view(found->second)
      .substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

Constant decode_tensor(const onnx::TensorProto& tensor, ExternalData* external) {
  using Type = onnx::TensorProto;
  if (tensor.has_segment()) throw Error("", "it is stored in segments");
  Shape shape = checked_shape(tensor);
  const auto count = static_cast<std::size_t>(shape.elements());
  const auto real = [&](const std::vector<float>& values) -> Constant {
    return std::make_shared<const Tensor>(std::move(shape), values);
  };
  const auto integer = [&](std::vector<std::int64_t> values) -> Constant {
    return IntegerTensor{std::move(shape), std::move(values)};
  };
  const auto& words = tensor.int32_data();
  switch (tensor.data_type()) {
    case Type::FLOAT:
      return real(elements<float, float>(tensor, external, tensor.float_data(), count,
                                         [](float value) { return value; }));
    case Type::DOUBLE:
      return real(elements<double, float>(tensor, external, tensor.double_data(), count,
                                          [](double value) { return static_cast<float>(value); }));
    case Type::FLOAT16:
      return real(elements<std::uint16_t, float>(tensor, external, words, count, from_half));
    case Type::BFLOAT16:
      return real(elements<std::uint16_t, float>(tensor, external, words, count, from_bfloat));
    case Type::INT64:
      return integer(integers<std::int64_t>(tensor, external, tensor.int64_data(), count));
    case Type::INT32:
      return integer(integers<std::int32_t>(tensor, external, words, count));
    case Type::INT16:
      return integer(integers<std::int16_t>(tensor, external, words, count));
    case Type::INT8:
      return integer(integers<std::int8_t>(tensor, external, words, count));
    case Type::UINT8:
    case Type::BOOL:
      return integer(integers<std::uint8_t>(tensor, external, words, count));
    case Type::UINT16:
      return integer(integers<std::uint16_t>(tensor, external, words, count));
    case Type::UINT32:
      return integer(integers<std::uint32_t>(tensor, external, tensor.uint64_data(), count));
    case Type::UINT64:
      return integer(integers<std::uint64_t>(tensor, external, tensor.uint64_data(), count));
    default:
      throw Error("", "its element type is " + std::string(type_name(tensor.data_type())),
                  "real numbers, integers and booleans are supported");
  }
}

}  // namespace mantissa
