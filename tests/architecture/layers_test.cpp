#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/files.h"
#include "support/text.h"

namespace fs = std::filesystem;

namespace mantissa {
namespace {

/// folder -> folders it may include, as src/CMakeLists.txt declares.
std::map<std::string, std::set<std::string>> declared_table() {
  std::map<std::string, std::set<std::string>> table;
  for (const std::string& line :
       split(read_file(fs::path(MANTISSA_BINARY_DIR) / "layers.txt"), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::set<std::string>& below = table[line.substr(0, colon)];
    for (const std::string& name : split(line.substr(colon + 1), ' ')) {
      for (const std::string& part : split(name, ';')) {
        if (!part.empty()) below.insert(part);
      }
    }
  }
  return table;
}

std::vector<fs::path> sources_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".h" || extension == ".cpp") files.push_back(entry.path());
  }
  return files;
}

TEST_CASE("every folder of src includes only the folders declared below it") {
  const auto table = declared_table();
  REQUIRE(table.size() >= 10);
  const fs::path root = fs::path(MANTISSA_SOURCE_DIR) / "src";
  for (const auto& entry : fs::directory_iterator(root)) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().filename().string();
    INFO("src/" << folder << " must be declared in src/CMakeLists.txt");
    REQUIRE(table.count(folder) == 1);
    for (const fs::path& file : sources_in(entry.path())) {
      for (const std::string& line : split(read_file(file), '\n')) {
        if (line.rfind("#include \"", 0) != 0) continue;
        const std::string target = line.substr(10, line.find('/', 10) - 10);
        if (target == folder) continue;
        INFO(file.string() << ": " << folder << " may not include " << target);
        CHECK(table.at(folder).count(target) == 1);
      }
    }
  }
}

TEST_CASE(
    "folders declare only folders that were declared before them, so the table has no cycle") {
  std::set<std::string> seen;
  for (const std::string& line :
       split(read_file(fs::path(MANTISSA_BINARY_DIR) / "layers.txt"), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    for (const std::string& name : split(line.substr(colon + 1), ' ')) {
      for (const std::string& part : split(name, ';')) {
        INFO(line.substr(0, colon) << " names " << part);
        CHECK((part.empty() || seen.count(part) == 1));
      }
    }
    seen.insert(line.substr(0, colon));
  }
}

TEST_CASE("no library folder prints: results are returned, messages go through support/log.h") {
  for (const fs::path& file : sources_in(fs::path(MANTISSA_SOURCE_DIR) / "src")) {
    const std::string text = read_file(file);
    INFO(file.string());
    CHECK(text.find("std::cout") == std::string::npos);
    CHECK(text.find("std::cerr") == std::string::npos);
  }
}

TEST_CASE("no source file is longer than 500 lines") {
  for (const char* folder : {"src", "apps", "tests", "bench"}) {
    for (const fs::path& file : sources_in(fs::path(MANTISSA_SOURCE_DIR) / folder)) {
      const std::size_t lines = split(read_file(file), '\n').size();
      INFO(file.string() << " has " << lines << " lines; split it by subject");
      CHECK(lines <= 501);
    }
  }
}

}  // namespace
}  // namespace mantissa
