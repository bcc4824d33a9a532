#include <filesystem>

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "onnx_text.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

const std::string kGraph = "g (float[N, 4] x) => (float[N, 4] y) { y = Add(x, w) }";

/// An edit that keeps `w`, of 4 elements, in the file `location`.
ModelEdit external(const std::string& location, const std::string& offset = "",
                   const std::string& length = "") {
  return [=](onnx::ModelProto& model) {
    onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(4);
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      auto* entry = tensor.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
  };
}

std::string bytes_of(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(float)};
}

TEST_CASE("weights in another file of the model's folder are read, with offset and length") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "weights");
  folder.write("w.bin", bytes_of({1, 2, 3, 4}));
  folder.write("weights/all.bin", bytes_of({9, 9, 5, 6, 7, 8, 9}));
  folder.write("a.onnx", onnx_bytes_of_graph(kGraph, 13, external("w.bin")));
  folder.write("b.onnx", onnx_bytes_of_graph(kGraph, 13, external("weights/all.bin", "8", "16")));
  const Graph a = load_onnx(folder.path() / "a.onnx");
  const Graph b = load_onnx(folder.path() / "b.onnx");
  REQUIRE(a.parameters.size() == 1);
  REQUIRE(b.parameters.size() == 1);
  for (std::size_t index = 0; index < 4; ++index) {
    CHECK(a.parameters[0].value->data()[index] == static_cast<float>(index + 1));
    CHECK(b.parameters[0].value->data()[index] == static_cast<float>(index + 5));
  }
}

TEST_CASE("the digest of a model changes with its external data") {
  const TemporaryFolder folder;
  const auto model = folder.write("a.onnx", onnx_bytes_of_graph(kGraph, 13, external("w.bin")));
  folder.write("w.bin", bytes_of({1, 2, 3, 4}));
  const std::string first = load_onnx(model).sha256;
  folder.write("w.bin", bytes_of({1, 2, 3, 5}));
  CHECK(load_onnx(model).sha256 != first);
}

TEST_CASE("external data outside of the model's folder is refused, also through a symbolic link") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "inner");
  const auto secret = folder.write("secret.bin", bytes_of({1, 2, 3, 4}));
  std::filesystem::create_symlink(secret, folder.path() / "inner" / "link.bin");
  for (const std::string& location :
       {std::string("../secret.bin"), secret.string(), std::string("link.bin"), std::string(""),
        std::string("."), std::string("a/../../secret.bin")}) {
    CAPTURE(location);
    const auto model =
        folder.write("inner/m.onnx", onnx_bytes_of_graph(kGraph, 13, external(location)));
    CHECK(mentions(error_of([&] { load_onnx(model); }),
                   {"initializer 'w'", "not inside the model's folder"}));
  }
}

TEST_CASE("external data that is missing, too short or badly placed is refused by name") {
  const TemporaryFolder folder;
  folder.write("w.bin", bytes_of({1, 2, 3}));
  const auto error = [&](const ModelEdit& edit) {
    const auto model = folder.write("m.onnx", onnx_bytes_of_graph(kGraph, 13, edit));
    return error_of([&] { load_onnx(model); });
  };
  CHECK(mentions(error(external("none.bin")), {"initializer 'w'", "none.bin"}));
  CHECK(mentions(error(external("w.bin")), {"initializer 'w'", "12 bytes", "too few for 16"}));
  CHECK(mentions(error(external("w.bin", "100")), {"initializer 'w'", "at offset 100"}));
  CHECK(mentions(error(external("w.bin", "9223372036854775807", "16")), {"too few"}));
  CHECK(mentions(error(external("w.bin", "-4")), {"offset or length '-4'"}));
  CHECK(mentions(error(external("w.bin", "0", "8")), {"8 bytes of data"}));
}

}  // namespace
}  // namespace mantissa
