// Whether the confidence of words is what it says: the share of them that are right.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "asr/evaluation/comparison_report.h"
#include "asr/evaluation/svg_plot.h"

namespace bivox {
namespace {

constexpr size_t kBins = 10;
constexpr double kLeastInABin = 10.0;  // a point of fewer words says nothing

struct Judged {
  double confidence;
  bool right;
};

std::vector<Judged> judged_words(const SystemHypotheses& hypotheses, const SystemErrors& errors) {
  std::vector<Judged> words;
  for (size_t i = 0; i < errors.alignments.size(); ++i) {
    for (const AlignedPair& pair : errors.alignments[i]) {
      if (pair.hypothesis < 0) continue;
      const HypothesisWord& word =
          hypotheses.utterances[i].words[static_cast<size_t>(pair.hypothesis)];
      words.push_back({word.confidence, pair.correct});
    }
  }
  return words;
}

// 1 - H(right | confidence) / H(right): 1 is perfect, 0 is no better than the mean.
double normalized_cross_entropy(const std::vector<Judged>& words, double share) {
  constexpr double kLeast = 1e-6;
  double given = 0.0;
  double prior = 0.0;
  for (const Judged& word : words) {
    given -= std::log(std::max(kLeast, word.right ? word.confidence : 1.0 - word.confidence));
    prior -= std::log(word.right ? share : 1.0 - share);
  }
  return prior > 0.0 ? 1.0 - given / prior : std::nan("");
}

}  // namespace

ReportSection confidence_section(const Comparison& comparison) {
  ReportSection section;
  section.title = "Do they know when they are wrong?";
  ReportTable table;
  table.id = "confidence";
  table.columns = {{"system", "system"},
                   {"words", "words heard", true},
                   {"mean", "mean confidence", true},
                   {"right", "right %", true, "words heard that are right"},
                   {"calibration_error", "calibration error", true, "expected, over ten bins"},
                   {"nce", "NCE", true, "normalized cross entropy; 1 is perfect, 0 knows nothing"}};
  XyPlot plot;
  plot.title = "Words that are right, by confidence";
  plot.x = {"confidence", false, true, {}};
  plot.y = {"share that is right", false, true, {}};
  plot.diagonal = true;
  for (size_t s = 0; s < comparison.systems.size(); ++s) {
    const std::vector<Judged> words = judged_words(comparison.hypotheses[s], comparison.systems[s]);
    // What another program heard may come without.
    const bool known = std::any_of(words.begin(), words.end(),
                                   [](const Judged& word) { return word.confidence < 1.0; });
    if (!known) continue;
    struct Bin {
      double words = 0.0;
      double confidence = 0.0;
      double right = 0.0;
    };
    std::array<Bin, kBins> bins{};
    Bin all;
    for (const Judged& word : words) {
      const double place = std::clamp(word.confidence, 0.0, 1.0) * kBins;
      for (Bin* bin : {&bins[std::min(kBins - 1, static_cast<size_t>(place))], &all}) {
        bin->words += 1.0;
        bin->confidence += word.confidence;
        bin->right += word.right ? 1.0 : 0.0;
      }
    }
    double error = 0.0;
    PlotSeries series{comparison.systems[s].name, {}, true};
    for (const Bin& bin : bins) {
      error += std::fabs(bin.confidence - bin.right) / all.words;
      if (bin.words < kLeastInABin) continue;
      PlotPoint point{bin.confidence / bin.words, bin.right / bin.words};
      point.label = fmt::format("{}: {:.0f} words, confidence {:.2f}, right {:.2f}", series.name,
                                bin.words, point.x, point.y);
      series.points.push_back(std::move(point));
    }
    const double share = all.right / all.words;
    table.rows.push_back({ReportCell::of(series.name), ReportCell::count(std::llround(all.words)),
                          ReportCell::number(all.confidence / all.words, 3),
                          ReportCell::percent(share), ReportCell::number(error, 3),
                          ReportCell::number(normalized_cross_entropy(words, share), 3)});
    plot.series.push_back(std::move(series));
  }
  if (table.rows.empty()) return section;
  table.note =
      "A word's confidence is to be the probability that it is right. Calibration error: the mean "
      "distance of the two over ten bins of confidence.";
  section.figures.push_back(
      {plot.svg(), "Share of right words by confidence; on the line it is what it says."});
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace bivox
