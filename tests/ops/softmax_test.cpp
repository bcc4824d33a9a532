#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/gradient_check.h"

namespace mantissa {
namespace {

TEST_CASE("before opset 13 a softmax normalises everything from its axis on, since then the axis") {
  const Tensor x(Shape{1, 2, 2}, 0.0F);
  const auto first = [](const OperatorCase& node) {
    return run_forward(node).outputs[0].data()[0];
  };
  CHECK(first(OperatorCase("Softmax", 11).input(x.clone())) == 0.25F);
  CHECK(first(OperatorCase("Softmax", 11).attribute("axis", 2).input(x.clone())) == 0.5F);
  CHECK(first(OperatorCase("Softmax", 12).attribute("axis", 0).input(x.clone())) == 0.25F);
  CHECK(first(OperatorCase("Softmax", 13).input(x.clone())) == 0.5F);
  CHECK(first(OperatorCase("Softmax", 13).attribute("axis", 1).input(x.clone())) == 0.5F);
  CHECK(first(OperatorCase("Softmax", 13).attribute("axis", 0).input(x.clone())) == 1);
  CHECK(first(OperatorCase("LogSoftmax", 13).input(x.clone())) ==
        doctest::Approx(-std::log(2.0)).epsilon(1e-7));
}

TEST_CASE("gradients of Softmax and LogSoftmax agree with central differences along every axis") {
  for (const char* op_type : {"Softmax", "LogSoftmax"}) {
    for (const int opset : {9, 13}) {
      for (const int axis : {0, 1, 2}) {
        check_gradients(OperatorCase(op_type, opset)
                            .attribute("axis", axis)
                            .input(random_tensor({3, 4, 2}, 5, -2, 2)));
      }
    }
    check_gradients(OperatorCase(op_type, 17).input(random_tensor({4, 10}, 6, -2, 2)));
  }
}

TEST_CASE("Softmax and LogSoftmax have the same bits on any number of threads") {
  for (const char* op_type : {"Softmax", "LogSoftmax"}) {
    check_threads(OperatorCase(op_type).input(random_tensor({999, 40}, 7, -5, 5)));
    check_threads(
        OperatorCase(op_type).attribute("axis", 1).input(random_tensor({33, 40, 21}, 7, -5, 5)));
  }
}

TEST_CASE("an axis that does not exist, and empty rows, are refused") {
  CHECK(refusal(OperatorCase("Softmax").attribute("axis", 2).input(Tensor(Shape{2, 3}, 0.0F))) ==
        "node 'node' (Softmax, opset 13): axis 2 does not exist in an array of rank 2");
  CHECK(refusal(OperatorCase("Softmax").input(Tensor(Shape{2, 0}, 0.0F))) ==
        "node 'node' (Softmax, opset 13): shape [2, 0] has empty rows");
}

}  // namespace
}  // namespace mantissa
