#include "moo/archive.h"

#include <algorithm>
#include <iterator>

namespace mantissa {
namespace {

template <typename Entry>
bool precedes(const Entry& a, const Entry& b) {
  if (a.objectives != b.objectives) return a.objectives < b.objectives;
  return a.genome < b.genome;
}

}  // namespace

template <typename GenomeType>
bool Archive<GenomeType>::insert(Entry entry) {
  // All members have the same violation, for a smaller one dominates.
  if (!entries_.empty() && entry.violation != entries_.front().violation) {
    if (entry.violation > entries_.front().violation) return false;
    entries_.clear();
  }
  auto place = std::ranges::lower_bound(entries_, entry, precedes<Entry>);
  if (place != entries_.end() && place->objectives == entry.objectives &&
      place->genome == entry.genome) {
    return false;
  }
  const Point point = entry.point();
  const auto dominates_entry = [&](const Entry& member) {
    return dominates(member.point(), point);
  };
  const auto is_dominated = [&](const Entry& member) { return dominates(point, member.point()); };
  if (entry.objectives.size() == 2) {
    // In two objectives the second falls along the archive: only the nearest member before can
    // dominate, and those dominated follow one another.
    if (place != entries_.begin() && dominates_entry(*std::prev(place))) return false;
    const auto equal_end = std::find_if(place, entries_.end(), [&](const Entry& member) {
      return member.objectives != entry.objectives;
    });
    const auto dominated_end = std::find_if_not(equal_end, entries_.end(), is_dominated);
    place = entries_.erase(equal_end, dominated_end) - (equal_end - place);
  } else {
    if (std::any_of(entries_.begin(), place, dominates_entry)) return false;
    entries_.erase(std::remove_if(place, entries_.end(), is_dominated), entries_.end());
  }
  entries_.insert(place, std::move(entry));
  return true;
}

template class Archive<Genome>;
template class Archive<RealSpace::Genome>;

}  // namespace mantissa
