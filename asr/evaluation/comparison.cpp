#include "asr/evaluation/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "asr/evaluation/score.h"
#include "dsp/core/check.h"

namespace bivox {
namespace {

// What is drawn by the bootstrap: for each group its utterances.
std::vector<std::vector<size_t>> bootstrap_groups(std::span<const ComparedUtterance> utterances,
                                                  size_t& num_speakers, bool& over_speakers) {
  std::map<std::string_view, std::vector<size_t>> by_speaker;
  for (size_t i = 0; i < utterances.size(); ++i) by_speaker[utterances[i].speaker].push_back(i);
  num_speakers = by_speaker.contains("") ? 0 : by_speaker.size();
  over_speakers = num_speakers >= static_cast<size_t>(ScoreReport::kMinSpeakers);
  std::vector<std::vector<size_t>> groups;
  if (over_speakers) {
    for (auto& [speaker, members] : by_speaker) groups.push_back(std::move(members));
  } else {
    for (size_t i = 0; i < utterances.size(); ++i) groups.push_back({i});
  }
  return groups;
}

std::vector<ErrorCounts> sums(const std::vector<std::vector<size_t>>& groups,
                              const std::vector<ErrorCounts>& counts) {
  std::vector<ErrorCounts> result;
  for (const std::vector<size_t>& group : groups) {
    ErrorCounts sum;
    for (const size_t i : group) sum += counts[i];
    result.push_back(sum);
  }
  return result;
}

// Whether each word of the reference was recognized.
std::vector<bool> right_words(const std::vector<AlignedPair>& alignment) {
  std::vector<bool> right;
  for (const AlignedPair& pair : alignment) {
    if (pair.reference >= 0) right.push_back(pair.correct);
  }
  return right;
}

SystemPair compare_pair(size_t a, size_t b, const SystemErrors& errors_a,
                        const SystemErrors& errors_b,
                        const std::vector<std::vector<size_t>>& groups,
                        const BootstrapOptions& options) {
  SystemPair pair;
  pair.a = a;
  pair.b = b;
  pair.bootstrap =
      paired_bootstrap(sums(groups, errors_a.words), sums(groups, errors_b.words), options);
  pair.utterances = mcnemar(errors_a.words, errors_b.words);
  std::vector<ErrorSegment> segments;
  for (size_t i = 0; i < errors_a.alignments.size(); ++i) {
    append_error_segments(errors_a.alignments[i], errors_b.alignments[i], segments);
    const std::vector<bool> right_a = right_words(errors_a.alignments[i]);
    const std::vector<bool> right_b = right_words(errors_b.alignments[i]);
    for (size_t word = 0; word < right_a.size(); ++word) {
      if (right_a[word] && right_b[word]) {
        ++pair.both_right;
      } else if (right_a[word]) {
        ++pair.only_a_right;
      } else if (right_b[word]) {
        ++pair.only_b_right;
      } else {
        ++pair.neither_right;
      }
    }
  }
  pair.matched = matched_pairs(segments);
  return pair;
}

std::string length_class(const ComparedUtterance& utterance) {
  const size_t words = split_words(utterance.reference).size();
  if (words == 0) return "no words";
  if (words <= 5) return "1 to 5 words";
  if (words <= 10) return "6 to 10 words";
  if (words <= 20) return "11 to 20 words";
  return "over 20 words";
}

// In which order classes of length are shown; names alone would sort by their letters.
int length_rank(const std::string& value) {
  constexpr std::array<std::string_view, 5> kOrder = {"no words", "1 to 5 words", "6 to 10 words",
                                                      "11 to 20 words", "over 20 words"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), value) - kOrder.begin());
}

std::vector<ErrorGroup> group_errors(std::span<const ComparedUtterance> utterances,
                                     const std::vector<SystemErrors>& systems) {
  std::map<std::string, std::map<std::string, ErrorGroup>> groups;
  const auto add = [&](const std::string& trait, const std::string& value, size_t utterance) {
    if (value.empty()) return;
    ErrorGroup& group = groups[trait][value];
    group.trait = trait;
    group.value = value;
    ++group.utterances;
    group.words.resize(systems.size());
    for (size_t s = 0; s < systems.size(); ++s) group.words[s] += systems[s].words[utterance];
  };
  for (size_t i = 0; i < utterances.size(); ++i) {
    for (const auto& [trait, value] : utterances[i].traits) add(trait, value, i);
    add("length", length_class(utterances[i]), i);
    add("speaker", utterances[i].speaker, i);
  }
  std::vector<ErrorGroup> result;
  for (auto& [trait, values] : groups) {
    if (values.size() < 2) continue;  // says no more than the total
    std::vector<ErrorGroup> of_trait;
    for (auto& [value, group] : values) of_trait.push_back(std::move(group));
    if (trait == "length") {
      std::sort(of_trait.begin(), of_trait.end(), [](const ErrorGroup& x, const ErrorGroup& y) {
        return length_rank(x.value) < length_rank(y.value);
      });
    }
    std::move(of_trait.begin(), of_trait.end(), std::back_inserter(result));
  }
  return result;
}

void combine(Comparison& comparison, const RoverOptions& options) {
  SystemHypotheses combined;
  combined.name = "ROVER";
  for (size_t i = 0; i < comparison.utterances.size(); ++i) {
    std::vector<std::vector<HypothesisWord>> words;
    int64_t fewest = INT64_MAX;
    for (size_t s = 0; s < comparison.hypotheses.size(); ++s) {
      words.push_back(comparison.hypotheses[s].utterances[i].words);
      fewest = std::min(fewest, comparison.systems[s].words[i].errors());
    }
    combined.utterances.push_back({rover(words, options), ""});
    comparison.oracle_errors +=
        oracle_errors(split_words(comparison.utterances[i].reference), words);
    comparison.best_of_utterance += fewest;
  }
  comparison.combined = count_system_errors(comparison.utterances, combined, comparison.bootstrap);
}

}  // namespace

std::string SystemHypothesis::text() const {
  std::string text;
  for (const HypothesisWord& word : words) {
    if (!text.empty()) text += ' ';
    text += word.text;
  }
  return text;
}

std::vector<HypothesisWord> hypothesis_words(const Transcript& transcript,
                                             const TextNormalization& options) {
  std::vector<HypothesisWord> words;
  for (const TranscriptSegment& segment : transcript.segments) {
    for (const TranscriptWord& word : segment.words) {
      for (HypothesisWord& part : hypothesis_words(word.name, options)) {
        part.confidence = word.confidence;
        part.start_s = word.start_s;
        part.end_s = word.end_s;
        words.push_back(std::move(part));
      }
    }
  }
  return words;
}

std::vector<HypothesisWord> hypothesis_words(std::string_view text,
                                             const TextNormalization& options) {
  const std::string normalized = normalize_text(text, options);
  std::vector<HypothesisWord> words;
  for (const std::string_view word : split_words(normalized)) {
    HypothesisWord part;
    part.text = word;
    words.push_back(std::move(part));
  }
  return words;
}

SystemErrors count_system_errors(std::span<const ComparedUtterance> utterances,
                                 const SystemHypotheses& hypotheses,
                                 const BootstrapOptions& options) {
  BIVOX_CHECK(hypotheses.utterances.size() == utterances.size());
  SystemErrors result;
  result.name = hypotheses.name;
  for (size_t i = 0; i < utterances.size(); ++i) {
    const SystemHypothesis& hypothesis = hypotheses.utterances[i];
    const std::string text = hypothesis.text();
    result.alignments.push_back(
        align_words(split_words(utterances[i].reference), split_words(text)));
    result.words.push_back(count_errors(result.alignments.back()));
    result.characters.push_back(count_character_errors(utterances[i].reference, text));
    result.total_words += result.words.back();
    result.total_characters += result.characters.back();
    if (result.words.back().errors() > 0) ++result.wrong_sentences;
    if (!hypothesis.failure.empty()) result.failed.push_back(i);
  }
  size_t num_speakers = 0;
  bool over_speakers = false;
  const auto groups = bootstrap_groups(utterances, num_speakers, over_speakers);
  result.interval = bootstrap_interval(sums(groups, result.words), options);
  return result;
}

Comparison compare_systems(std::vector<ComparedUtterance> utterances,
                           std::vector<SystemHypotheses> hypotheses,
                           const ComparisonOptions& options) {
  Comparison comparison;
  comparison.utterances = std::move(utterances);
  comparison.hypotheses = std::move(hypotheses);
  comparison.bootstrap = options.bootstrap;
  for (const SystemHypotheses& system : comparison.hypotheses) {
    comparison.systems.push_back(
        count_system_errors(comparison.utterances, system, options.bootstrap));
  }
  const auto groups =
      bootstrap_groups(comparison.utterances, comparison.num_speakers, comparison.over_speakers);
  for (size_t a = 0; a < comparison.systems.size(); ++a) {
    for (size_t b = a + 1; b < comparison.systems.size(); ++b) {
      comparison.pairs.push_back(compare_pair(a, b, comparison.systems[a], comparison.systems[b],
                                              groups, options.bootstrap));
    }
  }
  comparison.groups = group_errors(comparison.utterances, comparison.systems);
  if (comparison.systems.size() > 1) combine(comparison, options.rover);
  return comparison;
}

UnknownWords count_unknown_words(std::span<const ComparedUtterance> utterances,
                                 const std::function<bool(std::string_view)>& knows) {
  UnknownWords result;
  for (const ComparedUtterance& utterance : utterances) {
    for (const std::string_view word : split_words(utterance.reference)) {
      ++result.words;
      if (knows(word)) continue;
      ++result.unknown;
      ++result.by_word[std::string(word)];
    }
  }
  return result;
}

}  // namespace bivox
