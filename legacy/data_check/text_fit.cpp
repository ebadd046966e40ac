#include "legacy/data_check/text_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr int kRowsAtATime = 512;
constexpr float kLost = -std::numeric_limits<float>::infinity();

/// The tied states that stand for each state of each phone, in any context.
std::vector<std::vector<StateId>> members_of(const HmmSet& hmms) {
  const int phones = hmms.phones().size();
  const auto states = static_cast<size_t>(hmms.states_per_hmm());
  std::vector<std::vector<StateId>> members(static_cast<size_t>(phones) * states);
  for (int position = 0; position < 4; ++position) {
    for (int centre = 0; centre < phones; ++centre) {
      for (int left = 0; left < phones; ++left) {
        for (int right = 0; right < phones; ++right) {
          const HmmId hmm =
              hmms.hmm(static_cast<WordPosition>(position), static_cast<PhoneId>(centre),
                       static_cast<PhoneId>(left), static_cast<PhoneId>(right));
          const std::span<const StateId> of_hmm = hmms.states(hmm);
          for (size_t s = 0; s < states; ++s) {
            std::vector<StateId>& list = members[static_cast<size_t>(centre) * states + s];
            // Neighbouring contexts mostly share their state: most repeats end here.
            if (list.empty() || list.back() != of_hmm[s]) list.push_back(of_hmm[s]);
          }
        }
      }
    }
  }
  for (std::vector<StateId>& list : members) {
    std::ranges::sort(list);
    const auto repeats = std::ranges::unique(list);
    list.erase(repeats.begin(), repeats.end());
  }
  return members;
}

}  // namespace

TextFitter::TextFitter(const HmmSet& hmms, const Lexicon& lexicon,
                       std::span<const FillerWord> fillers, const TextFitOptions& options)
    : hmms_(hmms),
      lexicon_(lexicon),
      fillers_(fillers.begin(), fillers.end()),
      options_(options),
      members_(members_of(hmms)) {}

TextFitter::FreePath TextFitter::free_path(const FeatureView& features, AcousticScores& scores,
                                           std::span<const StateId> aligned,
                                           std::vector<float>& aligned_scores) const {
  const auto frames = static_cast<size_t>(features.rows());
  const auto states = static_cast<size_t>(hmms_.states_per_hmm());
  const size_t nodes = members_.size();
  std::vector<float> state_scores(static_cast<size_t>(scores.num_states()));
  std::vector<float> node_scores(frames * nodes);
  // Where the best path to a node came from: 0 the node itself, 1 the state before, 2 another
  // phone.
  std::vector<uint8_t> origin(frames * nodes, 0);
  std::vector<int32_t> best_exit(frames, -1);  // node that the loop was entered from after a frame
  std::vector<float> tokens(nodes, kLost);
  float loop = 0.0F;
  scores.reset();
  Eigen::Index accepted = 0;
  for (size_t t = 0; t < frames; ++t) {
    while (scores.frames_ready() <= static_cast<int>(t) && accepted < features.rows()) {
      const Eigen::Index rows = std::min<Eigen::Index>(kRowsAtATime, features.rows() - accepted);
      scores.accept(features.middleRows(accepted, rows));
      accepted += rows;
      if (accepted == features.rows()) scores.finish();
    }
    // A model that drops the last frames has scored none of them on either path.
    if (scores.frames_ready() <= static_cast<int>(t)) break;
    scores.score(static_cast<int>(t), {}, state_scores);
    aligned_scores[t] = state_scores[static_cast<size_t>(aligned[t])];
    float best = kLost;
    int32_t best_node = -1;
    for (size_t n = nodes; n-- > 0;) {
      float score = kLost;
      for (const StateId state : members_[n]) {
        score = std::max(score, state_scores[static_cast<size_t>(state)]);
      }
      node_scores[t * nodes + n] = score;
      float token = tokens[n];
      uint8_t from = 0;
      if (n % states != 0) {
        if (tokens[n - 1] > token) {
          token = tokens[n - 1];
          from = 1;
        }
      } else if (loop > token) {
        token = loop;
        from = 2;
      }
      tokens[n] = token + score;
      origin[t * nodes + n] = from;
      if (n % states + 1 == states && tokens[n] > best) {
        best = tokens[n];
        best_node = static_cast<int32_t>(n);
      }
    }
    best_exit[t] = best_node;
    loop = best + options_.phone_penalty;
    // Scores of long recordings stay within what a float resolves.
    const float top = *std::ranges::max_element(tokens);
    for (float& token : tokens) token -= top;
    loop -= top;
  }
  FreePath path{std::vector<float>(frames, 0.0F),
                std::vector<PhoneId>(frames, hmms_.phones().silence())};
  const auto scored = static_cast<size_t>(std::max(0, scores.frames_ready()));
  int32_t node = -1;
  for (size_t t = std::min(frames, scored); t-- > 0;) {
    if (node < 0) node = best_exit[t];
    if (node < 0) break;  // fewer frames than a phone has states
    path.score[t] = node_scores[t * nodes + static_cast<size_t>(node)];
    path.phone[t] = static_cast<PhoneId>(static_cast<size_t>(node) / states);
    const uint8_t from = origin[t * nodes + static_cast<size_t>(node)];
    if (from == 1) --node;
    if (from == 2) node = -1;
  }
  return path;
}

TextFit TextFitter::fit(std::span<const std::string> words, const FeatureView& features,
                        AcousticScores& scores) const {
  BIVOX_CHECK(!words.empty());
  const AlignmentGraph graph(hmms_, lexicon_, fillers_, words);
  const int fewest = graph.min_phones() * ((hmms_.states_per_hmm() + 1) / 2);
  if (features.rows() < fewest) {
    throw Error(ErrorCode::kInput,
                fmt::format("{} frames of audio are too short for {} phones", features.rows(),
                            graph.min_phones()),
                "check that the text belongs to the audio");
  }
  const std::optional<ViterbiAligner::Path> path =
      best_state_path(hmms_, graph, options_.alignment, features, scores);
  if (!path) {
    throw Error(ErrorCode::kInput, fmt::format("the {} words do not fit the audio", words.size()),
                "check that the text belongs to the audio");
  }
  TextFit fit;
  fit.num_frames = static_cast<int>(features.rows());
  const auto frames = static_cast<size_t>(features.rows());
  std::vector<StateId> aligned(frames, 0);
  std::vector<int> phone_of(frames, -1);  // index in fit.phones; -1 for fillers
  for (size_t i = 0; i < path->entries.size(); ++i) {
    const ViterbiAligner::Entry& entry = path->entries[i];
    const AlignmentGraph::Node& node = graph.nodes()[static_cast<size_t>(entry.node)];
    const auto end =
        i + 1 < path->entries.size() ? static_cast<size_t>(path->entries[i + 1].frame) : frames;
    const bool is_word = node.filler < 0;
    if (is_word && entry.state == 0) {
      fit.phones.push_back({node.phone, node.slot, entry.frame, 0, 0.0});
    }
    const StateId state = hmms_.states(node.hmm)[static_cast<size_t>(entry.state)];
    for (auto t = static_cast<size_t>(entry.frame); t < end; ++t) {
      aligned[t] = state;
      if (is_word) phone_of[t] = static_cast<int>(fit.phones.size()) - 1;
    }
  }
  std::vector<float> aligned_scores(frames, 0.0F);
  const FreePath free = free_path(features, scores, aligned, aligned_scores);
  for (size_t t = 0; t < frames; ++t) {
    const double ratio =
        static_cast<double>(aligned_scores[t]) - static_cast<double>(free.score[t]);
    const bool free_speech = !hmms_.phones().is_filler(free.phone[t]);
    if (phone_of[t] >= 0) {
      PhoneFit& phone = fit.phones[static_cast<size_t>(phone_of[t])];
      ++phone.frames;
      phone.ratio += ratio;
    } else if (free_speech) {
      ++fit.missed_frames;
    }
    if (phone_of[t] >= 0 || free_speech) {
      ++fit.speech_frames;
      fit.ratio += ratio;
    }
  }
  for (PhoneFit& phone : fit.phones) phone.ratio /= std::max(1, phone.frames);
  fit.ratio /= std::max(1, fit.speech_frames);
  return fit;
}

}  // namespace bivox
