#include "scenario/schema_validation.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "support/error.h"
#include "support/json.h"
#include "support/text.h"

namespace mantissa {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

/// valijson's path {"<root>", "[search]", "[0]"} as a JSON pointer.
Pointer pointer_of(const std::vector<std::string>& context) {
  Pointer pointer;
  for (const std::string& step : context) {
    if (step.size() >= 2 && step.front() == '[' && step.back() == ']')
      pointer /= step.substr(1, step.size() - 2);
  }
  return pointer;
}

/// Follows `$ref` within the document.
const json& dereferenced(const json& schema, const json& root) {
  const json* current = &schema;
  while (current->is_object() && current->contains("$ref")) {
    current = &root.at(Pointer(current->at("$ref").get<std::string>().substr(1)));
  }
  return *current;
}

std::vector<std::string> known_keys(const json& schema) {
  std::vector<std::string> keys;
  if (schema.is_object() && schema.contains("properties")) {
    for (const auto& property : schema.at("properties").items()) keys.push_back(property.key());
  }
  return keys;
}

Error enumeration_error(const std::string& where, const json& value, const json& schema) {
  std::vector<std::string> allowed;
  for (const json& word : schema.at("enum"))
    allowed.push_back(word.is_string() ? word.get<std::string>() : word.dump());
  const std::string nearest =
      value.is_string() ? did_you_mean(value.get<std::string>(), allowed) : "";
  return {where, value.dump() + " is not allowed here",
          nearest.empty() ? "one of " + join(allowed, ", ") : nearest};
}

/// The error that tells of a violation; an unknown key is thrown where it is found.
Error violation(std::string what, const Pointer& pointer, const json& document, const json& schema,
                std::string_view file) {
  const std::string where = std::string(file) + "#" + pointer.to_string();
  const json& value = document.at(pointer);
  const json part = subschema(schema, pointer);
  const bool closed =
      part.is_object() && part.value("additionalProperties", json(true)) == json(false);
  if (closed && value.is_object()) require_known_keys(value, known_keys(part), where);
  if (part.is_object() && part.contains("enum")) return enumeration_error(where, value, part);
  while (!what.empty() && what.back() == '.') what.pop_back();
  if (!what.empty()) what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  if (!value.is_structured()) what.insert(0, value.dump() + ": ");
  std::string hint;
  if (part.is_object() && part.contains("description"))
    hint = "expected: " + part.at("description").get<std::string>();
  return {where, what, hint};
}

json filled(const json& value, const json& schema, const json& root) {
  const json& rules = dereferenced(schema, root);
  json result = value;
  if (result.is_object() && rules.contains("properties")) {
    for (const auto& property : rules.at("properties").items()) {
      const json& part = dereferenced(property.value(), root);
      if (result.contains(property.key())) {
        result[property.key()] = filled(result.at(property.key()), part, root);
      } else if (part.contains("default")) {
        result[property.key()] = filled(part.at("default"), part, root);
      }
    }
  } else if (result.is_array() && rules.contains("items")) {
    for (json& item : result) item = filled(item, rules.at("items"), root);
  }
  return result;
}

}  // namespace

json subschema(const json& schema, const Pointer& pointer) {
  std::vector<std::string> steps;
  for (Pointer rest = pointer; !rest.empty(); rest.pop_back())
    steps.insert(steps.begin(), rest.back());
  const json* current = &dereferenced(schema, schema);
  for (const std::string& step : steps) {
    if (current->contains("properties") && current->at("properties").contains(step)) {
      current = &current->at("properties").at(step);
    } else if (current->contains("items")) {
      current = &current->at("items");
    } else {
      return nullptr;
    }
    current = &dereferenced(*current, schema);
  }
  return *current;
}

void validate(const json& document, const json& schema, std::string_view file) {
  valijson::Schema compiled;
  valijson::SchemaParser parser;
  const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema);
  parser.populateSchema(schema_adapter, compiled);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter document_adapter(document);
  if (validator.validate(compiled, document_adapter, &results)) return;
  // The deepest violation is the cause; those above it only say that something below is wrong.
  valijson::ValidationResults::Error error;
  valijson::ValidationResults::Error deepest;
  bool first = true;
  while (results.popError(error)) {
    if (first || error.context.size() > deepest.context.size()) deepest = error;
    first = false;
  }
  throw violation(deepest.description, pointer_of(deepest.context), document, schema, file);
}

json with_defaults(const json& document, const json& schema) {
  return filled(document, schema, schema);
}

}  // namespace mantissa
