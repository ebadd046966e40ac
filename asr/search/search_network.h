// Everything the search needs to know that does not change while it runs: HMMs, words with their
// pronunciations, the language model, and the prefix tree made of them.
//
// Thread rule: immutable; one network serves any number of decoders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "asr/search/prefix_tree.h"
#include "models/acoustic_model.h"
#include "models/hmm_set.h"
#include "models/lexicon/lexicon.h"
#include "models/lm/language_model.h"

namespace bivox {

class SearchNetwork {
 public:
  /// Throws Error(kModel) when dictionary and language model share no word. `isolated`: see
  /// PrefixTree.
  SearchNetwork(std::shared_ptr<const HmmSet> hmms, std::vector<FillerWord> fillers,
                Lexicon lexicon, LanguageModel lm, std::span<const WordIndex> isolated = {});

  const HmmSet& hmms() const { return *hmms_; }
  const std::vector<FillerWord>& fillers() const { return fillers_; }
  const Lexicon& lexicon() const { return lexicon_; }
  const LanguageModel& lm() const { return lm_; }
  const PrefixTree& tree() const { return tree_; }

  /// The text of a word or the name of a filler.
  const std::string& text(TreeWord word) const;

 private:
  std::shared_ptr<const HmmSet> hmms_;
  std::vector<FillerWord> fillers_;
  Lexicon lexicon_;
  LanguageModel lm_;
  PrefixTree tree_;
};

}  // namespace bivox
