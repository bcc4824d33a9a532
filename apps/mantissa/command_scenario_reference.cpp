#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "scenario/scenario.h"
#include "support/text.h"

namespace mantissa {
namespace {

using nlohmann::json;

std::string type_text(const json& rules) {
  if (rules.contains("enum")) {
    std::vector<std::string> words;
    for (const json& word : rules.at("enum")) words.push_back("`" + word.dump() + "`");
    return join(words, ", ");
  }
  std::string type = "object";
  if (rules.contains("type")) {
    const json& types = rules.at("type");
    type = types.is_array() ? join(types.get<std::vector<std::string>>(), " or ")
                            : types.get<std::string>();
  }
  const auto bound = [&](const char* key, const char* sign) {
    if (rules.contains(key)) type += fmt::format(" {} {}", sign, rules.at(key).dump());
  };
  bound("minimum", "≥");
  bound("exclusiveMinimum", ">");
  bound("maximum", "≤");
  bound("exclusiveMaximum", "<");
  bound("multipleOf", "multiple of");
  return type;
}

const json& resolved(const json& rules, const json& root) {
  if (!rules.contains("$ref")) return rules;
  return root.at(json::json_pointer(rules.at("$ref").get<std::string>().substr(1)));
}

void print_object(const std::string& path, const json& object, const json& root) {
  fmt::print("\n## `{}`\n\n{}.\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n",
             path.empty() ? "/" : path, object.value("description", std::string()));
  std::vector<std::pair<std::string, const json*>> nested;
  for (const auto& entry : object.at("properties").items()) {
    const json& rules = resolved(entry.value(), root);
    const std::string fallback = rules.contains("default") && rules.at("default") != json::object()
                                     ? "`" + rules.at("default").dump() + "`"
                                     : "";
    fmt::print("| `{}` | {} | {} | {} |\n", entry.key(), type_text(rules), fallback,
               rules.value("description", std::string()));
    if (rules.contains("properties")) nested.emplace_back(path + "/" + entry.key(), &rules);
    if (rules.contains("items") && resolved(rules.at("items"), root).contains("properties")) {
      nested.emplace_back(path + "/" + entry.key() + "/*", &resolved(rules.at("items"), root));
    }
  }
  for (const auto& [name, rules] : nested) print_object(name, *rules, root);
}

}  // namespace

void add_scenario_reference_command(CLI::App& app, const CommonOptions& /*common*/,
                                    Action& action) {
  auto* command = app.add_subcommand(
      "scenario-reference",
      "Print the reference of scenario files (Markdown), made from their schema");
  command->callback([&action] {
    action = [] {
      const json schema = scenario_schema();
      fmt::print(
          "# Scenario files\n\nMade from `scenarios/schema/scenario.schema.json` by `./do docs`. "
          "Paths are JSON pointers; `*` stands for "
          "every element of a list. Unknown keys are errors.\n");
      print_object("", schema, schema);
      return ExitCode::success;
    };
  });
}

}  // namespace mantissa
