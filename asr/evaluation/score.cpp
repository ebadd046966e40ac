#include "asr/evaluation/score.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace bivox {
namespace {

void add_interval(ScoreReport& report, const BootstrapOptions& options) {
  std::map<std::string, ErrorCounts> by_speaker;
  std::vector<ErrorCounts> groups;
  bool all_known = true;
  for (const UtteranceScore& utterance : report.utterances) {
    all_known = all_known && !utterance.speaker.empty();
    by_speaker[utterance.speaker] += utterance.words;
    groups.push_back(utterance.words);
  }
  report.num_speakers = all_known ? static_cast<int>(by_speaker.size()) : 0;
  report.over_speakers = report.num_speakers >= ScoreReport::kMinSpeakers;
  if (report.over_speakers) {
    groups.clear();
    for (const auto& [speaker, counts] : by_speaker) groups.push_back(counts);
  }
  report.word_interval = bootstrap_interval(groups, options);
}

}  // namespace

ScoreReport score_utterances(std::span<const UtteranceText> references,
                             std::span<const UtteranceText> hypotheses,
                             const ScoreOptions& options) {
  std::unordered_map<std::string_view, const UtteranceText*> by_id;
  for (const UtteranceText& hypothesis : hypotheses) by_id[hypothesis.id] = &hypothesis;
  const auto prepared = [&](const std::string& text) {
    return options.normalize ? normalize_text(text, options.normalization) : text;
  };

  ScoreReport report;
  std::unordered_set<std::string_view> known;
  for (const UtteranceText& reference : references) {
    known.insert(reference.id);
    UtteranceScore score;
    score.id = reference.id;
    score.speaker = reference.speaker;
    score.reference = prepared(reference.text);
    const auto found = by_id.find(reference.id);
    if (found == by_id.end()) {
      report.missing.push_back(reference.id);
    } else {
      score.hypothesis = prepared(found->second->text);
    }
    score.words = count_word_errors(score.reference, score.hypothesis);
    score.characters = count_character_errors(score.reference, score.hypothesis);
    report.words += score.words;
    report.characters += score.characters;
    if (score.words.errors() > 0) ++report.wrong_sentences;
    report.utterances.push_back(std::move(score));
  }
  for (const UtteranceText& hypothesis : hypotheses) {
    if (!known.contains(hypothesis.id)) report.extra.push_back(hypothesis.id);
  }
  add_interval(report, options.bootstrap);
  return report;
}

}  // namespace bivox
