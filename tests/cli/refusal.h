#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "command.h"
#include "support/temporary_folder.h"

namespace mantissa::test {

/// The promise for wrong input: exit code 2, one line that names the place, and nothing written.
void check_refused(const CommandResult& result, const std::string& named);

/// Path of a scenario like the small one with a change, in `folder`.
std::string changed_scenario(const TemporaryFolder& folder,
                             const std::function<void(nlohmann::json&)>& change);

}  // namespace mantissa::test
