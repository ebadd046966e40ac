// What training brought and cost: the learning curves of a report.
//
//   hours of training speech and word errors of the systems  -> errors against hours
//   the tables of a training run (.run folder)               -> its measures epoch by epoch
//
// Tables that are read: epochs.tsv and cost.tsv of networks (models/nn/training_loop.h), passes.tsv
// of mixtures (legacy/training/ladder.h). A table is tab-separated with one header line; its
// columns are found by their names.
// Errors: Error(kInput) for a folder without tables or a line that is none. Thread rule: pure
// functions. Test: tests/asr/evaluation/training_report_test.cpp.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "asr/evaluation/comparison.h"
#include "asr/evaluation/report.h"
#include "asr/evaluation/svg_plot.h"

namespace bivox {

/// One column of a table over epochs or passes, from 1.
struct TrainingCurve {
  std::string measure;
  std::vector<PlotPoint> points;
};

/// How a system came to be; not a number: unknown.
struct TrainingFacts {
  std::string system;
  std::string kind;  ///< Systems of one kind share a line.
  double hours = std::numeric_limits<double>::quiet_NaN();
  double core_s = std::numeric_limits<double>::quiet_NaN();   ///< Processor time.
  double clock_s = std::numeric_limits<double>::quiet_NaN();  ///< Where only that was kept.
  std::vector<TrainingCurve> curves;
};

/// Adds curves and cost of a run's folder.
void read_training_run(const std::filesystem::path& folder, TrainingFacts& facts);

/// Facts are those of comparison.systems[i]; without any hours or curves the section is empty.
ReportSection training_section(const Comparison& comparison, std::span<const TrainingFacts> facts);

}  // namespace bivox
