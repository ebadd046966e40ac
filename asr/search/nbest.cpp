#include "asr/search/nbest.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bivox {
namespace {

// Word sequences as a trie: a sequence is its last word and the rest, so equal sequences have equal
// ids.
class Sequences {
 public:
  uint32_t extend(uint32_t sequence, WordIndex word) {
    const auto [it, is_new] =
        ids_.try_emplace({sequence, word}, static_cast<uint32_t>(parents_.size()));
    if (is_new) parents_.push_back(sequence);
    return it->second;
  }

 private:
  std::map<std::pair<uint32_t, WordIndex>, uint32_t> ids_;
  std::vector<uint32_t> parents_ = {0};  // 0: the empty sequence
};

struct Partial {
  double score;
  uint32_t sequence;
  uint32_t arc;   // that led here; meaningless at the start
  uint32_t rank;  // in the list of the arc's origin
};

constexpr uint32_t kNoArc = 0xffffffffU;

// Keeps the best `count` with distinct sequences.
void prune(std::vector<Partial>& list, size_t count) {
  std::sort(list.begin(), list.end(), [](const Partial& a, const Partial& b) {
    return std::pair(-a.score, a.sequence) < std::pair(-b.score, b.sequence);
  });
  std::vector<Partial> kept;
  for (const Partial& p : list) {
    if (kept.size() == count) break;
    if (std::none_of(kept.begin(), kept.end(),
                     [&](const Partial& k) { return k.sequence == p.sequence; })) {
      kept.push_back(p);
    }
  }
  list = std::move(kept);
}

}  // namespace

std::vector<NbestEntry> nbest(const SearchNetwork& network, const Lattice& lattice, int count) {
  if (count <= 0 || lattice.nodes.empty()) return {};
  const PrefixTree& tree = network.tree();
  Sequences sequences;
  std::vector<std::vector<Partial>> lists(lattice.nodes.size());
  lists[0].push_back({0.0, 0, kNoArc, 0});
  // Arcs are sorted by their end, so a node's list is complete when the next end begins.
  size_t a = 0;
  while (a < lattice.arcs.size()) {
    const uint32_t to = lattice.arcs[a].to;
    for (; a < lattice.arcs.size() && lattice.arcs[a].to == to; ++a) {
      const LatticeArc& arc = lattice.arcs[a];
      const bool filler = tree.is_filler(arc.word);
      for (uint32_t rank = 0; rank < lists[arc.from].size(); ++rank) {
        const Partial& before = lists[arc.from][rank];
        const uint32_t sequence =
            filler ? before.sequence : sequences.extend(before.sequence, tree.word(arc.word).word);
        lists[to].push_back(
            {before.score + lattice.score(arc), sequence, static_cast<uint32_t>(a), rank});
      }
    }
    prune(lists[to], static_cast<size_t>(count));
  }
  std::vector<Partial> last;  // arc: index of the final; rank: in its node's list
  for (uint32_t f = 0; f < lattice.finals.size(); ++f) {
    const auto& list = lists[lattice.finals[f].node];
    for (uint32_t rank = 0; rank < list.size(); ++rank) {
      last.push_back({list[rank].score + static_cast<double>(lattice.finals[f].score),
                      list[rank].sequence, f, rank});
    }
  }
  prune(last, static_cast<size_t>(count));
  std::vector<NbestEntry> entries;
  for (const Partial& end : last) {
    NbestEntry entry;
    entry.log_score = end.score;
    const Partial* at = &lists[lattice.finals[end.arc].node][end.rank];
    while (at->arc != kNoArc) {
      const LatticeArc& arc = lattice.arcs[at->arc];
      if (!tree.is_filler(arc.word)) entry.words.push_back(arc.word);
      at = &lists[arc.from][at->rank];
    }
    std::reverse(entry.words.begin(), entry.words.end());
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace bivox
