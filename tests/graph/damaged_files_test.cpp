#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "hostile_models.h"
#include "onnx_text.h"
#include "support/error.h"
#include "support/files.h"
#include "support/random.h"
#include "support/temporary_folder.h"

namespace mantissa {
namespace {

/// Imports the bytes; an Error is as good as a graph, anything else ends the test. True if a graph
/// came of it.
bool survives(const std::string& bytes) {
  try {
    const Graph graph = parse_onnx(bytes, {}, "damaged.onnx");
    prepare(graph, 2);
    return true;
  } catch (const Error& error) {
    CHECK(std::string_view(error.what()).starts_with("damaged.onnx: "));
    CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return false;
  }
}

/// A model with a bit of everything that import looks at.
std::string sound_model() {
  return onnx_bytes_of_graph(
      R"(g (float[1, 4, 6] x) => (float[1, 24] y) {
        s = Shape(x)
        zero = Constant <value = int64 {0}> ()
        n = Gather <axis = 0> (s, zero)
        axes = Constant <value = int64[1] {0}> ()
        n1 = Unsqueeze(n, axes)
        rest = Constant <value = int64[1] {24}> ()
        target = Concat <axis = 0> (n1, rest)
        r = Relu(x)
        y = Reshape(r, target)
      })");
}

TEST_CASE("a missing or empty file, a folder and a text are refused by name") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.onnx";
  CHECK(mentions(error_of([&] { load_onnx(path); }), {"m.onnx"}));
  CHECK(mentions(error_of([&] { load_onnx(folder.path()); }), {folder.path().string()}));
  write_file_atomically(path, "");
  CHECK(mentions(error_of([&] { load_onnx(path); }), {"m.onnx: the file is empty"}));
  write_file_atomically(path, "This is no model.\n");
  CHECK(mentions(error_of([&] { load_onnx(path); }), {"m.onnx: this is not an ONNX model"}));
}

TEST_CASE("a model cut off at any byte is refused or loads") {
  const std::string bytes = sound_model();
  for (std::size_t length = 0; length < bytes.size(); ++length) survives(bytes.substr(0, length));
}

TEST_CASE("a model with any one bit flipped is refused or loads") {
  const std::string bytes = sound_model();
  int loaded = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    loaded += survives(damaged) ? 1 : 0;
  }
  MESSAGE(loaded << " of " << bytes.size() * 8 << " damaged models load");
}

TEST_CASE("a model with several bytes replaced is refused or loads") {
  const std::string bytes = sound_model();
  for (std::uint64_t trial = 0; trial < 3000; ++trial) {
    RandomSequence random(RandomKey{7}.child(trial));
    std::string damaged = bytes;
    for (std::uint32_t change = 0; change <= random.below(8); ++change) {
      damaged[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<char>(random.below(256));
    }
    survives(damaged);
  }
}

TEST_CASE("a model of many operators with bytes replaced is refused or loads") {
  const std::string bytes = model_of_many_operators();
  REQUIRE(survives(bytes));
  int loaded = 0;
  for (std::uint64_t trial = 0; trial < 4000; ++trial) {
    RandomSequence random(RandomKey{9}.child(trial));
    std::string damaged = bytes;
    for (std::uint32_t change = 0; change <= random.below(3); ++change) {
      const std::uint32_t at = random.below(static_cast<std::uint32_t>(bytes.size()));
      // Small numbers and numbers with the high bits set: what shapes and attributes are made of.
      const bool flips = random.below(2) == 0;
      damaged[at] =
          static_cast<char>(flips ? damaged[at] ^ (1 << random.below(8)) : random.below(256));
    }
    loaded += survives(damaged) ? 1 : 0;
  }
  MESSAGE(loaded << " of 4000 damaged models load");
  CHECK(loaded > 0);
}

TEST_CASE("random bytes are refused") {
  for (std::uint64_t trial = 0; trial < 500; ++trial) {
    RandomSequence random(RandomKey{8}.child(trial));
    std::string bytes(1 + random.below(400), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    CHECK_FALSE(survives(bytes));
  }
}

TEST_CASE("a small file cannot ask for a large constant") {
  const auto error = [](const std::string& nodes) {
    return error_of([&] {
      import_graph("g (float[N, 4] x) => (float[N, 4] y) { " + nodes + " y = Reshape(x, big) }");
    });
  };
  CHECK(mentions(error("s = Constant <value = int64[2] {1000000000, 1000000000}> () "
                       "big = ConstantOfShape(s)"),
                 {"node 'ConstantOfShape_1'", "too large"}));
  CHECK(mentions(error("v = Constant <value = int64[1] {0}> () "
                       "s = Constant <value = int64[1] {100000000000}> () big = Expand(v, s)"),
                 {"node 'Expand_2'", "too large"}));
  CHECK(mentions(
      error("a = Constant <value = int64 {0}> () b = Constant <value = int64 {1000000000000}> () "
            "c = Constant <value = int64 {1}> () big = Range(a, b, c)"),
      {"node 'Range_3'", "too large"}));
  std::string doubling = "v0 = Constant <value = int64[4] {0, 0, 0, 0}> () ";
  for (int step = 0; step < 40; ++step) {
    const std::string from = "v" + std::to_string(step);
    const std::string to = "v" + std::to_string(step + 1);
    doubling.append(to).append(" = Concat <axis = 0> (").append(from).append(", ");
    doubling.append(from).append(") ");
  }
  CHECK(mentions(error(doubling + "big = Identity(v40)"), {"too large"}));
}

TEST_CASE("an initializer whose data does not fit its shape is refused by name") {
  const auto error = [](const ModelEdit& edit) {
    return error_of(
        [&] { import_graph("g (float[N, 4] x) => (float[N, 4] y) { y = Add(x, w) }", 13, edit); });
  };
  CHECK(mentions(error([](onnx::ModelProto& model) {
                   add_initializer(model, "w", {4});
                   model.mutable_graph()->mutable_initializer(0)->set_dims(0, 5);
                 }),
                 {"initializer 'w'", "4 elements where its shape asks for 5"}));
  CHECK(mentions(error([](onnx::ModelProto& model) {
                   add_initializer(model, "w", {4});
                   model.mutable_graph()->mutable_initializer(0)->set_dims(0, -4);
                 }),
                 {"initializer 'w'", "negative extent"}));
  CHECK(mentions(error([](onnx::ModelProto& model) {
                   add_initializer(model, "w", {4});
                   auto& tensor = *model.mutable_graph()->mutable_initializer(0);
                   tensor.clear_dims();
                   for (int axis = 0; axis < 8; ++axis) tensor.add_dims(1'000'000'000'000);
                 }),
                 {"initializer 'w'", "more than"}));
  CHECK(mentions(error([](onnx::ModelProto& model) {
                   add_initializer(model, "w", {4});
                   auto& tensor = *model.mutable_graph()->mutable_initializer(0);
                   tensor.clear_float_data();
                   tensor.set_raw_data("0123456789");
                 }),
                 {"initializer 'w'", "10 bytes of data where its shape asks for 16"}));
  CHECK(mentions(error([](onnx::ModelProto& model) {
                   add_initializer(model, "w", {4});
                   model.mutable_graph()->mutable_initializer(0)->set_data_type(8);
                 }),
                 {"initializer 'w'", "STRING"}));
}

}  // namespace
}  // namespace mantissa
