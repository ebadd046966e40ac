// bivox data check: wrong labels and bad sound, found before training.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "apps/data_check_output.h"
#include "apps/data_check_task.h"
#include "apps/interrupt.h"
#include "apps/training_data.h"
#include "apps/usage_meter.h"
#include "apps/verb_data.h"

namespace bivox {
namespace {

// What --fail-on found; apart from the codes that mean that the check itself went wrong.
constexpr int kFoundExitCode = 1;

struct Options {
  std::vector<std::string> sources;
  EngineOptions engine;
  DataCheckOptions check;
  std::string format = "table";
  size_t top = 30;
  std::string report;
  size_t players = 100;
  std::vector<std::string> fail_on;
  int jobs = 1;
};

std::string all_names() {
  std::string names;
  for (int kind = 0; kind < kNumFindingKinds; ++kind) {
    names += (names.empty() ? "" : ", ");
    names += finding_name(static_cast<FindingKind>(kind));
  }
  return names;
}

std::vector<FindingKind> failing_kinds(const Options& options) {
  std::vector<FindingKind> kinds;
  for (const std::string& name : options.fail_on) {
    if (name == "any") {
      for (int kind = 0; kind < kNumFindingKinds; ++kind) {
        kinds.push_back(static_cast<FindingKind>(kind));
      }
      continue;
    }
    const std::optional<FindingKind> kind = find_finding_kind(name);
    if (!kind) {
      throw Error(ErrorCode::kUsage, fmt::format("--fail-on {}: no such finding", name),
                  "use any, or one of: " + all_names());
    }
    kinds.push_back(*kind);
  }
  return kinds;
}

int run_check(const Options& options, Console& console) {
  const UsageMeter meter;
  const std::vector<FindingKind> failing = failing_kinds(options);
  const std::vector<UtteranceText> utterances = read_training_data(options.sources);
  const DataSetCheck check =
      check_data_set(utterances, options.engine, options.check, options.jobs, console);
  if (!check.complete) {
    console.warning(fmt::format("interrupted: {} of {} utterances are measured, nothing is ranked",
                                check.facts.size(), utterances.size()));
    return kInterruptedExitCode;
  }
  if (options.format == "tsv") {
    write_check_tsv(std::cout, check, utterances, options.top);
  } else if (options.format == "json") {
    write_check_json(std::cout, check, utterances, options.top);
  } else {
    write_check_table(std::cout, check, options.top);
  }
  if (!options.report.empty()) {
    write_check_page(options.report, check, utterances, options.players);
  }
  console.detail(fmt::format("bivox: {}", meter.report(utterances.size(), check.audio_s)));
  const auto unreadable = [](const UtteranceFacts& facts) { return !facts.unreadable.empty(); };
  if (std::ranges::all_of(check.facts, unreadable)) {
    throw Error(ErrorCode::kInput,
                fmt::format("none of the {} recordings could be read", check.facts.size()),
                check.facts.empty() ? "" : check.facts.front().unreadable);
  }
  const std::vector<int> counts = count_findings(check.checked);
  for (const FindingKind kind : failing) {
    if (counts[static_cast<size_t>(kind)] > 0) return kFoundExitCode;
  }
  return 0;
}

}  // namespace

void add_data_check_verb(CLI::App& data, const LmAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_lm_subverb(
      data, "check",
      "Find wrong texts and bad recordings before training: texts that do not fit the sound,\n"
      "clipped, silent, cut, noisy, narrow-band and copied recordings, odd speaking rates, words\n"
      "that the dictionary lacks. The worst come first.",
      "  bivox data check corpus/manifest.tsv:train\n"
      "  bivox data check recordings/ --report check.html --jobs 4\n"
      "  bivox data check corpus/ --format tsv --top 0 > checked.tsv\n"
      "  bivox data check corpus/ --fail-on unreadable,no-text,copy   # exit code 1 if there are "
      "any",
      action, [options](Console& console) { return run_check(*options, console); });
  verb.add_option(
          "SOURCE", options->sources,
          "Manifests, lists or folders of recordings with texts; PATH:SPLIT takes one split")
      ->required();
  verb.add_option("--format", options->format, "table, tsv or json")
      ->check(CLI::IsMember({"table", "tsv", "json"}));
  verb.add_option("--top", options->top, "How many utterances to print; 0: all, suspicious or not");
  verb.add_option("--report", options->report,
                  "Write a page to browse (HTML) with players and spectrograms");
  verb.add_option("--players", options->players, "How many of the worst have a player in the page");
  verb.add_option("--misfit", options->check.misfit,
                  "How much worse than others a text must fit to be reported, points")
      ->check(CLI::PositiveNumber);
  verb.add_option("--fail-on", options->fail_on,
                  "End with exit code 1 if there are such findings: any, or names separated by\n"
                  "commas: " +
                      all_names())
      ->delimiter(',');
  add_engine_options(verb, options->engine, false);
  verb.add_option("--jobs", options->jobs, "Recordings at a time; 0: one a processor")
      ->check(CLI::Range(0, 1024));
}

}  // namespace bivox
