#include "legacy/training/pronunciation_counts.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// The phones of every word, in order; silence between words left out.
std::vector<std::vector<PhoneId>> spoken_words(const StateAlignment& alignment, PhoneId silence) {
  std::vector<std::vector<PhoneId>> words;
  for (const StateRun& run : alignment) {
    if (run.state != 0 || run.phone == silence) continue;
    const WordPosition position = run.context.position;
    if (position == WordPosition::kBegin || position == WordPosition::kSingle) {
      words.emplace_back();
    }
    BIVOX_CHECK(!words.empty());
    words.back().push_back(run.phone);
  }
  return words;
}

}  // namespace

std::vector<std::vector<double>> count_pronunciations(const TrainingCorpus& corpus,
                                                      const std::vector<StateAlignment>& alignments,
                                                      const Lexicon& lexicon, PhoneId silence) {
  BIVOX_CHECK(alignments.size() == corpus.utterances.size());
  std::vector<std::vector<double>> counts(static_cast<size_t>(lexicon.num_words()));
  for (WordIndex w = 0; w < lexicon.num_words(); ++w) {
    counts[static_cast<size_t>(w)].resize(static_cast<size_t>(lexicon.num_pronunciations(w)), 0.0);
  }
  for (size_t u = 0; u < alignments.size(); ++u) {
    if (alignments[u].empty()) continue;
    const std::vector<std::string>& words = corpus.utterances[u].words;
    const auto spoken = spoken_words(alignments[u], silence);
    BIVOX_CHECK(spoken.size() == words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      const std::optional<WordIndex> word = lexicon.find(words[i]);
      BIVOX_CHECK(word.has_value());
      for (int p = 0; p < lexicon.num_pronunciations(*word); ++p) {
        if (std::ranges::equal(lexicon.pronunciation(*word, p), spoken[i])) {
          counts[static_cast<size_t>(*word)][static_cast<size_t>(p)] += 1.0;
        }
      }
    }
  }
  return counts;
}

}  // namespace bivox
