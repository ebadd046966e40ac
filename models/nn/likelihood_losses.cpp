// The likelihoods of losses.h: mixture of discretized logistics, single Gaussian.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/loss_record.h"
#include "models/nn/losses.h"

namespace bivox {
namespace {

constexpr int kMaxComponents = 64;

double sigmoid(double x) {
  return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

double log_sigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::fabs(x))); }

// log probability of a level, and its slopes by mean and log scale.
struct LevelLogProbability {
  double value;
  double by_mean;
  double by_log_scale;
};

// With a, b the upper and lower edge of the level in scales from the mean and d = a - b:
//   sigmoid(a) - sigmoid(b) = (1 - exp(-d)) sigmoid(a) sigmoid(-b),
// whose log cancels nowhere.
LevelLogProbability level_log_probability(double y, double mean, double log_scale, double half) {
  const double inverse = std::exp(-log_scale);
  const double a = (y - mean + half) * inverse;
  const double b = (y - mean - half) * inverse;
  if (y - half <= -1.0) {  // all that is below
    const double slope = sigmoid(-a);
    return {log_sigmoid(a), -slope * inverse, -slope * a};
  }
  if (y + half >= 1.0) {  // all that is above
    const double slope = sigmoid(b);
    return {log_sigmoid(-b), slope * inverse, slope * b};
  }
  const double d = a - b;
  const double from_a = sigmoid(-a);
  const double from_b = sigmoid(b);
  const double by_d = d < 1e-8 ? 1.0 : (d > 700.0 ? 0.0 : d / std::expm1(d));
  return {std::log(-std::expm1(-d)) + log_sigmoid(a) + log_sigmoid(-b),
          -(from_a - from_b) * inverse, -(a * from_a - b * from_b + by_d)};
}

// log sum_k softmax(logits)_k p_k of one sample; writes the negated slopes unless null.
double mixture_log_probability(const float* parameters, int components, float y,
                               const LogisticMixtureOptions& options, float* negated_slopes) {
  const double half = 1.0 / (options.levels - 1);
  std::array<LevelLogProbability, kMaxComponents> parts = {};
  std::array<double, kMaxComponents> joint = {};
  double top_logit = parameters[0];
  for (int k = 1; k < components; ++k) top_logit = std::max(top_logit, double{parameters[k]});
  double logit_sum = 0.0;
  for (int k = 0; k < components; ++k) logit_sum += std::exp(parameters[k] - top_logit);
  const double normalizer = top_logit + std::log(logit_sum);
  double top = -INFINITY;
  for (int k = 0; k < components; ++k) {
    const auto i = static_cast<size_t>(k);
    const float log_scale = std::max(parameters[2 * components + k], options.min_log_scale);
    parts[i] = level_log_probability(y, parameters[components + k], log_scale, half);
    joint[i] = parameters[k] - normalizer + parts[i].value;
    top = std::max(top, joint[i]);
  }
  double sum = 0.0;
  for (int k = 0; k < components; ++k) sum += std::exp(joint[static_cast<size_t>(k)] - top);
  const double value = top + std::log(sum);
  for (int k = 0; negated_slopes != nullptr && k < components; ++k) {
    const auto i = static_cast<size_t>(k);
    const double share = std::exp(joint[i] - value);  // the component's posterior
    const double prior = std::exp(parameters[k] - normalizer);
    negated_slopes[k] = static_cast<float>(prior - share);
    negated_slopes[components + k] = static_cast<float>(-share * parts[i].by_mean);
    const bool clamped = parameters[2 * components + k] < options.min_log_scale;
    negated_slopes[2 * components + k] =
        clamped ? 0.0F : static_cast<float>(-share * parts[i].by_log_scale);
  }
  return value;
}

// Sums f(parameters of a sample, sample, slopes or null), which returns a loss, over real frames.
template <class F>
Var likelihood_loss(Var parameters, const Tensor& target, std::span<const int> lengths,
                    Reduction reduction, F f) {
  const Shape& shape = parameters.shape();
  BIVOX_CHECK(shape.rank() == 3 && target.shape() == Shape({shape[0], shape[1], 1}));
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = parameters.tape();
  const int64_t width = shape[2];
  Tensor gradient;
  if (tape.needs_gradient(parameters)) {
    gradient = Tensor::uninitialized(shape);
    zero_frames_beyond(gradient, lengths);
  }
  const auto blocks = row_blocks(shape[0], shape[1], lengths.empty() ? nullptr : lengths.data());
  int64_t count = 0;
  for (const RowBlock& block : blocks) count += block.count;
  const double total =
      reduce_rows(tape.context(), blocks, 1, [&](const RowBlock& block, float* partial) {
        double sum = 0.0;
        for (int64_t r = block.begin; r < block.begin + block.count; ++r) {
          sum += f(parameters.value().data() + r * width, target.data()[r],
                   gradient.empty() ? nullptr : gradient.data() + r * width);
        }
        *partial = static_cast<float>(sum);
      })[0];
  const double weight = mean_weight(reduction, count);
  return record_loss(parameters, total * weight, weight, std::move(gradient));
}

}  // namespace

Var logistic_mixture_loss(Var parameters, const Tensor& target, std::span<const int> lengths,
                          const LogisticMixtureOptions& options) {
  const auto components = static_cast<int>(parameters.shape().last() / 3);
  BIVOX_CHECK(components >= 1 && components <= kMaxComponents);
  BIVOX_CHECK(parameters.shape().last() == 3 * components && options.levels >= 2);
  return likelihood_loss(parameters, target, lengths, options.reduction,
                         [&](const float* p, float y, float* slopes) {
                           return -mixture_log_probability(p, components, y, options, slopes);
                         });
}

Var gaussian_loss(Var parameters, const Tensor& target, std::span<const int> lengths,
                  const GaussianLossOptions& options) {
  BIVOX_CHECK(parameters.shape().last() == 2);
  const double constant = 0.5 * std::log(2.0 * std::numbers::pi);
  return likelihood_loss(
      parameters, target, lengths, options.reduction, [&](const float* p, float y, float* slopes) {
        const float log_deviation = std::max(p[1], options.min_log_deviation);
        const double inverse = std::exp(-double{log_deviation});
        const double z = (y - p[0]) * inverse;
        if (slopes != nullptr) {
          slopes[0] = static_cast<float>(-z * inverse);
          slopes[1] = p[1] < options.min_log_deviation ? 0.0F : static_cast<float>(1.0 - z * z);
        }
        return constant + log_deviation + 0.5 * z * z;
      });
}

}  // namespace bivox
