#include "asr/convnet/targets.h"

#include <cmath>
#include <limits>

#include "dsp/core/check.h"

namespace bivox {

std::vector<PhoneRun> phone_runs(const StateAlignment& alignment) {
  std::vector<PhoneRun> runs;
  int last_state = 0;
  for (const StateRun& run : alignment) {
    const bool goes_on = !runs.empty() && run.state > last_state && run.phone == runs.back().phone;
    if (goes_on) {
      runs.back().frames += run.frames;
    } else {
      runs.push_back({run.phone, run.context, run.frames});
    }
    last_state = run.state;
  }
  return runs;
}

int total_frames(std::span<const PhoneRun> runs) {
  int frames = 0;
  for (const PhoneRun& run : runs) frames += run.frames;
  return frames;
}

std::vector<PhoneRun> subsampled_runs(std::span<const PhoneRun> runs, int frames, int subsampling) {
  const int64_t aligned = total_frames(runs);
  std::vector<PhoneRun> out;
  if (aligned == 0) return out;
  size_t at = 0;
  int64_t end = runs[0].frames;  // of the run `at`, in aligned frames
  bool fresh = true;             // the run has no output frame yet
  for (int64_t j = 0; j * subsampling < frames; ++j) {
    // Input frame f of `frames` is aligned frame f aligned / frames.
    const int64_t frame = j * subsampling * aligned / frames;
    while (frame >= end) {
      end += runs[++at].frames;
      fresh = true;
    }
    if (fresh) out.push_back({runs[at].phone, runs[at].context, 0});
    fresh = false;
    ++out.back().frames;
  }
  return out;
}

StateAlignment split_states(std::span<const PhoneRun> runs, int states_per_phone) {
  BIVOX_CHECK(states_per_phone == 1 || states_per_phone == 2);
  StateAlignment alignment;
  for (const PhoneRun& run : runs) {
    const int second = states_per_phone == 2 ? run.frames / 2 : 0;
    alignment.push_back({run.phone, 0, run.context, run.frames - second});
    if (second > 0) alignment.push_back({run.phone, 1, run.context, second});
  }
  return alignment;
}

std::vector<int> phone_labels(std::span<const PhoneRun> runs, const PhoneSet& phones) {
  std::vector<int> labels;
  for (const PhoneRun& run : runs) {
    if (!phones.is_filler(run.phone)) labels.push_back(run.phone + 1);
  }
  return labels;
}

TransitionCounts::TransitionCounts(int phones, int states_per_phone) : states_(states_per_phone) {
  const auto n = static_cast<size_t>(states_);
  // A few visits that nobody made, so that every allowed transition stays possible.
  const std::vector<double> one_state = {1.0, 1.0};
  const std::vector<double> two_states = {1.0, 1.0, 1.0, 0.0, 1.0, 1.0};
  BIVOX_CHECK(n == 1 || n == 2);
  for (int p = 0; p < phones; ++p) {
    const std::vector<double>& block = n == 1 ? one_state : two_states;
    counts_.insert(counts_.end(), block.begin(), block.end());
  }
}

void TransitionCounts::add(const StateAlignment& alignment) {
  const auto n = static_cast<size_t>(states_);
  for (size_t i = 0; i < alignment.size(); ++i) {
    const StateRun& run = alignment[i];
    const auto state = static_cast<size_t>(run.state);
    double* row = counts_.data() + (static_cast<size_t>(run.phone) * n + state) * (n + 1);
    row[state] += run.frames - 1;
    const bool goes_on = i + 1 < alignment.size() && alignment[i + 1].state > run.state;
    row[goes_on ? state + 1 : n] += 1.0;
  }
}

std::vector<float> TransitionCounts::log_probs() const {
  const auto columns = static_cast<size_t>(states_) + 1;
  std::vector<float> out;
  for (size_t row = 0; row < counts_.size(); row += columns) {
    double sum = 0.0;
    for (size_t c = 0; c < columns; ++c) sum += counts_[row + c];
    for (size_t c = 0; c < columns; ++c) {
      const double count = counts_[row + c];
      out.push_back(count > 0.0 ? static_cast<float>(std::log(count / sum))
                                : -std::numeric_limits<float>::infinity());
    }
  }
  return out;
}

}  // namespace bivox
