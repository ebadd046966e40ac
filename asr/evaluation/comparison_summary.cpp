// What a comparison comes to, in a few sentences.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "asr/evaluation/comparison_report.h"

namespace bivox {
namespace {

constexpr double kSignificance = 0.05;

double wer(const SystemErrors& system) { return 100.0 * system.total_words.rate(); }

// The best system against one other.
std::string against(const Comparison& comparison, size_t best, size_t other) {
  const auto is_pair = [&](const SystemPair& pair) {
    return (pair.a == best && pair.b == other) || (pair.a == other && pair.b == best);
  };
  const auto pair = std::find_if(comparison.pairs.begin(), comparison.pairs.end(), is_pair);
  if (pair == comparison.pairs.end()) return "";
  // a - b of the pair is turned into other - best.
  const bool turned = pair->a == best;
  const double sign = turned ? -100.0 : 100.0;
  const RateInterval& interval = pair->bootstrap.interval;
  const double low = sign * (turned ? interval.high : interval.low);
  const double high = sign * (turned ? interval.low : interval.high);
  const SystemErrors& rival = comparison.systems[other];
  const double points = wer(rival) - wer(comparison.systems[best]);
  std::string text = fmt::format("{}: {:.2f} %", rival.name, wer(rival));
  if (points > 0.0 && wer(rival) > 0.0) {
    text += fmt::format(", {} makes {:.0f} % fewer errors", comparison.systems[best].name,
                        100.0 * points / wer(rival));
  }
  text += fmt::format(
      " ({:.2f} points, 95 % interval {:.2f} to {:.2f}; matched pairs p {})", points, low, high,
      pair->matched.p < 0.0001 ? "< 0.0001" : fmt::format("= {:.4f}", pair->matched.p));
  return text + (pair->matched.p < kSignificance ? "." : ": this may be chance.");
}

}  // namespace

std::vector<std::string> comparison_summary(const Comparison& comparison,
                                            std::span<const SystemMeasures> measures) {
  std::vector<std::string> summary;
  if (comparison.systems.empty()) return summary;
  const auto best_system =
      std::min_element(comparison.systems.begin(), comparison.systems.end(),
                       [](const SystemErrors& x, const SystemErrors& y) {
                         return x.total_words.errors() < y.total_words.errors();
                       });
  const auto best = static_cast<size_t>(best_system - comparison.systems.begin());
  const SystemErrors& system = *best_system;
  summary.push_back(fmt::format(
      "{}: {:.2f} % of {} words wrong (95 % interval {:.2f} to {:.2f}){}.", system.name,
      wer(system), system.total_words.reference, 100.0 * system.interval.low,
      100.0 * system.interval.high, comparison.systems.size() > 1 ? ", the fewest" : ""));
  for (size_t other = 0; other < comparison.systems.size(); ++other) {
    if (other == best) continue;
    if (std::string text = against(comparison, best, other); !text.empty()) {
      summary.push_back(std::move(text));
    }
  }
  std::string cost;
  for (const SystemMeasures& one : measures) {
    if (!std::isfinite(one.core_s) || one.audio_s <= 0.0) continue;
    cost +=
        fmt::format("{}{} {:.3f}", cost.empty() ? "" : ", ", one.name, one.core_s / one.audio_s);
  }
  if (!cost.empty()) summary.push_back("Core-seconds for a second of audio: " + cost + ".");
  return summary;
}

}  // namespace bivox
