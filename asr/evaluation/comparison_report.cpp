#include "asr/evaluation/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "asr/evaluation/svg_plot.h"

namespace bivox {
namespace {

constexpr double kMega = 1e6;

double percent(double share) { return 100.0 * share; }

ReportCell p_value(double p) {
  ReportCell cell = ReportCell::number(p, 4);
  if (p < 0.0001) cell.text = "< 0.0001";
  return cell;
}

std::string drawn(const Comparison& comparison) {
  return comparison.over_speakers ? fmt::format("{} speakers", comparison.num_speakers)
                                  : fmt::format("{} utterances", comparison.utterances.size());
}

// Marks the smallest number of a column.
void mark_best(ReportTable& table, size_t column) {
  double best = std::numeric_limits<double>::infinity();
  for (const auto& row : table.rows) {
    if (std::isfinite(row[column].value)) best = std::min(best, row[column].value);
  }
  for (auto& row : table.rows) row[column].mark = row[column].value == best;
}

BarPlot::Bar bar_of(const ErrorCounts& counts) { return {percent(counts.rate())}; }

std::vector<std::string> names_of(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const SystemErrors& system : comparison.systems) names.push_back(system.name);
  return names;
}

}  // namespace

double quantile_of(std::vector<double> values, double share) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return SystemMeasures::kUnknown;
  std::sort(values.begin(), values.end());
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, values.size() - 1);
  const double weight = position - static_cast<double>(below);
  return values[below] * (1.0 - weight) + values[above] * weight;
}

ReportSection error_section(const Comparison& comparison,
                            const std::optional<UnknownWords>& unknown) {
  ReportSection section;
  section.title = "Errors";
  ReportTable table;
  table.id = "errors";
  table.columns = {{"system", "system"},
                   {"words", "words", true},
                   {"insertions", "Ins", true},
                   {"deletions", "Del", true},
                   {"substitutions", "Sub", true},
                   {"wer", "WER %", true, "word error rate"},
                   {"wer_low", "from", true, "95 % interval"},
                   {"wer_high", "to", true, "95 % interval"},
                   {"ser", "SER %", true, "utterances with any error"},
                   {"cer", "CER %", true, "character error rate"},
                   {"failed", "failed", true, "utterances without a hypothesis"}};
  BarPlot plot;
  plot.title = "Word error rates";
  plot.y_title = "WER %";
  plot.series = {"WER"};
  plot.colour_groups = true;  // a system has one colour in all plots
  const auto utterances = static_cast<double>(std::max<size_t>(1, comparison.utterances.size()));
  for (const SystemErrors& system : comparison.systems) {
    const ErrorCounts& words = system.total_words;
    table.rows.push_back(
        {ReportCell::of(system.name), ReportCell::count(words.reference),
         ReportCell::count(words.insertions), ReportCell::count(words.deletions),
         ReportCell::count(words.substitutions), ReportCell::percent(words.rate()),
         ReportCell::percent(system.interval.low), ReportCell::percent(system.interval.high),
         ReportCell::percent(static_cast<double>(system.wrong_sentences) / utterances),
         ReportCell::percent(system.total_characters.rate()),
         ReportCell::count(static_cast<int64_t>(system.failed.size()))});
    plot.groups.push_back(system.name);
    plot.values.push_back(
        {{percent(words.rate()), percent(system.interval.low), percent(system.interval.high)}});
  }
  for (const size_t column : {5, 8, 9}) mark_best(table, column);
  table.note = fmt::format(
      "{} utterances. Intervals: 95 %, bootstrap, {} resamples over {}. What failed counts as "
      "deletions.",
      comparison.utterances.size(), comparison.bootstrap.num_resamples, drawn(comparison));
  if (unknown && unknown->words > 0) {
    table.note += fmt::format(
        " Out of vocabulary: {} of {} words ({:.2f} %).", unknown->unknown, unknown->words,
        percent(static_cast<double>(unknown->unknown) / static_cast<double>(unknown->words)));
  }
  section.tables.push_back(std::move(table));
  section.figures.push_back({plot.svg(), "Word error rates with 95 % intervals."});
  bool any_failed = false;
  ReportTable failed;
  failed.id = "failed";
  failed.title = "Utterances without a hypothesis";
  failed.columns = {{"system", "system"}, {"utterance", "utterance"}, {"why", "why"}};
  failed.max_text_rows = 10;
  for (size_t s = 0; s < comparison.systems.size(); ++s) {
    for (const size_t i : comparison.systems[s].failed) {
      any_failed = true;
      failed.rows.push_back({ReportCell::of(comparison.systems[s].name),
                             ReportCell::of(comparison.utterances[i].id),
                             ReportCell::of(comparison.hypotheses[s].utterances[i].failure)});
    }
  }
  if (any_failed) section.tables.push_back(std::move(failed));
  if (unknown && !unknown->by_word.empty()) {
    ReportTable words;
    words.id = "unknown_words";
    words.title = "Words that are not in the dictionary";
    words.columns = {{"word", "word"}, {"count", "times", true}};
    words.max_text_rows = 5;
    std::vector<std::pair<std::string, int64_t>> order(unknown->by_word.begin(),
                                                       unknown->by_word.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& x, const auto& y) { return x.second > y.second; });
    for (const auto& [word, count] : order) {
      words.rows.push_back({ReportCell::of(word), ReportCell::count(count)});
    }
    section.tables.push_back(std::move(words));
  }
  return section;
}

ReportSection significance_section(const Comparison& comparison) {
  ReportSection section;
  section.title = "Is the difference real?";
  if (comparison.pairs.empty()) return section;
  ReportTable table;
  table.id = "significance";
  table.columns = {{"a", "a"},
                   {"b", "b"},
                   {"difference", "a - b", true, "difference of the word error rates, points"},
                   {"difference_low", "from", true, "95 % interval"},
                   {"difference_high", "to", true, "95 % interval"},
                   {"probability_b_better", "P(b better)", true, "paired bootstrap"},
                   {"segments", "segments", true, "matched pairs"},
                   {"z", "z", true, "matched pairs"},
                   {"p", "p", true, "matched pairs, two-sided"},
                   {"only_a_right", "only a right", true, "utterances"},
                   {"only_b_right", "only b right", true, "utterances"},
                   {"mcnemar_p", "McNemar p", true, "exact, two-sided"}};
  for (const SystemPair& pair : comparison.pairs) {
    table.rows.push_back(
        {ReportCell::of(comparison.systems[pair.a].name),
         ReportCell::of(comparison.systems[pair.b].name),
         ReportCell::percent(pair.bootstrap.difference),
         ReportCell::percent(pair.bootstrap.interval.low),
         ReportCell::percent(pair.bootstrap.interval.high),
         ReportCell::number(pair.bootstrap.probability, 4),
         ReportCell::count(pair.matched.segments), ReportCell::number(pair.matched.z, 2),
         p_value(pair.matched.p), ReportCell::count(pair.utterances.only_a_right),
         ReportCell::count(pair.utterances.only_b_right), p_value(pair.utterances.p)});
  }
  table.note = fmt::format(
      "a - b: points of word error rate, positive where b is better; paired bootstrap, {} "
      "resamples "
      "over {}. Matched pairs (MAPSSWE): errors in segments between words that both have right. "
      "McNemar: utterances that only one of the two has entirely right.",
      comparison.bootstrap.num_resamples, drawn(comparison));
  section.tables.push_back(std::move(table));
  return section;
}

ReportSection overlap_section(const Comparison& comparison) {
  ReportSection section;
  section.title = "Do they make the same errors?";
  if (comparison.pairs.empty()) return section;
  ReportTable table;
  table.id = "overlap";
  table.title = "Words of the references";
  table.columns = {{"a", "a"},
                   {"b", "b"},
                   {"both_right", "both right", true},
                   {"only_a_right", "only a right", true},
                   {"only_b_right", "only b right", true},
                   {"neither_right", "neither", true},
                   {"both_right_share", "both %", true},
                   {"only_a_share", "only a %", true},
                   {"only_b_share", "only b %", true},
                   {"neither_share", "neither %", true}};
  for (const SystemPair& pair : comparison.pairs) {
    const auto words = static_cast<double>(std::max<int64_t>(
        1, pair.both_right + pair.only_a_right + pair.only_b_right + pair.neither_right));
    std::vector<ReportCell> row = {ReportCell::of(comparison.systems[pair.a].name),
                                   ReportCell::of(comparison.systems[pair.b].name)};
    const int64_t counts[] = {pair.both_right, pair.only_a_right, pair.only_b_right,
                              pair.neither_right};
    for (const int64_t count : counts) row.push_back(ReportCell::count(count));
    for (const int64_t count : counts) {
      row.push_back(ReportCell::percent(static_cast<double>(count) / words));
    }
    table.rows.push_back(std::move(row));
  }
  section.tables.push_back(std::move(table));

  ReportTable combined;
  combined.id = "combination";
  combined.title = "Put together";
  combined.columns = {{"what", "what"}, {"errors", "errors", true}, {"wer", "WER %", true}};
  const auto reference =
      static_cast<double>(std::max<int64_t>(1, comparison.combined.total_words.reference));
  const auto add = [&](std::string_view what, int64_t errors) {
    combined.rows.push_back({ReportCell::of(what), ReportCell::count(errors),
                             ReportCell::percent(static_cast<double>(errors) / reference)});
  };
  for (const SystemErrors& system : comparison.systems) {
    add(system.name, system.total_words.errors());
  }
  add("ROVER (votes and confidences)", comparison.combined.total_words.errors());
  add("best system of each utterance (oracle)", comparison.best_of_utterance);
  add("best word of each place (oracle)", comparison.oracle_errors);
  combined.note = "The oracles know the reference: a bound, not a system.";
  section.tables.push_back(std::move(combined));
  return section;
}

ReportSection group_section(const Comparison& comparison) {
  ReportSection section;
  section.title = "Who and what is hard?";
  std::vector<std::string> traits;
  for (const ErrorGroup& group : comparison.groups) {
    if (traits.empty() || traits.back() != group.trait) traits.push_back(group.trait);
  }
  for (const std::string& trait : traits) {
    ReportTable table;
    table.id = "by_" + trait;
    table.title = "By " + trait;
    table.columns = {{trait, trait}, {"utterances", "utterances", true}, {"words", "words", true}};
    for (const SystemErrors& system : comparison.systems) {
      table.columns.push_back({"wer_" + system.name, system.name + " WER %", true});
    }
    BarPlot plot;
    plot.title = "Word error rates by " + trait;
    plot.y_title = "WER %";
    plot.series = names_of(comparison);
    PlotSeries scatter{"speakers", {}, false};
    for (const ErrorGroup& group : comparison.groups) {
      if (group.trait != trait) continue;
      std::vector<ReportCell> row = {ReportCell::of(group.value),
                                     ReportCell::count(static_cast<int64_t>(group.utterances)),
                                     ReportCell::count(group.words[0].reference)};
      std::vector<BarPlot::Bar> bars;
      for (const ErrorCounts& words : group.words) {
        row.push_back(ReportCell::percent(words.rate()));
        bars.push_back(bar_of(words));
      }
      if (group.words.size() > 1) {
        PlotPoint point{percent(group.words[0].rate()), percent(group.words[1].rate())};
        point.label = fmt::format("{}: {:.1f} and {:.1f} %", group.value, point.x, point.y);
        scatter.points.push_back(std::move(point));
      }
      plot.groups.push_back(group.value);
      plot.values.push_back(std::move(bars));
      table.rows.push_back(std::move(row));
    }
    if (plot.groups.size() <= 8) {
      section.figures.push_back({plot.svg(), "Word error rates by " + trait + "."});
    } else if (!scatter.points.empty()) {
      XyPlot xy;
      xy.title = "One system against the other, by " + trait;
      xy.x = {comparison.systems[0].name + " WER %", false, true, {}};
      xy.y = {comparison.systems[1].name + " WER %", false, true, {}};
      xy.series = {scatter};
      xy.diagonal = true;
      section.figures.push_back(
          {xy.svg(), fmt::format("Each point a {}; below the line {} is better.", trait,
                                 comparison.systems[1].name)});
    }
    section.tables.push_back(std::move(table));
  }
  return section;
}

ReportSection noise_section(std::span<const std::string> systems,
                            std::span<const NoiseCondition> conditions) {
  ReportSection section;
  section.title = "In noise";
  if (conditions.empty()) return section;
  ReportTable table;
  table.id = "noise";
  table.columns = {{"noise", "noise"}, {"unseen", "seen in training"}, {"snr_db", "SNR dB", true}};
  for (const std::string& system : systems) {
    table.columns.push_back({"wer_" + system, system + " WER %", true});
    table.columns.push_back({"low_" + system, "from", true, "95 % interval"});
    table.columns.push_back({"high_" + system, "to", true, "95 % interval"});
  }
  // Clean speech is no number of dB: it stands one step beyond the best ratio.
  double best_snr = -100.0;
  double worst_snr = 100.0;
  for (const NoiseCondition& condition : conditions) {
    if (std::isfinite(condition.snr_db)) {
      best_snr = std::max(best_snr, condition.snr_db);
      worst_snr = std::min(worst_snr, condition.snr_db);
    }
  }
  if (best_snr < worst_snr) best_snr = worst_snr = 0.0;
  const double clean_at = best_snr + 5.0;
  XyPlot plot;
  plot.title = "Word error rates by noise";
  plot.x.title = "SNR, dB";
  plot.y = {"WER %", false, true, {}};
  std::set<double> places;
  for (size_t s = 0; s < systems.size(); ++s) {
    std::vector<std::string> noises;
    for (const NoiseCondition& condition : conditions) {
      if (std::isfinite(condition.snr_db) &&
          std::find(noises.begin(), noises.end(), condition.noise) == noises.end()) {
        noises.push_back(condition.noise);
      }
    }
    for (const std::string& noise : noises) {
      PlotSeries series;
      series.name = noises.size() > 1 ? systems[s] + ", " + noise : systems[s];
      for (const NoiseCondition& condition : conditions) {
        const bool clean = !std::isfinite(condition.snr_db);
        if (!clean && condition.noise != noise) continue;
        PlotPoint point{clean ? clean_at : condition.snr_db, percent(condition.words[s].rate()),
                        percent(condition.intervals[s].low), percent(condition.intervals[s].high)};
        point.label = fmt::format("{}: {:.1f} %", series.name, point.y);
        if (places.insert(point.x).second) {
          plot.x.ticks.emplace_back(point.x,
                                    clean ? "clean" : fmt::format("{:.0f}", condition.snr_db));
        }
        series.points.push_back(std::move(point));
      }
      std::sort(series.points.begin(), series.points.end(),
                [](const PlotPoint& x, const PlotPoint& y) { return x.x < y.x; });
      plot.series.push_back(std::move(series));
    }
  }
  for (const NoiseCondition& condition : conditions) {
    const bool clean = !std::isfinite(condition.snr_db);
    std::vector<ReportCell> row = {
        ReportCell::of(clean ? "none" : condition.noise),
        ReportCell::of(clean              ? "-"
                       : condition.unseen ? "never"
                                          : "maybe"),
        clean ? ReportCell::of("clean") : ReportCell::number(condition.snr_db, 0)};
    for (size_t s = 0; s < systems.size(); ++s) {
      row.push_back(ReportCell::percent(condition.words[s].rate()));
      row.push_back(ReportCell::percent(condition.intervals[s].low));
      row.push_back(ReportCell::percent(condition.intervals[s].high));
    }
    table.rows.push_back(std::move(row));
  }
  table.note =
      "Noise is added to the whole recording at a ratio of mean powers; the same noise at the same "
      "place for every system.";
  section.figures.push_back({plot.svg(),
                             "Word error rates by signal-to-noise ratio, with 95 % "
                             "intervals."});
  section.tables.push_back(std::move(table));
  return section;
}

ReportSection speed_section(const Comparison& comparison,
                            std::span<const SystemMeasures> measures) {
  ReportSection section;
  section.title = "What does it cost?";
  ReportTable table;
  table.id = "cost";
  table.columns = {{"system", "system"},
                   {"real_time_factor", "real-time factor", true, "seconds for a second of audio"},
                   {"core_s_per_s", "core-s/s", true, "processor seconds for a second of audio"},
                   {"latency_median_s", "latency s", true, "median: end of speech to its text"},
                   {"latency_95_s", "95 %", true, "95 % of utterances are below"},
                   {"load_s", "load s", true, "from nothing to ready"},
                   {"peak_mb", "peak MB", true, "most memory beyond that before loading"},
                   {"model_mb", "model MB", true, "acoustic model on disk"},
                   {"parameters", "parameters", true},
                   {"million_operations_per_s", "Mop/s", true,
                    "millions of operations of the acoustic model for a second of audio"}};
  ReportTable spread;
  spread.id = "cost_spread";
  spread.title = "How even is the cost? Core-seconds a second of audio over the utterances";
  spread.columns = {{"system", "system"},
                    {"least", "least", true},
                    {"low_10", "10 %", true},
                    {"median", "median", true},
                    {"high_90", "90 %", true},
                    {"most", "most", true},
                    {"most_by_median", "most / median", true}};
  XyPlot plot;
  plot.title = "Processor time by length";
  plot.x = {"seconds of audio", false, true, {}};
  plot.y = {"core-seconds", false, true, {}};
  bool measured = false;
  std::string notes;
  for (const SystemMeasures& one : measures) {
    const double audio = std::max(one.audio_s, 1e-9);
    table.rows.push_back(
        {ReportCell::of(one.name), ReportCell::number(one.wall_s / audio, 4),
         ReportCell::number(one.core_s / audio, 4),
         ReportCell::number(quantile_of(one.latency_s, 0.5), 3),
         ReportCell::number(quantile_of(one.latency_s, 0.95), 3), ReportCell::number(one.load_s, 2),
         ReportCell::number(one.peak_bytes / kMega, 0),
         ReportCell::number(one.model_bytes / kMega, 1),
         std::isfinite(one.parameters) ? ReportCell::count(std::llround(one.parameters))
                                       : ReportCell::none(),
         ReportCell::number(one.operations / kMega, 0)});
    if (!one.operations_note.empty()) {
      notes += fmt::format(" {}: {}.", one.name, one.operations_note);
    }
    std::vector<double> rates;
    PlotSeries series{one.name, {}, false};
    for (size_t i = 0; i < one.utterance_core_s.size(); ++i) {
      const double length = comparison.utterances[i].duration_s;
      if (!(length > 0.0) || !std::isfinite(one.utterance_core_s[i])) continue;
      rates.push_back(one.utterance_core_s[i] / length);
      PlotPoint point{length, one.utterance_core_s[i]};
      point.label = fmt::format("{}: {}, {:.1f} s, {:.3f} core-s", one.name,
                                comparison.utterances[i].id, point.x, point.y);
      series.points.push_back(std::move(point));
    }
    if (rates.empty()) continue;
    measured = true;
    const double median = quantile_of(rates, 0.5);
    const double most = quantile_of(rates, 1.0);
    spread.rows.push_back({ReportCell::of(one.name), ReportCell::number(quantile_of(rates, 0.0), 4),
                           ReportCell::number(quantile_of(rates, 0.1), 4),
                           ReportCell::number(median, 4),
                           ReportCell::number(quantile_of(rates, 0.9), 4),
                           ReportCell::number(most, 4), ReportCell::number(most / median, 2)});
    plot.series.push_back(std::move(series));
  }
  if (!measured) return section;
  for (const size_t column : {1, 2, 3, 6, 7}) mark_best(table, column);
  table.note =
      "Recognition of the recordings as they are, without noise. Latency: from the end of the "
      "first "
      "stretch of speech to its text, were the audio to come in real time: the wait of the voice "
      "activity detection and the processing." +
      notes;
  section.figures.push_back({plot.svg(), "Processor time by length, each point an utterance."});
  section.tables.push_back(std::move(table));
  section.tables.push_back(std::move(spread));
  return section;
}

}  // namespace bivox
