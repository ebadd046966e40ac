// Every operation against PyTorch: results and gradients (tests/data/nn/ops.json).
#include <set>

#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::golden_tensor;

Conv1dGeometry geometry_of(const nlohmann::json& json) {
  const auto v = json.get<std::vector<int>>();
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]};
}

TEST(OpsGolden, MatchPytorch) {
  const nlohmann::json cases = nn_test::golden_file("ops.json");
  std::set<std::string> seen;
  for (const int threads : {1, 2}) {
    for (const nlohmann::json& golden : cases) {
      const auto name = golden.at("name").get<std::string>();
      seen.insert(name);
      ComputeContext context(threads);
      Tape tape(context, golden.value("training", false));
      std::vector<Var> in;
      for (const nlohmann::json& input : golden.at("inputs")) {
        in.push_back(tape.input(golden_tensor(input)));
      }
      Tensor mean;
      Tensor variance;
      Var y;
      if (name == "conv1d") {
        y = conv1d(in[0], in[1], in[2], geometry_of(golden.at("geometry")));
      } else if (name == "conv_transpose") {
        y = conv_transpose(in[0], in[1], in[2], golden.at("kernel"), golden.at("stride"));
      } else if (name == "batch_norm") {
        mean = golden_tensor(golden.at("statistics")[0]);
        variance = golden_tensor(golden.at("statistics")[1]);
        y = batch_norm(in[0], in[1], in[2], {&mean, &variance}, {});
      } else if (name == "layer_norm") {
        y = layer_norm(in[0], in[1], in[2]);
      } else if (name == "relu") {
        y = relu(in[0]);
      } else if (name == "tanh") {
        y = tanh(in[0]);
      } else if (name == "sigmoid") {
        y = sigmoid(in[0]);
      } else if (name == "log_softmax") {
        y = log_softmax(in[0]);
      } else if (name == "gate") {
        y = gate(in[0]);
      } else if (name == "glu") {
        y = glu(in[0]);
      } else {
        FAIL() << name;
      }
      const Tensor expected = golden_tensor(golden.at("result"));
      ASSERT_EQ(y.shape(), expected.shape()) << name;
      nn_test::expect_close(y.value(), expected, 3e-6F, name);
      tape.backward(sum(multiply(y, tape.constant(golden_tensor(golden.at("direction"))))));
      for (size_t i = 0; i < in.size(); ++i) {
        nn_test::expect_close(tape.gradient(in[i]), golden_tensor(golden.at("gradients")[i]), 1e-5F,
                              name + " gradient " + std::to_string(i));
      }
      if (name == "batch_norm") {
        nn_test::expect_close(mean, golden_tensor(golden.at("after")[0]), 2e-6F, "running mean");
        nn_test::expect_close(variance, golden_tensor(golden.at("after")[1]), 2e-6F,
                              "running variance");
      }
    }
  }
  EXPECT_EQ(seen.size(), 10U);
}

}  // namespace
}  // namespace bivox
