#include "legacy/gmm/gaussian.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bivox {

double log_normaliser(std::span<const float> variances) {
  double sum = 0.0;
  for (const float variance : variances) {
    sum += std::log(2.0 * std::numbers::pi * static_cast<double>(variance));
  }
  return -0.5 * sum;
}

double log_density(std::span<const float> x, std::span<const float> mean,
                   std::span<const float> variances) {
  double distance = 0.0;
  for (size_t d = 0; d < x.size(); ++d) {
    const double difference = static_cast<double>(x[d]) - static_cast<double>(mean[d]);
    distance += difference * difference / static_cast<double>(variances[d]);
  }
  return log_normaliser(variances) - 0.5 * distance;
}

double normalise(std::span<float> values) {
  double sum = 0.0;
  for (const float value : values) {
    sum += static_cast<double>(value);
  }
  if (sum > 0.0) {
    for (float& value : values) {
      value = static_cast<float>(static_cast<double>(value) / sum);
    }
  }
  return sum;
}

void counts_to_weights(std::span<float> counts, float floor) {
  if (!(normalise(counts) > 0.0)) {
    std::ranges::fill(counts, 1.0F);
  }
  for (float& weight : counts) {
    weight = std::max(weight, floor);
  }
  normalise(counts);
}

void counts_to_transitions(std::span<float> counts, float floor) {
  normalise(counts);
  for (float& probability : counts) {
    if (probability > 0.0F) {
      probability = std::max(probability, floor);
    }
  }
  normalise(counts);
}

}  // namespace bivox
