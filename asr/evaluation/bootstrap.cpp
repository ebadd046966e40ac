#include "asr/evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// std::uniform_int_distribution differs between standard libraries; this does not.
size_t draw(std::mt19937_64& generator, size_t count) {
  const uint64_t high_bits = generator() >> 32U;
  return static_cast<size_t>((high_bits * count) >> 32U);
}

double quantile(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  return sorted[below] * (1.0 - weight) + sorted[above] * weight;
}

}  // namespace

RateInterval bootstrap_interval(std::span<const ErrorCounts> groups,
                                const BootstrapOptions& options) {
  BIVOX_CHECK(options.num_resamples > 0);
  BIVOX_CHECK(options.confidence > 0.0 && options.confidence < 1.0);
  if (groups.empty()) return {};
  std::mt19937_64 generator(options.seed);
  std::vector<double> rates(static_cast<size_t>(options.num_resamples));
  for (double& rate : rates) {
    int64_t errors = 0;
    int64_t reference = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      const ErrorCounts& drawn = groups[draw(generator, groups.size())];
      errors += drawn.errors();
      reference += drawn.reference;
    }
    rate = static_cast<double>(errors) / static_cast<double>(std::max<int64_t>(reference, 1));
  }
  std::sort(rates.begin(), rates.end());
  const double tail = (1.0 - options.confidence) / 2.0;
  return {quantile(rates, tail), quantile(rates, 1.0 - tail)};
}

}  // namespace bivox
