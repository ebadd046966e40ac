#include "asr/search/search_network.h"

#include <utility>

namespace bivox {

SearchNetwork::SearchNetwork(std::shared_ptr<const HmmSet> hmms, std::vector<FillerWord> fillers,
                             Lexicon lexicon, LanguageModel lm, std::span<const WordIndex> isolated)
    : hmms_(std::move(hmms)),
      fillers_(std::move(fillers)),
      lexicon_(std::move(lexicon)),
      lm_(std::move(lm)),
      tree_(*hmms_, lexicon_, lm_, fillers_, isolated) {}

const std::string& SearchNetwork::text(TreeWord word) const {
  const WordIndex index = tree_.word(word).word;
  return tree_.is_filler(word) ? fillers_[static_cast<size_t>(index)].name : lexicon_.word(index);
}

}  // namespace bivox
