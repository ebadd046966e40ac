#include "asr/evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

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

void draw_resamples(size_t count, const BootstrapOptions& options,
                    const std::function<void(const std::vector<size_t>&)>& use) {
  BIVOX_CHECK(options.num_resamples > 0 && count > 0);
  std::mt19937_64 generator(options.seed);
  std::vector<size_t> drawn(count);
  for (int resample = 0; resample < options.num_resamples; ++resample) {
    for (size_t& index : drawn) index = draw(generator, count);
    use(drawn);
  }
}

RateInterval middle_interval(std::vector<double> values, double confidence) {
  BIVOX_CHECK(confidence > 0.0 && confidence < 1.0 && !values.empty());
  std::sort(values.begin(), values.end());
  const double tail = (1.0 - confidence) / 2.0;
  return {quantile(values, tail), quantile(values, 1.0 - tail)};
}

RateInterval bootstrap_interval(std::span<const ErrorCounts> groups,
                                const BootstrapOptions& options) {
  if (groups.empty()) return {};
  std::vector<double> rates;
  rates.reserve(static_cast<size_t>(options.num_resamples));
  draw_resamples(groups.size(), options, [&](const std::vector<size_t>& drawn) {
    int64_t errors = 0;
    int64_t reference = 0;
    for (const size_t i : drawn) {
      errors += groups[i].errors();
      reference += groups[i].reference;
    }
    rates.push_back(static_cast<double>(errors) /
                    static_cast<double>(std::max<int64_t>(reference, 1)));
  });
  return middle_interval(std::move(rates), options.confidence);
}

}  // namespace bivox
