// Sequence losses against brute force over all paths, and finite differences.
#include <cmath>
#include <limits>

#include "models/nn/losses.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;

// Two junctions between three phones of two states each; outputs 0 to 4.
//   start -> a (0 1) -> 1, a -> b (2 3) or c (1 4), both -> 2; from there a again; ends at 2, or at
//   1
HmmGraph loop() {
  HmmGraph graph(2);
  const int start = graph.add_junction(0.0F);
  const int first = graph.add_junction(0.2F);
  const int second = graph.add_junction(0.6F);
  const int a = graph.add_phone(std::vector<int>{0, 1}, first);
  const int b = graph.add_phone(std::vector<int>{2, 3}, second);
  const int c = graph.add_phone(std::vector<int>{1, 4}, second);
  graph.add_entry(start, a, 1.0F);
  graph.add_entry(first, b, 0.5F);
  graph.add_entry(first, c, 0.3F);
  graph.add_entry(second, a, 0.4F);
  graph.finish(start);
  return graph;
}

// a then c, as in loop().
HmmGraph line() {
  HmmGraph graph(2);
  graph.add_junction(0.0F);
  graph.add_junction(0.0F);
  graph.add_junction(0.6F);
  graph.add_entry(0, graph.add_phone(std::vector<int>{0, 1}, 1), 1.0F);
  graph.add_entry(1, graph.add_phone(std::vector<int>{1, 4}, 2), 0.3F);
  graph.finish(0);
  return graph;
}

struct Step {
  int output;
  double stay, next, leave;
  int junction;
};
struct Brute {
  // The states of loop(): a1 a2 b1 b2 c1 c2.
  std::vector<Step> states = {{0, 1 / 3., 1 / 3., 1 / 3., 1}, {1, .5, 0, .5, 1},
                              {2, 1 / 3., 1 / 3., 1 / 3., 2}, {3, .5, 0, .5, 2},
                              {1, 1 / 3., 1 / 3., 1 / 3., 2}, {4, .5, 0, .5, 2}};
  std::vector<std::vector<std::pair<int, double>>> entries = {
      {{0, 1.0}}, {{2, .5}, {4, .3}}, {{0, .4}}};
  std::vector<double> ends = {0.0, 0.2, 0.6};
  const float* scores;
  int frames;

  double from_junction(int junction, int t) const {
    if (t == frames) return ends[static_cast<size_t>(junction)];
    double sum = 0.0;
    for (const auto& [state, weight] : entries[static_cast<size_t>(junction)]) {
      sum += weight * from_state(state, t);
    }
    return sum;
  }
  // The state emits frame t.
  double from_state(int s, int t) const {
    const Step& step = states[static_cast<size_t>(s)];
    double rest = step.leave * from_junction(step.junction, t + 1);
    if (t + 1 < frames) {
      rest += step.stay * from_state(s, t + 1);
      if (step.next > 0.0) rest += step.next * from_state(s + 1, t + 1);
    }
    return std::exp(double{scores[t * 5 + step.output]}) * rest;
  }
};

TEST(HmmGraph, SumsAllPaths) {
  const HmmGraph graph = loop();
  for (const int frames : {1, 2, 3, 7}) {
    const Tensor scores = random_tensor({frames, 5}, static_cast<uint32_t>(frames), 2.0F);
    Brute brute;
    brute.scores = scores.data();
    brute.frames = frames;
    const double log_total = graph.sum_paths(frames, 5, scores.data(), 1.0F, nullptr);
    EXPECT_NEAR(log_total, std::log(brute.from_junction(0, 0)), 1e-5) << frames;
  }
}

TEST(HmmGraph, PosteriorsOfAFrameSumToTheWeight) {
  const HmmGraph graph = loop();
  const Tensor scores = random_tensor({2000, 5}, 5, 10.0F);  // underflows without scaling
  std::vector<float> posteriors(2000 * 5, 0.0F);
  EXPECT_TRUE(std::isfinite(graph.sum_paths(2000, 5, scores.data(), -0.5F, posteriors.data())));
  for (size_t t = 0; t < 2000; ++t) {
    float sum = 0.0F;
    for (size_t c = 0; c < 5; ++c) sum += posteriors[t * 5 + c];
    ASSERT_NEAR(sum, -0.5F, 1e-3F) << t;
  }
}

TEST(HmmGraph, WindowsHoldPhonesToTheirFrames) {
  HmmGraph graph(1);
  for (int j = 0; j < 3; ++j) graph.add_junction(j == 2 ? 1.0F : 0.0F);
  graph.add_entry(0, graph.add_phone(std::vector<int>{0}, 1, 0, 2), 1.0F);
  graph.add_entry(1, graph.add_phone(std::vector<int>{1}, 2, 2, 4), 1.0F);
  graph.finish(0);
  const std::vector<float> scores(10, 0.0F);
  std::vector<float> posteriors(10, 0.0F);
  // Two paths: the second phone begins at frame 2 or 3.
  EXPECT_NEAR(graph.sum_paths(5, 2, scores.data(), 1.0F, posteriors.data()),
              std::log(2.0 * std::pow(0.5, 5)), 1e-5);
  EXPECT_THAT(posteriors, testing::Pointwise(testing::FloatNear(1e-5F),
                                             {1.F, 0.F, 1.F, 0.F, .5F, .5F, 0.F, 1.F, 0.F, 1.F}));
  EXPECT_EQ(graph.sum_paths(6, 2, std::vector<float>(12).data(), 1.0F, nullptr),
            -std::numeric_limits<double>::infinity());
}

TEST(SequenceLoss, GradientMatchesFiniteDifferences) {
  const HmmGraph all = loop();
  const std::vector<float> priors = {-1.0F, -2.0F, -0.5F, -3.0F, -1.5F};
  const int lengths[] = {9, 1, 5};  // the second has too few frames
  for (const Reduction reduction : {Reduction::kSum, Reduction::kMean}) {
    std::vector<Tensor> values;
    values.push_back(random_tensor({3, 9, 5}, 3));
    nn_test::GradientCheck check;
    check.max_elements = 400;
    check.tolerance = 5e-3F;
    nn_test::check_gradients(
        std::move(values),
        [&](Tape&, std::span<const Var> in) {
          const HmmGraph said[] = {line(), line(), line()};
          return sequence_loss(in[0], all, said, priors, lengths, {0.4F, 0.0F, reduction});
        },
        check);
  }
}

TEST(SequenceLoss, IsTheShareOfWhatWasSaid) {
  const HmmGraph all = loop();
  const HmmGraph said[] = {line(), line()};
  const int lengths[] = {6, 1};
  ComputeContext context;
  Tape tape(context);
  const Tensor logits = random_tensor({2, 6, 5}, 8);
  std::vector<double> each;
  const Var loss = sequence_loss(tape.constant(logits.clone()), all, said, {}, lengths, {}, &each);
  const double right = said[0].sum_paths(6, 5, logits.data(), 1.0F, nullptr);
  const double any = all.sum_paths(6, 5, logits.data(), 1.0F, nullptr);
  EXPECT_NEAR(each[0], any - right, 1e-6);
  EXPECT_GT(each[0], 0.0);
  EXPECT_EQ(each[1], std::numeric_limits<double>::infinity());
  EXPECT_NEAR(loss.value().item(), each[0], 1e-5);
}

}  // namespace
}  // namespace bivox
