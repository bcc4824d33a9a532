#include "refusal.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace mantissa::test {

void check_refused(const CommandResult& result, const std::string& named) {
  INFO(result.err);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK(result.err.rfind("error: ", 0) == 0);
  CHECK(result.err.find(named) != std::string::npos);
}

std::string changed_scenario(const TemporaryFolder& folder,
                             const std::function<void(nlohmann::json&)>& change) {
  nlohmann::json scenario = nlohmann::json::parse(small_scenario());
  change(scenario);
  return folder.write("changed.json", scenario.dump(2)).string();
}

}  // namespace mantissa::test
