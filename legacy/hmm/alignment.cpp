#include "legacy/hmm/alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "dsp/core/error.h"
#include "legacy/hmm/alignment_graph.h"
#include "legacy/hmm/viterbi.h"

namespace bivox {
namespace {

constexpr int kRowsAtATime = 512;
constexpr int kAttempts = 4;
constexpr float kBeamFactor = 4.0F;

/// One attempt; nothing when the beam lost every complete path.
std::optional<ViterbiAligner::Path> search(const HmmSet& hmms, const AlignmentGraph& graph,
                                           std::span<const float> entry_scores, float beam,
                                           const FeatureView& features, AcousticScores& scores) {
  ViterbiAligner viterbi(hmms, graph, entry_scores, beam);
  std::vector<float> frame_scores(static_cast<size_t>(scores.num_states()));
  scores.reset();
  int accepted = 0;
  for (int t = 0; t < features.rows(); ++t) {
    while (scores.frames_ready() <= t && accepted < features.rows()) {
      const int rows = std::min(kRowsAtATime, static_cast<int>(features.rows()) - accepted);
      scores.accept(features.middleRows(accepted, rows));
      accepted += rows;
      if (accepted == features.rows()) {
        scores.finish();
      }
    }
    if (scores.frames_ready() <= t) {
      break;  // scores that drop the last frames
    }
    const std::span<const StateId> wanted = viterbi.wanted_states();
    if (wanted.empty()) {
      return std::nullopt;
    }
    scores.score(t, wanted, frame_scores);
    viterbi.advance(frame_scores);
  }
  return viterbi.best_path();
}

}  // namespace

std::optional<ViterbiAligner::Path> best_state_path(const HmmSet& hmms, const AlignmentGraph& graph,
                                                    const AlignmentOptions& options,
                                                    const FeatureView& features,
                                                    AcousticScores& scores) {
  std::vector<float> entry_scores(graph.nodes().size(), 0.0F);
  for (size_t n = 0; n < entry_scores.size(); ++n) {
    const AlignmentGraph::Node& node = graph.nodes()[n];
    if (node.filler >= 0) {
      entry_scores[n] =
          node.phone == hmms.phones().silence() ? options.silence_penalty : options.noise_penalty;
    } else {
      entry_scores[n] = options.pronunciation_weight * node.log_prob;
    }
  }
  std::optional<ViterbiAligner::Path> path;
  float beam = options.beam;
  for (int attempt = 0; attempt < kAttempts && !path; ++attempt, beam *= kBeamFactor) {
    path = search(hmms, graph, entry_scores, beam, features, scores);
  }
  return path;
}

double window_lead_s(const AcousticModel& model) {
  const double shift_s = model.front_end().frame_shift_s;
  return model.frame_shift_s() == shift_s ? shift_s / 2.0 : 0.0;
}

Aligner::Aligner(const HmmSet& hmms, const Lexicon& lexicon, std::span<const FillerWord> fillers,
                 const AlignmentOptions& options)
    : hmms_(hmms),
      lexicon_(lexicon),
      fillers_(options.fillers_between ? std::vector<FillerWord>(fillers.begin(), fillers.end())
                                       : std::vector<FillerWord>()),
      options_(options) {
  if (!(options.frame_shift_s > 0.0) || !(options.beam > 0.0F)) {
    throw Error(ErrorCode::kUsage, fmt::format("frame_shift_s {} and beam {}: expected positive",
                                               options.frame_shift_s, options.beam));
  }
}

Alignment Aligner::align(std::span<const std::string> words, const FeatureView& features,
                         AcousticScores& scores, double duration_s) const {
  Alignment alignment;
  alignment.num_frames = static_cast<int>(features.rows());
  if (words.empty()) {
    return alignment;
  }
  const AlignmentGraph graph(hmms_, lexicon_, fillers_, words);
  // A phone takes at least every other of its states.
  const int fewest = graph.min_phones() * ((hmms_.states_per_hmm() + 1) / 2);
  if (features.rows() < fewest) {
    throw Error(ErrorCode::kInput,
                fmt::format("{:.2f} s of audio are too short for {} words of {} phones, which take "
                            "{:.2f} s at the least",
                            static_cast<double>(features.rows()) * options_.frame_shift_s,
                            words.size(), graph.min_phones(), fewest * options_.frame_shift_s),
                "check that the text belongs to the audio");
  }
  const std::optional<ViterbiAligner::Path> path =
      best_state_path(hmms_, graph, options_, features, scores);
  if (!path) {
    throw Error(ErrorCode::kInput, fmt::format("the {} words do not fit the audio", words.size()),
                "check that the text belongs to the audio");
  }
  alignment.log_likelihood = path->score;

  const double end_s =
      duration_s > 0.0 ? duration_s : static_cast<double>(features.rows()) * options_.frame_shift_s;
  const auto seconds = [&](int frame) {
    const double lead = frame > 0 ? options_.window_lead_s : 0.0;
    return std::min(frame * options_.frame_shift_s + lead, end_s);
  };
  const auto num_entries = path->entries.size();
  int slot = -1;
  double word_start = 0.0;  // score and frame at the start of the open word
  int word_frame = 0;
  bool open = false;
  const auto close_word = [&](int frame, double score) {
    if (open) {
      alignment.words.back().end_s = seconds(frame);
      alignment.word_scores.push_back((score - word_start) / std::max(1, frame - word_frame));
      open = false;
    }
  };
  for (size_t i = 0; i < num_entries; ++i) {
    const ViterbiAligner::Entry& entry = path->entries[i];
    const AlignmentGraph::Node& node = graph.nodes()[static_cast<size_t>(entry.node)];
    const bool last = i + 1 == num_entries;
    // The last frame runs to the end of the audio, which it need not fill.
    const double start_s = seconds(entry.frame);
    const double stop_s = seconds(last ? alignment.num_frames : path->entries[i + 1].frame);
    const bool new_phone = entry.state == 0;
    if (new_phone && (node.filler >= 0 || node.slot != slot)) {
      close_word(entry.frame, entry.score);
      slot = node.filler >= 0 ? -1 : node.slot;
      if (node.filler < 0 || options_.include_fillers) {
        open = true;
        word_start = entry.score;
        word_frame = entry.frame;
        TranscriptWord& word = alignment.words.emplace_back();
        word.name = node.filler >= 0 ? fillers_[static_cast<size_t>(node.filler)].name
                                     : words[static_cast<size_t>(node.slot)];
        word.start_s = start_s;
      }
    }
    if (!open) {
      continue;
    }
    TranscriptWord& word = alignment.words.back();
    if (new_phone) {
      TimedPhone& phone = word.phones.emplace_back();
      phone.name = hmms_.phones().name(node.phone);
      phone.start_s = start_s;
    }
    TimedPhone& phone = word.phones.back();
    phone.end_s = stop_s;
    const StateId state = hmms_.states(node.hmm)[static_cast<size_t>(entry.state)];
    phone.states.push_back({std::to_string(state), start_s, stop_s});
  }
  close_word(alignment.num_frames, path->score);
  return alignment;
}

}  // namespace bivox
