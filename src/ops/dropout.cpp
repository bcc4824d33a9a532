#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "kernels/elementwise.h"
#include "kernels/movement.h"
#include "numeric/quantize_kernels.h"
#include "ops/preparation.h"
#include "support/error.h"
#include "support/text.h"
#include "tensor/parallel.h"

namespace mantissa {
namespace {

/// y = scale x where the word is at least `threshold`, else 0.
void keep(const std::uint32_t* words, std::uint32_t threshold, float scale, const float* x,
          float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = words[i] >= threshold ? scale * x[i] : 0.0F;
}

/// Training: y = x / (1 - ratio) where the element's random word is at least ratio 2^32, else 0.
/// Inference: y = x.
///
/// The word of element i is word i of the node's stream for the step, so the mask depends neither
/// on threads nor on the model's `seed` attribute, and backward makes it again instead of storing
/// it. Which of the two it is the engine decides, not the model's `training_mode`. Output 1, if the
/// node has it, is the mask: 1 where the element is kept.
class Dropout final : public Operator {
 public:
  Dropout(const Shape& shape, double ratio, std::size_t outputs)
      : threshold_(static_cast<std::uint32_t>(ratio * 0x1p32)),
        scale_(static_cast<float>(1 / (1 - ratio))) {
    output_shapes_.assign(std::max<std::size_t>(1, outputs), shape);
  }

  void forward(const ForwardArguments& arguments) const override {
    const bool has_mask = arguments.outputs.size() > 1 && arguments.outputs[1] != nullptr;
    if (arguments.mode == ExecutionMode::inference) {
      copy_elements(*arguments.inputs[0], *arguments.outputs[0]);
      if (has_mask) arguments.outputs[1]->fill(1);
      return;
    }
    apply(arguments.key, *arguments.inputs[0], scale_, *arguments.outputs[0]);
    if (has_mask) apply(arguments.key, Tensor(output_shapes_[0], 1), 1, *arguments.outputs[1]);
  }

  void backward(const BackwardArguments& arguments) const override {
    apply(arguments.key, *arguments.grad_outputs[0], scale_, *arguments.grad_inputs[0]);
  }

  OperatorWork work() const override {
    OperatorWork work;
    work.input_elements = work.output_elements = output_shapes_[0].elements();
    work.elementwise_forward = work.elementwise_backward = work.output_elements;
    return work;
  }

 private:
  void apply(RandomKey key, const Tensor& x, float scale, Tensor& y) const {
    constexpr std::int64_t kChunk = 1024;  // words made at a time
    const auto count = static_cast<std::int64_t>(x.size());
    const std::int64_t chunks = (count + kChunk - 1) / kChunk;
    parallel_for(chunks, kElementwiseGrain / kChunk / 4, [&](std::int64_t begin, std::int64_t end) {
      std::array<std::uint32_t, kChunk> words = {};
      for (std::int64_t first = begin * kChunk; first < std::min(end * kChunk, count);
           first += kChunk) {
        const std::int64_t length = std::min(kChunk, count - first);
        fill_random_bits(std::span(words).first(static_cast<std::size_t>(length)), key,
                         static_cast<std::uint64_t>(first));
        keep(words.data(), threshold_, scale, x.data() + first, y.data() + first, length);
      }
    });
  }

  std::uint32_t threshold_;
  float scale_;
};

std::unique_ptr<Operator> make_dropout(const NodeSpec& node, std::span<const InputSpec> inputs) {
  float ratio = 0.5F;
  if (node.opset < 12) {
    require_inputs(inputs, 1, 1);
    ratio = node.attributes.real("ratio", ratio);
  } else {
    require_inputs(inputs, 1, 3);
    ratio = constant_real(inputs, 1, "ratio").value_or(ratio);
  }
  if (!(ratio >= 0 && ratio < 1)) {
    throw Error("", "ratio " + shortest_decimal(double{ratio}) + " is not in [0, 1)");
  }
  if (node.outputs.size() > 2) throw Error("", "more than 2 outputs");
  return std::make_unique<Dropout>(inputs[0].shape, double{ratio}, node.outputs.size());
}

const Registration<OperatorDefinition> kRegistration({"Dropout", 7, 17, make_dropout});

}  // namespace
}  // namespace mantissa
