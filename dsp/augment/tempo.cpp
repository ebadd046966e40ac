#include "dsp/augment/tempo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/error.h"
#include "dsp/features/frame_kernels.h"
#include "dsp/features/window.h"

namespace bivox {
namespace {

// The start, within `search` of `ideal`, of the segment that is most like the one at `wanted`.
int64_t best_start(const std::vector<float>& x, int64_t ideal, int64_t wanted, int64_t search,
                   int length) {
  const auto at = [&](int64_t start) { return x.data() + start; };
  double energy = static_cast<double>(kernels::dot(at(ideal - search), at(ideal - search), length));
  double best_score = -1.0;
  int64_t best = ideal;
  for (int64_t start = ideal - search; start <= ideal + search; ++start) {
    const auto similarity = static_cast<double>(kernels::dot(at(start), at(wanted), length));
    // Silence is like nothing; where all is silent the ideal place stays.
    const double score = similarity > 0.0 ? similarity / std::sqrt(std::max(energy, 1e-9)) : 0.0;
    if (score > best_score || (score == best_score && start == ideal)) {
      best_score = score;
      best = start;
    }
    const double leaves = x[static_cast<size_t>(start)];
    const double enters = x[static_cast<size_t>(start + length)];
    energy += enters * enters - leaves * leaves;
  }
  return best;
}

}  // namespace

AudioBuffer change_tempo(AudioView audio, double factor, const TempoOptions& options) {
  if (!(factor >= 0.25 && factor <= 4.0)) {
    throw Error(ErrorCode::kUsage, fmt::format("tempo: factor {}, expected 0.25 to 4", factor));
  }
  const double rate = audio.sample_rate_hz;
  const int hop = std::max(1, static_cast<int>(std::lround(options.window_s * rate / 2.0)));
  const int window = 2 * hop;
  const auto search = static_cast<int64_t>(std::lround(options.search_s * rate));
  const auto num_in = static_cast<int64_t>(audio.samples.size());
  const auto num_out = static_cast<int64_t>(std::llround(static_cast<double>(num_in) / factor));

  // Zeros around the signal spare all questions about its ends.
  const int64_t margin = window + search + hop + 1;
  std::vector<float> padded(static_cast<size_t>(num_in + 3 * margin + window), 0.0F);
  std::copy(audio.samples.begin(), audio.samples.end(), padded.begin() + margin);

  const std::vector<float> weights = make_window(WindowKind::kHannPeriodic, window);
  std::vector<float> sum(static_cast<size_t>(num_out + 2 * window), 0.0F);
  int64_t start = 0;
  for (int64_t k = 0; (k - 1) * hop < num_out; ++k) {
    // Segment k is centred at output sample k hop.
    const auto ideal =
        margin - hop + static_cast<int64_t>(std::llround(static_cast<double>(k * hop) * factor));
    const int64_t limit = static_cast<int64_t>(padded.size()) - window - search - 2;
    const int64_t clamped = std::clamp(ideal, search, limit);
    start = k == 0 ? clamped
                   : best_start(padded, clamped, std::min(start + hop, limit), search, window);
    float* out = sum.data() + k * hop;  // the sum is shifted by one hop
    const float* in = padded.data() + start;
    for (int n = 0; n < window; ++n) out[n] += weights[static_cast<size_t>(n)] * in[n];
  }
  AudioBuffer result;
  result.sample_rate_hz = audio.sample_rate_hz;
  result.samples.assign(sum.begin() + hop, sum.begin() + hop + num_out);
  return result;
}

}  // namespace bivox
