// CTC against brute force over all alignments, finite differences and PyTorch.
#include <cmath>
#include <limits>
#include <map>

#include "models/nn/losses.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;

// Softmax of a row, in double.
std::vector<double> softmax(const float* row, int classes) {
  std::vector<double> p(static_cast<size_t>(classes));
  double total = 0.0;
  for (int c = 0; c < classes; ++c) total += p[static_cast<size_t>(c)] = std::exp(double{row[c]});
  for (double& v : p) v /= total;
  return p;
}

// Sums the probability of every path, by the label sequence that it spells.
std::map<std::vector<int>, double> spell_all(const float* logits, int frames, int classes,
                                             int blank) {
  std::map<std::vector<int>, double> sums;
  int64_t paths = 1;
  for (int t = 0; t < frames; ++t) paths *= classes;
  for (int64_t path = 0; path < paths; ++path) {
    std::vector<int> spelled;
    double p = 1.0;
    int before = -1;
    int64_t rest = path;
    for (int t = 0; t < frames; ++t, rest /= classes) {
      const auto label = static_cast<int>(rest % classes);
      p *= softmax(logits + t * classes, classes)[static_cast<size_t>(label)];
      if (label != blank && label != before) spelled.push_back(label);
      before = label;
    }
    sums[spelled] += p;
  }
  return sums;
}

TEST(CtcLoss, IsTheSumOverAllAlignments) {
  for (const int blank : {0, 2}) {
    const Tensor logits = random_tensor({1, 6, 3}, 4, 1.5F);
    const auto sums = spell_all(logits.data(), 6, 3, blank);
    ASSERT_GT(sums.size(), 20U);
    for (const auto& [target, p] : sums) {
      ComputeContext context;
      Tape tape(context);
      const std::vector<int> targets[] = {target};
      const Var loss =
          ctc_loss(tape.constant(logits.clone()), targets, {}, {blank, Reduction::kMean});
      ASSERT_NEAR(loss.value().item(), -std::log(p), 2e-5 * std::max(1.0, -std::log(p)));
    }
  }
}

TEST(CtcLoss, GradientMatchesFiniteDifferences) {
  const std::vector<int> targets[] = {{1, 2, 2, 3}, {4}, {}, {1, 1, 1, 1, 1}};
  const int lengths[] = {9, 3, 4, 9};
  for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
    std::vector<Tensor> values;
    values.push_back(random_tensor({4, 9, 5}, 3));
    nn_test::GradientCheck check;
    check.max_elements = 400;
    check.tolerance = 5e-3F;
    nn_test::check_gradients(
        std::move(values),
        [&](Tape&, std::span<const Var> in) {
          return ctc_loss(in[0], targets, lengths, {0, reduction});
        },
        check);
  }
}

TEST(CtcLoss, ImpossibleUtterancesCountNothing) {
  ComputeContext context(2);
  Tape tape(context);
  const std::vector<int> targets[] = {{1, 1, 2}, {1, 2}, {3, 3}};
  const int lengths[] = {3, 4, 0};  // the first one needs four frames
  EXPECT_EQ(ctc_min_frames(targets[0]), 4);
  EXPECT_EQ(ctc_min_frames({}), 0);
  const Var logits = tape.input(random_tensor({3, 4, 5}, 1));
  std::vector<double> each;
  const Var loss = ctc_loss(logits, targets, lengths, {}, &each);
  ASSERT_EQ(each.size(), 3U);
  EXPECT_EQ(each[0], std::numeric_limits<double>::infinity());
  EXPECT_EQ(each[2], std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isfinite(each[1]));
  EXPECT_FLOAT_EQ(loss.value().item(), static_cast<float>(each[1]));  // the mean of one
  tape.backward(loss);
  const Tensor& gradient = tape.gradient(logits);
  for (int64_t i = 0; i < gradient.size(); ++i) {
    if (i / 20 == 1) {
      EXPECT_NE(gradient[i], 0.0F);
    } else {
      EXPECT_EQ(gradient[i], 0.0F);
    }
  }
}

TEST(CtcLoss, NothingPossibleIsZeroWithoutNan) {
  ComputeContext context;
  Tape tape(context);
  const std::vector<int> targets[] = {{1, 1}};
  const Var logits = tape.input(random_tensor({1, 2, 3}, 1));
  const Var loss = ctc_loss(logits, targets, {});
  tape.backward(loss);
  EXPECT_EQ(loss.value().item(), 0.0F);
  EXPECT_THAT(tape.gradient(logits).values(), testing::Each(0.0F));
}

TEST(CtcLoss, ALabelThatTheNetworkExcludesIsImpossible) {
  ComputeContext context;
  Tape tape(context);
  Tensor data({1, 4, 3});
  for (int t = 0; t < 4; ++t) data[t * 3 + 1] = -std::numeric_limits<float>::infinity();
  const std::vector<int> targets[] = {{1}};
  const Var logits = tape.input(std::move(data));
  std::vector<double> each;
  const Var loss = ctc_loss(logits, targets, {}, {}, &each);
  tape.backward(loss);
  EXPECT_TRUE(std::isinf(each[0]));
  EXPECT_EQ(loss.value().item(), 0.0F);
  EXPECT_THAT(tape.gradient(logits).values(), testing::Each(0.0F));
}

TEST(CtcLoss, SurvivesCertaintyAndLength) {
  // 3000 frames, sharply for one label or another: the path's probability underflows everything.
  ComputeContext context;
  Tape tape(context);
  Tensor data = random_tensor({1, 3000, 40}, 2, 20.0F);
  std::vector<int> target;
  for (int i = 0; i < 700; ++i) target.push_back(1 + i * 7 % 39);
  const std::vector<int> targets[] = {target};
  const Var logits = tape.input(std::move(data));
  const Var loss = ctc_loss(logits, targets, {});
  tape.backward(loss);
  EXPECT_TRUE(std::isfinite(loss.value().item()));
  EXPECT_GT(loss.value().item(), 1000.0F);
  for (int64_t t = 0; t < 3000; ++t) {
    double total = 0.0;
    for (int64_t c = 0; c < 40; ++c) total += tape.gradient(logits)[t * 40 + c];
    ASSERT_NEAR(total, 0.0, 1e-4);  // softmax and posteriors both sum to one
  }
}

TEST(CtcLoss, BatchIsOneByOne) {
  const std::vector<int> targets[] = {{1, 2, 2, 3}, {4}, {2, 1}};
  const int lengths[] = {9, 3, 6};
  ComputeContext context(2);
  Tape tape(context);
  const Var batch = tape.input(random_tensor({3, 9, 5}, 3));
  const Var loss = ctc_loss(batch, targets, lengths, {0, Reduction::kSum});
  tape.backward(loss);
  double total = 0.0;
  for (int b = 0; b < 3; ++b) {
    const Var one = tape.input(Tensor::from(
        {1, lengths[b], 5}, batch.value().values().subspan(static_cast<size_t>(b) * 45,
                                                           static_cast<size_t>(lengths[b]) * 5)));
    const Var alone = ctc_loss(one, std::span(targets).subspan(static_cast<size_t>(b), 1), {});
    tape.backward(alone);
    total += alone.value().item();
    for (int64_t i = 0; i < 45; ++i) {
      const float expected = i < lengths[b] * 5 ? tape.gradient(one)[i] : 0.0F;
      ASSERT_NEAR(tape.gradient(batch)[b * 45 + i], expected, 1e-6F);
    }
  }
  EXPECT_NEAR(loss.value().item(), total, 1e-4);
}

TEST(CtcLoss, RefusesLabelsThatAreNotThere) {
  ComputeContext context;
  Tape tape(context);
  const Var logits = tape.constant(Tensor({1, 4, 3}));
  for (const int label : {-1, 0, 3}) {
    const std::vector<int> targets[] = {{label}};
    EXPECT_THROW(ctc_loss(logits, targets, {}), std::logic_error) << label;
  }
}

TEST(CtcLoss, MatchesPytorch) {
  const nlohmann::json golden = nn_test::golden_file("losses.json").at("ctc");
  ComputeContext context;
  Tape tape(context);
  const Var logits = tape.input(nn_test::golden_tensor(golden.at("logits")));
  const auto targets = golden.at("targets").get<std::vector<std::vector<int>>>();
  const auto lengths = golden.at("lengths").get<std::vector<int>>();
  std::vector<double> each;
  const Var loss = ctc_loss(logits, targets, lengths, {0, Reduction::kSum}, &each);
  tape.backward(loss);
  const auto expected = golden.at("losses").get<std::vector<double>>();
  for (size_t b = 0; b < each.size(); ++b) EXPECT_NEAR(each[b], expected[b], 1e-4 * expected[b]);
  nn_test::expect_close(tape.gradient(logits), nn_test::golden_tensor(golden.at("gradient")), 2e-5F,
                        "ctc gradient");
}

}  // namespace
}  // namespace bivox
