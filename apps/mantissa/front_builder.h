#pragma once

#include <string>

#include "report/front_document.h"
#include "search/explore.h"
#include "workbench.h"

namespace mantissa {

/// Result and provenance of a search as the document that `pareto.json` holds.
FrontDocument front_document(const Workbench& bench, const SearchSpace& space,
                             const ExploreResult& result, int threads, double elapsed_seconds);

/// The candidate that a point (or baseline) of a front describes, for the layers of this workbench.
/// Throws Error naming `where` if there is no such point, or its layers are not the network's.
Candidate candidate_of_point(const Workbench& bench, const FrontDocument& document,
                             const std::string& id, const std::string& where);

/// The modelled cost in the document's form.
CostRecord cost_record(const StepCost& cost);

}  // namespace mantissa
