#pragma once

#include <string>
#include <vector>

#include "numeric/scaling.h"

namespace mantissa {

/// Scaled formats of every group, kind and rule.
inline std::vector<std::string> scaled_spellings() {
  std::vector<std::string> texts = scaled_names();
  for (const char* text :
       {"int4", "int16", "int8cp2", "int2", "bfp4b32", "bfp16b2", "e4m3fn scale=tensor",
        "e5m2 scale=tensor:delayed16", "e4m3fn scale=channel", "e4m3fn scale=block128",
        "e2m1fin scale=block32:p2:even", "e4m3fn scale=block32:p2:ceil",
        "e5m2 scale=block32:p2:rceil", "q2.6 scale=tensor:p2:floor", "e3m2fin scale=block16:e4m3",
        "e5m10 scale=tensor"}) {
    texts.emplace_back(text);
  }
  return texts;
}

}  // namespace mantissa
