#include "legacy/training/lattice_posteriors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr float kLost = -std::numeric_limits<float>::infinity();
constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  if (b == kNever) return a;
  return a + std::log1p(std::exp(b - a));
}

}  // namespace

LatticeAligner::LatticeAligner(const HmmSet& hmms, const Lexicon& lexicon,
                               std::shared_ptr<const GmmSet> gmms,
                               const LatticePosteriorOptions& options)
    : hmms_(hmms),
      lexicon_(lexicon),
      options_(options),
      gmm_scores_(std::move(gmms)),
      num_states_(static_cast<size_t>(hmms.num_states())),
      stamp_(num_states_, -1) {}

void LatticeAligner::collect(const ConfusionLattice& lattice) {
  chains_.clear();
  instances_.clear();
  instance_of_.resize(lattice.arcs.size());
  const PhoneId silence = hmms_.phones().silence();
  std::map<std::tuple<WordIndex, int32_t, PhoneId, PhoneId>, int32_t> chain_of;
  // Key: chain, first frame, last frame; utterances are far shorter than 2^20 frames.
  std::unordered_map<uint64_t, int32_t> known;
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    const ConfusionArc& arc = lattice.arcs[a];
    const bool is_silence = arc.word == ConfusionArc::kSilenceWord;
    const auto [entry, is_new] =
        chain_of.emplace(is_silence ? std::tuple(arc.word, 0, silence, silence)
                                    : std::tuple(arc.word, arc.pronunciation, arc.left, arc.right),
                         static_cast<int32_t>(chains_.size()));
    if (is_new) {
      const std::span<const PhoneId> phones =
          is_silence ? std::span<const PhoneId>(&silence, 1)
                     : lexicon_.pronunciation(arc.word, arc.pronunciation);
      Chain chain;
      chain.phones.assign(phones.begin(), phones.end());
      for (size_t i = 0; i < phones.size(); ++i) {
        const bool is_first = i == 0;
        const bool is_last = i + 1 == phones.size();
        const WordPosition position = is_first && is_last ? WordPosition::kSingle
                                      : is_first          ? WordPosition::kBegin
                                      : is_last           ? WordPosition::kEnd
                                                          : WordPosition::kInternal;
        chain.hmms.push_back(hmms_.hmm(position, phones[i], is_first ? arc.left : phones[i - 1],
                                       is_last ? arc.right : phones[i + 1]));
      }
      chains_.push_back(std::move(chain));
    }
    const int32_t begin = lattice.frames[arc.from];
    const int32_t end = lattice.frames[arc.to];
    BIVOX_CHECK(end < 1 << 20 && entry->second < 1 << 24);
    const uint64_t key = (static_cast<uint64_t>(entry->second) << 40U) |
                         (static_cast<uint64_t>(begin) << 20U) | static_cast<uint64_t>(end);
    const auto [place, fresh] = known.emplace(key, static_cast<int32_t>(instances_.size()));
    if (fresh) {
      Instance instance;
      instance.chain = entry->second;
      instance.begin = begin;
      instance.end = end;
      instances_.push_back(instance);
    }
    instance_of_[a] = place->second;
  }
}

void LatticeAligner::score_states(const FeatureMatrix& features,
                                  std::span<const int> reference_states) {
  const auto frames = static_cast<size_t>(features.rows());
  wanted_.resize(std::max(wanted_.size(), frames));
  for (size_t t = 0; t < frames; ++t) wanted_[t] = {reference_states[t]};
  const auto per_hmm = hmms_.states_per_hmm();
  for (const Instance& instance : instances_) {
    const Chain& chain = chains_[static_cast<size_t>(instance.chain)];
    const int states = static_cast<int>(chain.hmms.size()) * per_hmm;
    for (int j = 0; j < states; ++j) {
      const StateId state = hmms_.states(
          chain.hmms[static_cast<size_t>(j / per_hmm)])[static_cast<size_t>(j % per_hmm)];
      for (int t = instance.begin + j; t < instance.end - (states - 1 - j); ++t) {
        wanted_[static_cast<size_t>(t)].push_back(state);
      }
    }
  }
  scores_.resize(std::max(scores_.size(), frames * num_states_));
  weights_.resize(scores_.size(), 0.0F);
  gmm_scores_.reset();
  gmm_scores_.accept(features);
  gmm_scores_.finish();
  std::ranges::fill(stamp_, -1);
  for (size_t t = 0; t < frames; ++t) {
    std::vector<StateId>& wanted = wanted_[t];
    const auto is_repeated = [&](StateId state) {
      int32_t& stamp = stamp_[static_cast<size_t>(state)];
      if (stamp == static_cast<int32_t>(t)) return true;
      stamp = static_cast<int32_t>(t);
      return false;
    };
    std::erase_if(wanted, is_repeated);
    gmm_scores_.score(static_cast<int>(t), wanted, {scores_.data() + t * num_states_, num_states_});
  }
}

void LatticeAligner::align(Instance& instance, std::span<const PhoneId> reference) {
  const Chain& chain = chains_[static_cast<size_t>(instance.chain)];
  const auto per_hmm = static_cast<size_t>(hmms_.states_per_hmm());
  const size_t states = chain.hmms.size() * per_hmm;
  const auto frames = static_cast<size_t>(instance.end - instance.begin);
  instance.first_step = path_.size();
  instance.errors = 0.0F;
  instance.acoustic = kLost;
  if (frames < states) return;
  // Left to right without skips: state j follows j or j - 1.
  tokens_.assign(states, kLost);
  moved_.assign(frames * states, false);
  const auto transitions = [&](size_t j) {
    return hmms_.transition_log_probs(hmms_.transitions(chain.hmms[j / per_hmm]));
  };
  for (size_t t = 0; t < frames; ++t) {
    const auto frame = static_cast<size_t>(instance.begin) + t;
    const size_t last = std::min(states - 1, t);
    const size_t first = states > frames - t ? states - (frames - t) : 0;
    for (size_t j = last + 1; j-- > first;) {
      const size_t within = j % per_hmm;
      float token = kLost;
      bool moved = false;
      if (t == 0) {
        token = j == 0 ? 0.0F : kLost;
      } else {
        token = tokens_[j] + transitions(j)[within * (per_hmm + 1) + within];
        if (j > 0) {
          const size_t before = (j - 1) % per_hmm;
          const float entered =
              tokens_[j - 1] + transitions(j - 1)[before * (per_hmm + 1) + before + 1];
          if (entered > token) {
            token = entered;
            moved = true;
          }
        }
      }
      const StateId state = hmms_.states(chain.hmms[j / per_hmm])[within];
      tokens_[j] = token + state_score(frame, state);
      moved_[t * states + j] = moved;
    }
  }
  const size_t exit = per_hmm - 1;
  instance.acoustic =
      tokens_[states - 1] + transitions(states - 1)[exit * (per_hmm + 1) + exit + 1];
  path_.resize(path_.size() + frames);
  size_t j = states - 1;
  const bool is_silence = hmms_.phones().is_filler(chain.phones[0]);
  for (size_t t = frames; t-- > 0;) {
    path_[instance.first_step + t] = hmms_.states(chain.hmms[j / per_hmm])[j % per_hmm];
    const PhoneId phone = chain.phones[j / per_hmm];
    if (!is_silence && phone != reference[static_cast<size_t>(instance.begin) + t]) {
      instance.errors += 1.0F;
    }
    if (moved_[t * states + j]) --j;
  }
}

double LatticeAligner::reference_score(const StateAlignment& reference,
                                       std::span<const int> states) const {
  double score = 0.0;
  size_t t = 0;
  const auto width = static_cast<size_t>(hmms_.states_per_hmm()) + 1;
  for (const StateRun& run : reference) {
    const HmmId hmm =
        hmms_.hmm(run.context.position, run.phone, run.context.left, run.context.right);
    const auto row = hmms_.transition_log_probs(hmms_.transitions(hmm));
    const auto s = static_cast<size_t>(run.state);
    score += static_cast<double>(row[s * width + s]) * (run.frames - 1) +
             static_cast<double>(row[s * width + s + 1]);
    for (int i = 0; i < run.frames; ++i, ++t) {
      score += static_cast<double>(state_score(t, states[t]));
    }
  }
  return score;
}

LatticePosteriors LatticeAligner::posteriors(const ConfusionLattice& lattice,
                                             const FeatureMatrix& features,
                                             const StateAlignment& reference) {
  const auto frames = static_cast<size_t>(features.rows());
  std::vector<PhoneId> phones;
  std::vector<int> reference_states;
  for (const StateRun& run : reference) {
    const HmmId hmm =
        hmms_.hmm(run.context.position, run.phone, run.context.left, run.context.right);
    for (int i = 0; i < run.frames; ++i) {
      phones.push_back(run.phone);
      reference_states.push_back(hmms_.states(hmm)[static_cast<size_t>(run.state)]);
    }
  }
  BIVOX_CHECK(phones.size() == frames);
  collect(lattice);
  score_states(features, reference_states);
  path_.clear();
  for (Instance& instance : instances_) align(instance, phones);

  LatticePosteriors out;
  const auto scale = static_cast<double>(options_.scale);
  out.log_reference = scale * reference_score(reference, reference_states);
  std::vector<double> forward(lattice.frames.size(), kNever);
  std::vector<double> backward(lattice.frames.size(), kNever);
  const auto score_of = [&](size_t a) {
    const Instance& instance = instances_[static_cast<size_t>(instance_of_[a])];
    return scale * (static_cast<double>(instance.acoustic) +
                    static_cast<double>(lattice.arcs[a].graph)) +
           static_cast<double>(options_.boost) * static_cast<double>(instance.errors);
  };
  if (!forward.empty()) forward[0] = 0.0;
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    const ConfusionArc& arc = lattice.arcs[a];
    forward[arc.to] = log_add(forward[arc.to], forward[arc.from] + score_of(a));
  }
  out.log_total = kNever;
  for (const ConfusionLattice::Final& final : lattice.finals) {
    const double score = scale * static_cast<double>(final.graph);
    backward[final.node] = log_add(backward[final.node], score);
    out.log_total = log_add(out.log_total, forward[final.node] + score);
  }
  if (out.log_total == kNever) return out;
  for (size_t a = lattice.arcs.size(); a-- > 0;) {
    const ConfusionArc& arc = lattice.arcs[a];
    const double through = score_of(a) + backward[arc.to];
    if (through == kNever) continue;
    backward[arc.from] = log_add(backward[arc.from], through);
    instances_[static_cast<size_t>(instance_of_[a])].posterior +=
        std::exp(forward[arc.from] + through - out.log_total);
  }
  for (const Instance& instance : instances_) {
    if (instance.posterior <= 0.0 || instance.acoustic == kLost) continue;
    out.expected_errors += instance.posterior * static_cast<double>(instance.errors);
    for (int32_t t = instance.begin; t < instance.end; ++t) {
      const StateId state = path_[instance.first_step + static_cast<size_t>(t - instance.begin)];
      weights_[static_cast<size_t>(t) * num_states_ + static_cast<size_t>(state)] +=
          static_cast<float>(instance.posterior);
    }
  }
  out.frames.resize(frames);
  for (size_t t = 0; t < frames; ++t) {
    for (const StateId state : wanted_[t]) {
      float& weight = weights_[t * num_states_ + static_cast<size_t>(state)];
      if (weight > 0.0F) out.frames[t].push_back({state, weight});
      weight = 0.0F;
    }
  }
  return out;
}

}  // namespace bivox
