#include "models/nn/losses.h"

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::check_gradients;
using nn_test::golden_tensor;
using nn_test::random_tensor;

std::vector<Tensor> one(Tensor tensor) {
  std::vector<Tensor> result;
  result.push_back(std::move(tensor));
  return result;
}

// Value and gradient of a golden case.
template <class F>
void expect_golden(const nlohmann::json& golden, float value_tolerance, float gradient_tolerance,
                   F&& loss_of) {
  for (const int threads : {1, 2}) {
    ComputeContext context(threads);
    Tape tape(context, true);
    const Var x = tape.input(golden_tensor(golden.at("x")));
    const Tensor target = golden.contains("target") ? golden_tensor(golden.at("target")) : Tensor();
    const auto lengths = golden.value("lengths", std::vector<int>{});
    const Var loss = loss_of(x, target, lengths);
    const auto expected = golden.at("loss").get<float>();
    EXPECT_NEAR(loss.value().item(), expected, value_tolerance * std::max(1.0F, expected));
    tape.backward(loss);
    nn_test::expect_close(tape.gradient(x), golden_tensor(golden.at("gradient")),
                          gradient_tolerance, "gradient");
  }
}

// A batch with lengths is the mean of its utterances alone, weighted by what each counts; and
// elements beyond have no gradient, whatever they hold.
template <class F>
void expect_batch_is_one_by_one(Tensor x, Tensor target, std::vector<int> lengths,
                                std::vector<double> weights, F&& loss_of) {
  ComputeContext context(2);
  Tape tape(context, true);
  const int64_t time = x.dim(1);
  const int64_t width = x.dim(2);
  const int64_t target_width = target.dim(2);
  const Var batch = tape.input(x.clone());
  const Var loss = loss_of(batch, target, lengths);
  tape.backward(loss);
  double total = 0.0;
  double all = 0.0;
  for (const double w : weights) all += w;
  for (size_t b = 0; b < lengths.size(); ++b) {
    const auto cut = [&](const Tensor& t, int64_t channels) {
      return Tensor::from({1, lengths[b], channels},
                          t.values().subspan(b * static_cast<size_t>(time * channels),
                                             static_cast<size_t>(lengths[b] * channels)));
    };
    const Var alone = tape.input(cut(x, width));
    const Var part = loss_of(alone, cut(target, target_width), {});
    tape.backward(part);
    const double share = weights[b] / all;
    total += share * part.value().item();
    for (int64_t i = 0; i < time * width; ++i) {
      const double expected = i < lengths[b] * width ? share * tape.gradient(alone)[i] : 0.0;
      ASSERT_NEAR(tape.gradient(batch)[static_cast<int64_t>(b) * time * width + i], expected,
                  1e-5 * std::max(1.0, std::fabs(expected)))
          << "utterance " << b << ", element " << i;
    }
  }
  EXPECT_NEAR(loss.value().item(), total, 1e-5 * std::max(1.0, std::fabs(total)));
}

TEST(CrossEntropy, MatchesPytorch) {
  const nlohmann::json golden = nn_test::golden_file("losses.json");
  for (const nlohmann::json& c : golden.at("cross_entropy")) {
    const auto targets = c.at("targets").get<std::vector<int>>();
    expect_golden(c, 2e-6F, 2e-6F, [&](Var x, const Tensor&, std::span<const int> lengths) {
      return cross_entropy(x, targets, lengths, {c.at("smoothing"), Reduction::kMean});
    });
  }
}

TEST(CrossEntropy, GradientMatchesFiniteDifferences) {
  const std::vector<int> targets = {0, 3, -1, 2, 1, 1, 4, 0};
  const int lengths[] = {4, 3};
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    check_gradients(one(random_tensor({2, 4, 5}, 1)), [&](Tape&, std::span<const Var> in) {
      return cross_entropy(in[0], targets, lengths, {0.2F, reduction});
    });
  }
}

TEST(CrossEntropy, NothingCountedIsZero) {
  ComputeContext context;
  Tape tape(context);
  const std::vector<int> targets = {-1, 2};
  const int lengths[] = {1};
  const Var x = tape.input(random_tensor({1, 2, 3}, 1));
  const Var loss = cross_entropy(x, targets, lengths);
  tape.backward(loss);
  EXPECT_EQ(loss.value().item(), 0.0F);
  EXPECT_THAT(tape.gradient(x).values(), testing::Each(0.0F));
  const std::vector<int> too_large = {0, 3};
  EXPECT_THROW(cross_entropy(x, too_large, {}), std::logic_error);
}

TEST(Differences, MatchPytorch) {
  const nlohmann::json golden = nn_test::golden_file("losses.json");
  expect_golden(golden.at("l1"), 1e-6F, 1e-6F,
                [](Var x, const Tensor& y, std::span<const int> n) { return l1_loss(x, y, n); });
  expect_golden(golden.at("l2"), 1e-6F, 1e-6F,
                [](Var x, const Tensor& y, std::span<const int> n) { return l2_loss(x, y, n); });
}

TEST(Differences, GradientsMatchFiniteDifferences) {
  const Tensor target = random_tensor({2, 4, 5}, 2);
  const int lengths[] = {4, 2};
  Tensor x = random_tensor({2, 4, 5}, 1);
  for (int64_t i = 0; i < x.size(); ++i) {  // away from the kink
    if (std::fabs(x[i] - target[i]) < 0.1F) x[i] = target[i] + 0.2F;
  }
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    check_gradients(one(x.clone()), [&](Tape&, std::span<const Var> in) {
      return l1_loss(in[0], target, lengths, reduction);
    });
    check_gradients(one(x.clone()), [&](Tape&, std::span<const Var> in) {
      return l2_loss(in[0], target, lengths, reduction);
    });
  }
}

TEST(Differences, BatchIsOneByOne) {
  const auto l1 = [](Var x, const Tensor& y, std::span<const int> n) { return l1_loss(x, y, n); };
  expect_batch_is_one_by_one(random_tensor({2, 6, 3}, 1), random_tensor({2, 6, 3}, 2), {6, 2},
                             {6.0, 2.0}, l1);
  const auto l2 = [](Var x, const Tensor& y, std::span<const int> n) { return l2_loss(x, y, n); };
  expect_batch_is_one_by_one(random_tensor({2, 6, 3}, 1), random_tensor({2, 6, 3}, 2), {6, 2},
                             {6.0, 2.0}, l2);
}

TEST(SsimLoss, MatchesPytorch) {
  expect_golden(nn_test::golden_file("losses.json").at("ssim"), 3e-6F, 3e-6F,
                [](Var x, const Tensor& y, std::span<const int> n) { return ssim_loss(x, y, n); });
}

TEST(SsimLoss, GradientMatchesFiniteDifferences) {
  const Tensor target = random_tensor({2, 7, 9}, 2, 0.3F);
  const int lengths[] = {7, 4};
  nn_test::GradientCheck check;
  check.step = 2e-3F;
  check_gradients(
      one(random_tensor({2, 7, 9}, 1, 0.3F)),
      [&](Tape&, std::span<const Var> in) {
        return scale(ssim_loss(in[0], target, lengths, {5, 1.0F, 1e-2F, 3e-2F}), 20.0F);
      },
      check);
}

TEST(SsimLoss, IsZeroForEqualImagesAndBatchIsOneByOne) {
  ComputeContext context;
  Tape tape(context);
  const Tensor image = random_tensor({1, 20, 16}, 1);
  EXPECT_NEAR(ssim_loss(tape.constant(image.clone()), image).value().item(), 0.0F, 1e-6F);
  const auto loss = [](Var x, const Tensor& y, std::span<const int> n) {
    return ssim_loss(x, y, n);
  };
  expect_batch_is_one_by_one(random_tensor({2, 16, 12}, 1), random_tensor({2, 16, 12}, 2), {16, 5},
                             {16.0, 5.0}, loss);
}

// The published formula with a transform by definition, in double.
double stft_loss_by_definition(std::span<const float> x, std::span<const float> y,
                               const StftResolution& r, double floor) {
  const auto samples = static_cast<int>(x.size());
  double distance = 0.0;
  double norm = 0.0;
  double logs = 0.0;
  int cells = 0;
  for (int m = 0; m <= samples / r.hop; ++m) {
    for (int k = 0; k <= r.fft / 2; ++k, ++cells) {
      const auto magnitude = [&](std::span<const float> wave) {
        std::complex<double> sum = 0.0;
        for (int n = 0; n < r.window; ++n) {
          const int s = m * r.hop - r.window / 2 + n;
          if (s < 0 || s >= samples) continue;
          const double w = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * n / r.window);
          sum += w * wave[static_cast<size_t>(s)] *
                 std::polar(1.0, -2.0 * std::numbers::pi * k * n / r.fft);
        }
        return std::sqrt(std::max(std::norm(sum), floor));
      };
      const double mx = magnitude(x);
      const double my = magnitude(y);
      distance += (my - mx) * (my - mx);
      norm += my * my;
      logs += std::fabs(std::log(my) - std::log(mx));
    }
  }
  return std::sqrt(distance) / std::sqrt(norm) + logs / cells;
}

TEST(StftLoss, IsThePublishedFormula) {
  const Tensor x = random_tensor({1, 150, 1}, 1, 0.3F);
  const Tensor y = random_tensor({1, 150, 1}, 2, 0.3F);
  StftLossOptions options;
  options.resolutions = {{64, 13, 40}, {32, 7, 32}};
  double expected = 0.0;
  for (const StftResolution& r : options.resolutions) {
    expected += 0.5 * stft_loss_by_definition(x.values(), y.values(), r, options.power_floor);
  }
  ComputeContext context;
  Tape tape(context);
  EXPECT_NEAR(stft_loss(tape.constant(x.clone()), y, {}, options).value().item(), expected,
              1e-5 * expected);
}

TEST(StftLoss, MatchesPytorch) {
  const nlohmann::json golden = nn_test::golden_file("losses.json").at("stft");
  StftLossOptions options;
  options.resolutions.clear();
  for (const nlohmann::json& r : golden.at("resolutions")) {
    options.resolutions.push_back({r[0], r[1], r[2]});
  }
  expect_golden(golden, 3e-6F, 3e-5F, [&](Var x, const Tensor& y, std::span<const int> n) {
    return stft_loss(x, y, n, options);
  });
}

TEST(StftLoss, GradientMatchesFiniteDifferences) {
  const Tensor target = random_tensor({2, 90, 1}, 2);
  const int lengths[] = {90, 41};
  StftLossOptions options;
  options.resolutions = {{32, 8, 20}, {16, 5, 16}};
  options.convergence_weight = 1.5F;
  // The log magnitude has kinks: where a bin turns, a small step and this bound leave room.
  nn_test::GradientCheck check;
  check.step = 1e-3F;
  check.tolerance = 2e-2F;
  for (const float magnitude_weight : {0.0F, 0.7F}) {
    options.magnitude_weight = magnitude_weight;
    check_gradients(
        one(random_tensor({2, 90, 1}, 1)),
        [&](Tape&, std::span<const Var> in) {
          return scale(stft_loss(in[0], target, lengths, options), 30.0F);
        },
        check);
  }
}

TEST(StftLoss, SilenceAndEqualityHaveNoNan) {
  ComputeContext context;
  Tape tape(context);
  const Tensor silence({1, 3000, 1});
  const Var x = tape.input(silence.clone());
  const Var loss = stft_loss(x, silence);
  tape.backward(loss);
  EXPECT_EQ(loss.value().item(), 0.0F);
  EXPECT_THAT(tape.gradient(x).values(), testing::Each(0.0F));
  const auto of = [](Var v, const Tensor& y, std::span<const int> n) { return stft_loss(v, y, n); };
  expect_batch_is_one_by_one(random_tensor({2, 2500, 1}, 1), random_tensor({2, 2500, 1}, 2),
                             {2500, 700}, {1.0, 1.0}, of);
}

TEST(LogisticMixture, MatchesPytorch) {
  const nlohmann::json golden = nn_test::golden_file("losses.json");
  for (const nlohmann::json& c : golden.at("logistic_mixture")) {
    expect_golden(c, 2e-6F, 5e-6F, [&](Var x, const Tensor& y, std::span<const int> n) {
      LogisticMixtureOptions options;
      options.levels = c.at("levels");
      return logistic_mixture_loss(x, y, n, options);
    });
  }
}

TEST(LogisticMixture, ProbabilitiesOfAllLevelsSumToOne) {
  ComputeContext context;
  Tape tape(context);
  const Tensor parameters = random_tensor({1, 1, 9}, 3);
  LogisticMixtureOptions options;
  options.levels = 64;
  double total = 0.0;
  for (int level = 0; level < 64; ++level) {
    const auto y = static_cast<float>(-1.0 + 2.0 * level / 63.0);
    const Var loss = logistic_mixture_loss(tape.constant(parameters.clone()),
                                           Tensor::filled({1, 1, 1}, y), {}, options);
    total += std::exp(-double{loss.value().item()});
  }
  EXPECT_NEAR(total, 1.0, 1e-5);
}

TEST(LogisticMixture, GradientMatchesFiniteDifferences) {
  Tensor target = random_tensor({2, 5, 1}, 2, 0.3F);
  target[0] = -1.0F;
  target[1] = 1.0F;
  const int lengths[] = {5, 3};
  LogisticMixtureOptions options;
  options.levels = 256;
  for (const Reduction reduction : {Reduction::kMean, Reduction::kSum}) {
    options.reduction = reduction;
    nn_test::GradientCheck check;
    check.max_elements = 200;
    check_gradients(
        one(random_tensor({2, 5, 12}, 1)),
        [&](Tape&, std::span<const Var> in) {
          return logistic_mixture_loss(in[0], target, lengths, options);
        },
        check);
  }
}

TEST(LogisticMixture, FarTailsAreFinite) {
  ComputeContext context;
  Tape tape(context);
  Tensor p({1, 3, 3});
  p[1] = 0.9F;
  p[2] = -14.0F;  // the sample lies a million scales away
  p[5] = -100.0F;
  p[8] = 20.0F;
  const Var x = tape.input(std::move(p));
  const Var loss = logistic_mixture_loss(x, Tensor::filled({1, 3, 1}, -0.5F));
  tape.backward(loss);
  EXPECT_TRUE(std::isfinite(loss.value().item()));
  for (const float g : tape.gradient(x).values()) EXPECT_TRUE(std::isfinite(g));
  EXPECT_EQ(tape.gradient(x)[5], 0.0F);  // below min_log_scale
}

TEST(GaussianLoss, MatchesPytorch) {
  expect_golden(
      nn_test::golden_file("losses.json").at("gaussian"), 2e-6F, 5e-6F,
      [](Var x, const Tensor& y, std::span<const int> n) { return gaussian_loss(x, y, n); });
}

TEST(GaussianLoss, GradientMatchesFiniteDifferencesAndBatchIsOneByOne) {
  const Tensor target = random_tensor({2, 6, 1}, 2);
  const int lengths[] = {6, 3};
  check_gradients(one(random_tensor({2, 6, 2}, 1, 0.5F)), [&](Tape&, std::span<const Var> in) {
    return gaussian_loss(in[0], target, lengths);
  });
  const auto gaussian = [](Var x, const Tensor& y, std::span<const int> n) {
    return gaussian_loss(x, y, n);
  };
  expect_batch_is_one_by_one(random_tensor({2, 6, 2}, 1), target.clone(), {6, 3}, {6.0, 3.0},
                             gaussian);
  const auto logistic = [](Var x, const Tensor& y, std::span<const int> n) {
    return logistic_mixture_loss(x, y, n);
  };
  expect_batch_is_one_by_one(random_tensor({2, 6, 9}, 1), random_tensor({2, 6, 1}, 3, 0.3F), {6, 3},
                             {6.0, 3.0}, logistic);
}

}  // namespace
}  // namespace bivox
