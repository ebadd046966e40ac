#include "asr/evaluation/training_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr double kHour_s = 3600.0;

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// A table of numbers with named columns; cells of text are not numbers.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;

  std::vector<double> column(std::string_view name) const {
    std::vector<double> values;
    const auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end()) return values;
    for (const auto& row : rows)
      values.push_back(row[static_cast<size_t>(found - columns.begin())]);
    return values;
  }
};

Table read_table(const fs::path& path) {
  const std::string text = read_file(path);
  Table table;
  int number = 0;
  for (std::string_view line : split_at(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::vector<std::string_view> cells = split_at(line, '\t');
    if (table.columns.empty()) {
      table.columns.assign(cells.begin(), cells.end());
      continue;
    }
    if (cells.size() != table.columns.size()) {
      throw Error(ErrorCode::kInput, fmt::format("{}:{}: {} columns, expected {}", path.string(),
                                                 number, cells.size(), table.columns.size()));
    }
    std::vector<double>& row = table.rows.emplace_back();
    for (const std::string_view cell : cells) {
      double value = 0.0;
      const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
      const bool whole = failure == std::errc() && end == cell.data() + cell.size();
      row.push_back(whole ? value : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return table;
}

double sum_of(const std::vector<double>& values) {
  return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                        : std::accumulate(values.begin(), values.end(), 0.0);
}

void add_curve(const Table& table, const std::string& column, TrainingFacts& facts) {
  TrainingCurve curve;
  curve.measure = column;
  double at = 0.0;
  for (const double value : table.column(column)) curve.points.push_back({++at, value});
  if (!curve.points.empty()) facts.curves.push_back(std::move(curve));
}

// "frame_accuracy" is an axis as "frame accuracy".
std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

ReportFigure errors_by_hours(const Comparison& comparison, std::span<const TrainingFacts> facts) {
  XyPlot plot;
  plot.title = "Word error rates by hours of training speech";
  plot.x = {"hours of training speech", true, false, {}};
  plot.y = {"WER %", false, true, {}};
  for (size_t i = 0; i < facts.size(); ++i) {
    if (!std::isfinite(facts[i].hours)) continue;
    const SystemErrors& errors = comparison.systems[i];
    PlotPoint point{facts[i].hours, 100.0 * errors.total_words.rate(), 100.0 * errors.interval.low,
                    100.0 * errors.interval.high};
    point.label = fmt::format("{}: {:.3g} h, {:.1f} %", errors.name, point.x, point.y);
    const auto same = [&](const PlotSeries& series) { return series.name == facts[i].kind; };
    auto series = std::find_if(plot.series.begin(), plot.series.end(), same);
    if (series == plot.series.end()) {
      series = plot.series.insert(series, {facts[i].kind, {}, true});
    }
    series->points.push_back(std::move(point));
  }
  for (PlotSeries& series : plot.series) {
    std::sort(series.points.begin(), series.points.end(),
              [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    for (const PlotPoint& point : series.points) {
      const auto marked = [&](const auto& tick) { return tick.first == point.x; };
      if (std::none_of(plot.x.ticks.begin(), plot.x.ticks.end(), marked)) {
        plot.x.ticks.emplace_back(point.x, fmt::format("{:.3g}", point.x));
      }
    }
  }
  return {plot.svg(), "Word error rates by hours of training speech, with 95 % intervals."};
}

}  // namespace

void read_training_run(const fs::path& folder, TrainingFacts& facts) {
  std::error_code ignored;
  bool found = false;
  if (const fs::path path = folder / "epochs.tsv"; fs::exists(path, ignored)) {
    const Table table = read_table(path);
    for (const std::string& column : table.columns) {
      if (column != "epoch") add_curve(table, column, facts);
    }
    found = true;
  }
  if (const fs::path path = folder / "passes.tsv"; fs::exists(path, ignored)) {
    const Table table = read_table(path);
    add_curve(table, "log_likelihood_per_frame", facts);
    facts.clock_s = sum_of(table.column("seconds"));
    found = true;
  }
  if (const fs::path path = folder / "cost.tsv"; fs::exists(path, ignored)) {
    facts.core_s = sum_of(read_table(path).column("core_s"));
  }
  if (!found) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: has neither epochs.tsv nor passes.tsv", folder.string()),
                "the folder of a training run is OUTPUT.run unless --run-dir names another");
  }
}

ReportSection training_section(const Comparison& comparison, std::span<const TrainingFacts> facts) {
  BIVOX_CHECK(facts.size() == comparison.systems.size());
  ReportSection section;
  section.title = "What did training bring?";
  ReportTable table;
  table.id = "training";
  table.columns = {{"system", "system"},
                   {"kind", "kind"},
                   {"hours", "hours", true, "of training speech"},
                   {"core_hours", "core-hours", true, "processor time of training"},
                   {"clock_hours", "clock hours", true, "where processor time was not kept"},
                   {"rounds", "rounds", true, "epochs or passes over the data"},
                   {"wer", "WER %", true, "on the recordings compared"}};
  size_t with_hours = 0;
  std::vector<std::string> measures;
  for (size_t i = 0; i < facts.size(); ++i) {
    const TrainingFacts& one = facts[i];
    with_hours += std::isfinite(one.hours) ? 1 : 0;
    for (const TrainingCurve& curve : one.curves) {
      if (std::find(measures.begin(), measures.end(), curve.measure) == measures.end()) {
        measures.push_back(curve.measure);
      }
    }
    if (!std::isfinite(one.hours) && one.curves.empty()) continue;
    table.rows.push_back(
        {ReportCell::of(one.system), ReportCell::of(one.kind), ReportCell::number(one.hours, 2),
         ReportCell::number(one.core_s / kHour_s, 2), ReportCell::number(one.clock_s / kHour_s, 2),
         one.curves.empty() ? ReportCell::none()
                            : ReportCell::count(static_cast<int64_t>(one.curves[0].points.size())),
         ReportCell::percent(comparison.systems[i].total_words.rate())});
  }
  if (table.rows.empty()) return section;
  table.note = "Tables of the runs as they were stored; work done twice is counted twice.";
  if (with_hours > 1) section.figures.push_back(errors_by_hours(comparison, facts));
  for (const std::string& measure : measures) {
    XyPlot plot;
    plot.title = "Training: " + spoken(measure);
    plot.x = {"epoch or pass", false, true, {}};
    plot.y = {spoken(measure), false, false, {}};
    for (const TrainingFacts& one : facts) {
      for (const TrainingCurve& curve : one.curves) {
        if (curve.measure == measure) plot.series.push_back({one.system, curve.points, true});
      }
    }
    section.figures.push_back({plot.svg(), "Training: " + spoken(measure) + "."});
  }
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace bivox
