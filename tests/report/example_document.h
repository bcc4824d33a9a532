#pragma once

#include "report/front_document.h"

namespace mantissa {

/// A front such as a small search leaves behind: LeNet-5, 200 candidates in 8 generations, four
/// baselines. Energies follow the widths of the formats and accuracies suffer from narrow ones, so
/// that its plots look like real ones. The same on every call; generated, so that it cannot fall
/// behind the structs.
FrontDocument example_document();

}  // namespace mantissa
