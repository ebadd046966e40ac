#include "models/nn/hmm_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr float kLowest = -60.0F;  // nats below the best output of a frame
constexpr double kImpossible = -std::numeric_limits<double>::infinity();

// What becomes of a state: it stays, goes on to the second, or leaves the phone.
struct Odds {
  float stay_first, next, leave_first, stay_second, leave_second;
};
constexpr float kThird = 1.0F / 3.0F;
constexpr Odds kOneState = {0.5F, 0.0F, 0.5F, 0.0F, 0.0F};
constexpr Odds kTwoStates = {kThird, kThird, kThird, 0.5F, 0.5F};

Odds odds_of(int states_per_phone) { return states_per_phone == 2 ? kTwoStates : kOneState; }

// e^x relative to the best output; returns the best.
double emit(std::span<const float> scores, std::vector<float>& emitted) {
  const float best = *std::ranges::max_element(scores);
  emitted.resize(scores.size());
  for (size_t c = 0; c < scores.size(); ++c) {
    emitted[c] = std::exp(std::max(scores[c] - best, kLowest));
  }
  return double{best};
}

}  // namespace

HmmGraph::HmmGraph(int states_per_phone) : states_per_phone_(states_per_phone) {
  BIVOX_CHECK(states_per_phone == 1 || states_per_phone == 2);
}

int HmmGraph::add_junction(float end) {
  ends_.push_back(end);
  return num_junctions() - 1;
}

int HmmGraph::add_phone(std::span<const int> outputs, int junction) {
  BIVOX_CHECK(static_cast<int>(outputs.size()) == states_per_phone_ && windows_.empty());
  phones_.push_back({outputs.front(), outputs.back(), junction});
  return num_phones() - 1;
}

int HmmGraph::add_phone(std::span<const int> outputs, int junction, int first, int last) {
  BIVOX_CHECK(static_cast<int>(outputs.size()) == states_per_phone_ &&
              windows_.size() == phones_.size());
  phones_.push_back({outputs.front(), outputs.back(), junction});
  windows_.push_back({first, last});
  return num_phones() - 1;
}

void HmmGraph::add_entry(int junction, int phone, float weight) {
  BIVOX_CHECK(junction >= 0 && junction < num_junctions() && phone >= 0 && phone < num_phones());
  entries_.push_back({junction, phone, weight});
}

void HmmGraph::finish(int start) {
  BIVOX_CHECK(start >= 0 && start < num_junctions());
  for (const Phone& phone : phones_) {
    BIVOX_CHECK(phone.junction >= 0 && phone.junction < num_junctions());
  }
  start_ = start;
  std::ranges::stable_sort(entries_, {}, &Entry::junction);
  junction_begin_.assign(ends_.size() + 1, 0);
  for (const Entry& entry : entries_) ++junction_begin_[static_cast<size_t>(entry.junction) + 1];
  for (size_t j = 1; j < junction_begin_.size(); ++j) junction_begin_[j] += junction_begin_[j - 1];
}

std::span<const HmmGraph::Entry> HmmGraph::entries_of(int junction) const {
  const auto j = static_cast<size_t>(junction);
  return std::span(entries_).subspan(
      static_cast<size_t>(junction_begin_[j]),
      static_cast<size_t>(junction_begin_[j + 1] - junction_begin_[j]));
}

struct HmmGraph::Active {
  int phone;
  float first;  // a of its states
  float second;
};

class HmmGraph::Frames {
 public:
  std::span<const Active> frame(size_t t) const {
    return std::span(all_).subspan(begin_[t], begin_[t + 1] - begin_[t]);
  }
  void push(const Active& active) { all_.push_back(active); }
  void end_frame() { begin_.push_back(all_.size()); }

 private:
  std::vector<Active> all_;
  std::vector<size_t> begin_ = {0};
};

// Goes from frame to frame, and keeps what it finds.
class HmmGraph::Forward {
 public:
  Forward(const HmmGraph& graph, float least)
      : graph_(graph),
        least_(least),
        odds_(odds_of(graph.states_per_phone_)),
        first_(graph.phones_.size()),
        second_(graph.phones_.size()),
        reached_(graph.phones_.size(), -1),
        values_(graph.ends_.size(), 0.0F) {
    values_[static_cast<size_t>(graph.start_)] = 1.0F;
    junctions_.push_back(graph.start_);
  }

  /// Returns the sum that the frame was scaled with; 0: no path.
  double step(int64_t t, std::span<const float> emitted, Frames& frames) {
    candidates_.clear();
    for (const Active& active :
         t > 0 ? frames.frame(static_cast<size_t>(t - 1)) : std::span<const Active>()) {
      if (!reach(active.phone, t)) continue;
      const auto p = static_cast<size_t>(active.phone);
      first_[p] += odds_.stay_first * active.first;
      second_[p] += odds_.stay_second * active.second + odds_.next * active.first;
    }
    for (const int junction : junctions_) {
      const float value = values_[static_cast<size_t>(junction)];
      for (const Entry& entry : graph_.entries_of(junction)) {
        if (reach(entry.phone, t)) first_[static_cast<size_t>(entry.phone)] += entry.weight * value;
      }
      values_[static_cast<size_t>(junction)] = 0.0F;
    }
    junctions_.clear();
    double sum = 0.0;
    for (const int phone : candidates_) {
      const auto p = static_cast<size_t>(phone);
      first_[p] *= emitted[static_cast<size_t>(graph_.phones_[p].first)];
      second_[p] *= emitted[static_cast<size_t>(graph_.phones_[p].second)];
      sum += static_cast<double>(first_[p] + second_[p]);
    }
    if (!(sum > 0.0)) return 0.0;
    const auto scale = static_cast<float>(1.0 / sum);
    for (const int phone : candidates_) {
      const auto p = static_cast<size_t>(phone);
      const Active active = {phone, scale * first_[p], scale * second_[p]};
      if (active.first + active.second < least_) continue;
      frames.push(active);
      const int junction = graph_.phones_[p].junction;
      float& value = values_[static_cast<size_t>(junction)];
      if (value == 0.0F) junctions_.push_back(junction);
      value += odds_.leave_first * active.first + odds_.leave_second * active.second;
    }
    frames.end_frame();
    return sum;
  }

  /// Of paths that end after the last frame.
  double total() const {
    double sum = 0.0;
    for (const int junction : junctions_) {
      sum += double{values_[static_cast<size_t>(junction)]} *
             double{graph_.ends_[static_cast<size_t>(junction)]};
    }
    return sum;
  }

 private:
  // Whether the phone may be at frame t; makes it a candidate.
  bool reach(int phone, int64_t t) {
    const auto p = static_cast<size_t>(phone);
    if (reached_[p] == t) return true;
    if (!graph_.is_open(phone, t)) return false;
    reached_[p] = t;
    first_[p] = second_[p] = 0.0F;
    candidates_.push_back(phone);
    return true;
  }

  const HmmGraph& graph_;
  float least_;
  Odds odds_;
  std::vector<float> first_;  // [phones], of candidates
  std::vector<float> second_;
  std::vector<int64_t> reached_;  // [phones], the last frame that each was a candidate at
  std::vector<int> candidates_;
  std::vector<float> values_;  // [junctions], 0 but for those of the next line
  std::vector<int> junctions_;
};

class HmmGraph::Backward {
 public:
  /// `total`: of all paths.
  Backward(const HmmGraph& graph, double total)
      : graph_(graph),
        odds_(odds_of(graph.states_per_phone_)),
        first_(graph.phones_.size(), 0.0F),
        second_(graph.phones_.size(), 0.0F),
        values_(graph.ends_.size()),
        known_(graph.ends_.size(), -1) {
    for (const float end : graph.ends_) ends_.push_back(static_cast<float>(double{end} / total));
  }

  /// From the last frame to the first. Adds weight * posterior to `out`; `emitted` are scaled as
  /// the frame was.
  void step(int64_t t, std::span<const Active> frame, std::span<const Active> following,
            std::span<const float> emitted, float weight, float* out) {
    b_.clear();
    for (const Active& active : frame) {
      const Phone& phone = graph_.phones_[static_cast<size_t>(active.phone)];
      const float leaving = value(phone.junction, t, following.empty());
      const float first = first_[static_cast<size_t>(active.phone)];
      const float second = second_[static_cast<size_t>(active.phone)];
      const float b_first =
          odds_.leave_first * leaving + odds_.stay_first * first + odds_.next * second;
      const float b_second = odds_.leave_second * leaving + odds_.stay_second * second;
      out[phone.first] += weight * active.first * b_first;
      out[phone.second] += weight * active.second * b_second;
      b_.push_back({active.phone, b_first, b_second});
    }
    for (const Active& active : following) {
      first_[static_cast<size_t>(active.phone)] = second_[static_cast<size_t>(active.phone)] = 0.0F;
    }
    for (const Active& b : b_) {
      const Phone& phone = graph_.phones_[static_cast<size_t>(b.phone)];
      first_[static_cast<size_t>(b.phone)] = b.first * emitted[static_cast<size_t>(phone.first)];
      second_[static_cast<size_t>(b.phone)] = b.second * emitted[static_cast<size_t>(phone.second)];
    }
  }

 private:
  // What the frames after t make of a junction.
  float value(int junction, int64_t t, bool is_last) {
    const auto j = static_cast<size_t>(junction);
    if (is_last) return ends_[j];
    if (known_[j] == t) return values_[j];
    float sum = 0.0F;
    for (const Entry& entry : graph_.entries_of(junction)) {
      sum += entry.weight * first_[static_cast<size_t>(entry.phone)];
    }
    known_[j] = t;
    return values_[j] = sum;
  }

  const HmmGraph& graph_;
  Odds odds_;
  std::vector<float> first_;  // [phones], e b of the frame after; 0 where no path is
  std::vector<float> second_;
  std::vector<float> values_;   // [junctions]
  std::vector<int64_t> known_;  // [junctions], the frame that the value is of
  std::vector<float> ends_;
  std::vector<Active> b_;
};

double HmmGraph::sum_paths(int64_t frames, int64_t classes, const float* scores, float weight,
                           float* posteriors, float least) const {
  if (frames == 0) return std::log(double{ends_[static_cast<size_t>(start_)]});
  const auto row = [&](int64_t t) {
    return std::span(scores + t * classes, static_cast<size_t>(classes));
  };
  std::vector<float> emitted;
  std::vector<double> sums;
  Frames active;
  Forward forward(*this, least);
  double log_total = 0.0;
  for (int64_t t = 0; t < frames; ++t) {
    const double best = emit(row(t), emitted);
    sums.push_back(forward.step(t, emitted, active));
    if (sums.back() == 0.0) return kImpossible;
    log_total += best + std::log(sums.back());
  }
  const double total = forward.total();
  if (!(total > 0.0)) return kImpossible;
  log_total += std::log(total);
  if (posteriors == nullptr) return log_total;

  Backward backward(*this, total);
  for (int64_t t = frames - 1; t >= 0; --t) {
    emit(row(t), emitted);
    const auto scale = static_cast<float>(1.0 / sums[static_cast<size_t>(t)]);
    for (float& e : emitted) e *= scale;
    const auto frame = static_cast<size_t>(t);
    backward.step(t, active.frame(frame),
                  t + 1 < frames ? active.frame(frame + 1) : std::span<const Active>(), emitted,
                  weight, posteriors + t * classes);
  }
  return log_total;
}

}  // namespace bivox
