#include "asr/search/rescoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

LanguageModel with_words_of(const SearchNetwork& network, std::shared_ptr<const NgramModel> larger,
                            std::span<const BoostedPhrase> phrases) {
  std::vector<AddedWord> missing;
  float log_prob = 0.0F;
  for (TreeWord word = 0; word < network.tree().num_words(); ++word) {
    const std::string& text = network.text(word);
    if (larger->find(text)) continue;
    if (missing.empty()) log_prob = rare_word_log_prob(*larger);
    missing.push_back({text, log_prob});
  }
  return {std::move(larger), missing, phrases};
}

const RescoringOptions& checked(const RescoringOptions& options) {
  if (!(options.share > 0.0F && options.share <= 1.0F)) {
    throw Error(ErrorCode::kUsage, fmt::format("the larger model's share is {}, expected more than "
                                               "0 and at most 1",
                                               options.share));
  }
  if (!(options.beam > 0.0F) || options.max_copies < 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("rescoring beam {} and {} copies, expected more than 0 and at least 1",
                            options.beam, options.max_copies));
  }
  return options;
}

// Score of the best path through each arc, by the lattice's own scores.
std::vector<double> best_through(const Lattice& lattice, double& best) {
  std::vector<double> forward(lattice.nodes.size(), kNever);
  std::vector<double> backward(lattice.nodes.size(), kNever);
  forward[0] = 0.0;
  for (const LatticeArc& arc : lattice.arcs) {
    forward[arc.to] = std::max(forward[arc.to], forward[arc.from] + lattice.score(arc));
  }
  best = kNever;
  for (const Lattice::Final& final : lattice.finals) {
    const double score = static_cast<double>(final.score);
    backward[final.node] = std::max(backward[final.node], score);
    best = std::max(best, forward[final.node] + score);
  }
  std::vector<double> through(lattice.arcs.size());
  for (size_t i = lattice.arcs.size(); i-- > 0;) {
    const LatticeArc& arc = lattice.arcs[i];
    const double rest = lattice.score(arc) + backward[arc.to];
    backward[arc.from] = std::max(backward[arc.from], rest);
    through[i] = forward[arc.from] + rest;
  }
  return through;
}

// log (share P_larger + (1 - share) P_first), from the logs.
class Mixture {
 public:
  explicit Mixture(float share)
      : larger_(std::log(share)), first_(std::log1p(-share)), is_larger_alone_(share >= 1.0F) {}
  float operator()(float larger, float first) const {
    if (is_larger_alone_) return larger;
    const float a = larger_ + larger;
    const float b = first_ + first;
    return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
  }

 private:
  float larger_;
  float first_;
  bool is_larger_alone_;
};

struct Copy {
  LmState state;
  double score;    // of the best path to it
  uint32_t index;  // in the new lattice
};

// An arc into a copy that is not yet kept.
struct Candidate {
  uint32_t copy;
  LatticeArc arc;
};

}  // namespace

Rescorer::Rescorer(std::shared_ptr<const SearchNetwork> network,
                   std::shared_ptr<const NgramModel> larger, std::span<const BoostedPhrase> phrases,
                   const RescoringOptions& options)
    : network_(std::move(network)),
      options_(checked(options)),
      lm_(with_words_of(*network_, std::move(larger), phrases)) {
  lm_words_.reserve(network_->tree().num_words());
  for (TreeWord word = 0; word < network_->tree().num_words(); ++word) {
    lm_words_.push_back(*lm_.find(network_->text(word)));
  }
}

Lattice Rescorer::rescore(const Lattice& lattice, bool ended) const {
  Lattice out;
  out.language_weight = lattice.language_weight;
  if (lattice.nodes.empty()) return out;
  double best = kNever;
  const std::vector<double> through = best_through(lattice, best);
  const Mixture mixture(options_.share);
  const double threshold = best - static_cast<double>(options_.beam);

  std::vector<std::vector<Copy>> copies(lattice.nodes.size());
  copies[0].push_back({lm_.begin_state(), 0.0, 0});
  out.nodes.push_back(lattice.nodes[0]);
  std::vector<Candidate> candidates;
  std::vector<Copy> found;
  std::unordered_map<LmState, uint32_t> place;
  size_t a = 0;
  while (a < lattice.arcs.size()) {
    const uint32_t to = lattice.arcs[a].to;
    candidates.clear();
    found.clear();
    place.clear();
    for (; a < lattice.arcs.size() && lattice.arcs[a].to == to; ++a) {
      if (through[a] < threshold) continue;
      LatticeArc arc = lattice.arcs[a];
      const bool filler = network_->tree().is_filler(arc.word);
      for (const Copy& before : copies[lattice.arcs[a].from]) {
        LmState state = before.state;
        if (!filler) {
          const LanguageModel::Step step = lm_.step(state, lm_words_[arc.word]);
          arc.language = mixture(step.log_prob, lattice.arcs[a].language);
          state = step.next;
        }
        arc.from = before.index;
        const double score = before.score + out.score(arc);
        const auto [it, is_new] = place.try_emplace(state, static_cast<uint32_t>(found.size()));
        if (is_new) found.push_back({state, score, it->second});
        found[it->second].score = std::max(found[it->second].score, score);
        candidates.push_back({it->second, arc});
      }
    }
    if (found.empty()) continue;

    // Which copies stay, and their nodes in the new lattice.
    std::sort(found.begin(), found.end(),
              [](const Copy& x, const Copy& y) { return x.score > y.score; });
    std::vector<uint32_t> node_of(found.size(), PrefixTree::kNone);
    const double worst = found.front().score - static_cast<double>(options_.beam);
    for (const Copy& copy : found) {
      if (copies[to].size() == static_cast<size_t>(options_.max_copies) || copy.score < worst) {
        break;
      }
      node_of[copy.index] = static_cast<uint32_t>(out.nodes.size());
      copies[to].push_back({copy.state, copy.score, node_of[copy.index]});
      out.nodes.push_back(lattice.nodes[to]);
    }
    std::stable_sort(
        candidates.begin(), candidates.end(),
        [&](const Candidate& x, const Candidate& y) { return node_of[x.copy] < node_of[y.copy]; });
    for (Candidate& candidate : candidates) {
      candidate.arc.to = node_of[candidate.copy];
      if (candidate.arc.to != PrefixTree::kNone) out.arcs.push_back(candidate.arc);
    }
  }
  const std::optional<LmWord> end = lm_.sentence_end();
  for (const Lattice::Final& final : lattice.finals) {
    for (const Copy& copy : copies[final.node]) {
      float score = 0.0F;
      if (ended && end) {
        score = out.language_weight *
                mixture(lm_.step(copy.state, *end).log_prob, final.score / lattice.language_weight);
      }
      out.finals.push_back({copy.index, score});
    }
  }
  return out;
}

}  // namespace bivox
