#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mantissa {

/// A name -> definition table that each item joins from its own source file by a `Registration` at
/// namespace scope. Read-only once main() has started; listing is sorted by name, so the order in
/// which the linker ran the registrations never shows.
template <typename Item>
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(Item item) {
    std::string name(item.name);
    if (!items_.emplace(name, std::move(item)).second) duplicates_.push_back(name);
  }

  /// nullptr if there is none.
  const Item* find(std::string_view name) const {
    const auto found = items_.find(name);
    return found == items_.end() ? nullptr : &found->second;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : items_) names.push_back(entry.first);
    return names;
  }

  /// Names that were registered twice; a test asserts that it is empty.
  const std::vector<std::string>& duplicates() const { return duplicates_; }

 private:
  std::map<std::string, Item, std::less<>> items_;
  std::vector<std::string> duplicates_;
};

template <typename Item>
struct Registration {
  explicit Registration(Item item) { Registry<Item>::instance().add(std::move(item)); }
};

}  // namespace mantissa
