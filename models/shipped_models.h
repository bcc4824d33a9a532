#pragma once

#include <map>
#include <string>

namespace mantissa {

/// The networks in `models/`: file name -> bytes of the ONNX file. The same on every machine:
/// weights are He uniform (He et al., ICCV 2015) from the stream of their names, biases are zero.
std::map<std::string, std::string> shipped_models();

}  // namespace mantissa
