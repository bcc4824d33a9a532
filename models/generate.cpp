#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "shipped_models.h"
#include "support/error.h"
#include "support/files.h"

/// Writes the shipped networks into a folder: `generate_models models`.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: generate_models FOLDER\n";
    return EXIT_FAILURE;
  }
  try {
    for (const auto& [name, bytes] : mantissa::shipped_models()) {
      const std::filesystem::path path = std::filesystem::path(argv[1]) / name;
      mantissa::write_file_atomically(path, bytes);
      std::cout << path.string() << ": " << bytes.size() << " bytes\n";
    }
  } catch (const mantissa::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
