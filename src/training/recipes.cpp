#include "training/recipes.h"

#include "support/error.h"
#include "support/text.h"

namespace mantissa {
namespace {

Assignment mixed_precision(const std::vector<std::string>& layer_names, const Format& format) {
  Assignment assignment = uniform_assignment(layer_names, {format, {}});
  for (LayerNumerics& layer : assignment.layers) layer.tensor(Role::weight_gradient) = {format, {}};
  return assignment;
}

}  // namespace

std::vector<std::string> recipe_names() {
  return {"fp32", "amp-fp16", "amp-bf16"};
}

Assignment uniform_assignment(const std::vector<std::string>& layer_names,
                              const Quantization& format) {
  Assignment assignment;
  assignment.layer_names = layer_names;
  assignment.layers.resize(layer_names.size());
  for (LayerNumerics& layer : assignment.layers) {
    for (const Role role : {Role::weight, Role::activation, Role::error})
      layer.tensor(role) = format;
    if (!format.scaling.scales()) layer.tensor(Role::output) = format;
  }
  return assignment;
}

Recipe make_recipe(std::string_view name, const std::vector<std::string>& layer_names) {
  if (name == "fp32") {
    return {"fp32", "everything in IEEE binary32", uniform_assignment(layer_names, {}), {}};
  }
  if (name == "amp-fp16") {
    return {"amp-fp16",
            "fp16 tensors, binary32 sums and master weights, dynamic loss scaling",
            mixed_precision(layer_names, parse_format("fp16")),
            {LossScalingKind::dynamic, 65536, 200}};
  }
  if (name == "amp-bf16") {
    return {"amp-bf16",
            "bfloat16 tensors, binary32 sums and master weights",
            mixed_precision(layer_names, parse_format("bf16")),
            {}};
  }
  throw Error("", "there is no recipe \"" + std::string(name) + "\"",
              "the recipes are " + join(recipe_names(), ", "));
}

}  // namespace mantissa
