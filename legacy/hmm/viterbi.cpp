#include "legacy/hmm/viterbi.h"

#include <algorithm>
#include <limits>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr double kLost = -std::numeric_limits<double>::infinity();

}  // namespace

ViterbiAligner::ViterbiAligner(const HmmSet& hmms, const AlignmentGraph& graph,
                               std::span<const float> entry_scores, float beam)
    : hmms_(hmms),
      graph_(graph),
      entry_scores_(entry_scores),
      beam_(beam),
      num_states_(static_cast<size_t>(hmms.states_per_hmm())),
      tokens_(graph.nodes().size() * num_states_, {kLost, -1}),
      entering_(graph.nodes().size(), {kLost, -1}),
      is_active_(graph.nodes().size(), false),
      wanted_stamp_(static_cast<size_t>(hmms.num_states()), -1) {
  BIVOX_CHECK(entry_scores.size() == graph.nodes().size());
  for (const int32_t node : graph.start_nodes()) {
    enter(node, {0.0, -1});
  }
}

void ViterbiAligner::enter(int32_t node, const Token& token) {
  const auto n = static_cast<size_t>(node);
  const double score = token.score + static_cast<double>(entry_scores_[n]);
  if (score > entering_[n].score) {
    entering_[n] = {score, token.record};
    if (!is_active_[n]) {
      is_active_[n] = true;
      active_.push_back(node);
    }
  }
}

std::span<const StateId> ViterbiAligner::wanted_states() {
  wanted_.clear();
  ++wanted_serial_;
  for (const int32_t node : active_) {
    for (const StateId state : hmms_.states(graph_.nodes()[static_cast<size_t>(node)].hmm)) {
      int32_t& stamp = wanted_stamp_[static_cast<size_t>(state)];
      if (stamp != wanted_serial_) {
        stamp = wanted_serial_;
        wanted_.push_back(state);
      }
    }
  }
  return wanted_;
}

void ViterbiAligner::step_node(int32_t node, std::span<const float> scores) {
  const auto n = static_cast<size_t>(node);
  const HmmId hmm = graph_.nodes()[n].hmm;
  const std::span<const StateId> states = hmms_.states(hmm);
  const float* transitions = hmms_.transition_log_probs(hmms_.transitions(hmm)).data();
  Token* tokens = tokens_.data() + n * num_states_;
  // From right to left, so that the tokens of the frame before are still there.
  for (size_t to = num_states_; to-- > 0;) {
    Token best = {kLost, -1};
    size_t best_from = to;
    for (size_t from = to >= 2 ? to - 2 : 0; from <= to; ++from) {
      const double score =
          tokens[from].score + static_cast<double>(transitions[from * (num_states_ + 1) + to]);
      if (score > best.score) {
        best = {score, tokens[from].record};
        best_from = from;
      }
    }
    const bool enters = to == 0 && entering_[n].score > best.score;
    if (enters) {
      best = entering_[n];
    }
    if (best.score > kLost && (enters || best_from != to)) {
      records_.push_back(
          {best.record, static_cast<int32_t>(n * num_states_ + to), frame_, best.score});
      best.record = static_cast<int32_t>(records_.size()) - 1;
    }
    best.score += static_cast<double>(scores[static_cast<size_t>(states[to])]);
    tokens[to] = best;
    best_ = std::max(best_, best.score);
  }
  entering_[n] = {kLost, -1};
}

ViterbiAligner::Token ViterbiAligner::exit_token(int32_t node) const {
  const auto n = static_cast<size_t>(node);
  const float* transitions =
      hmms_.transition_log_probs(hmms_.transitions(graph_.nodes()[n].hmm)).data();
  Token best = {kLost, -1};
  for (size_t from = 0; from < num_states_; ++from) {
    const Token& token = tokens_[n * num_states_ + from];
    const double score =
        token.score + static_cast<double>(transitions[from * (num_states_ + 1) + num_states_]);
    if (score > best.score) {
      best = {score, token.record};
    }
  }
  return best;
}

void ViterbiAligner::advance(std::span<const float> scores) {
  best_ = kLost;
  for (const int32_t node : active_) {
    step_node(node, scores);
  }
  propagate();
  ++frame_;
  if (records_.size() >= next_collection_) {
    collect_records();
    next_collection_ = std::max(kFirstCollection, 2 * records_.size());
  }
}

void ViterbiAligner::propagate() {
  const double limit = best_ - static_cast<double>(beam_);
  const size_t num_before = active_.size();
  size_t kept = 0;
  for (size_t i = 0; i < num_before; ++i) {
    const int32_t node = active_[i];
    const auto n = static_cast<size_t>(node);
    bool alive = false;
    for (size_t s = 0; s < num_states_; ++s) {
      Token& token = tokens_[n * num_states_ + s];
      if (token.score < limit) {
        token = {kLost, -1};
      }
      alive = alive || token.score > kLost;
    }
    if (!alive) {
      is_active_[n] = false;
    }
  }
  // Only now, as a node that was dropped above may be entered again at once.
  std::vector<int32_t>& nodes = active_;
  for (size_t i = 0; i < num_before; ++i) {
    const int32_t node = nodes[i];
    const Token exit = exit_token(node);
    if (exit.score >= limit && exit.score > kLost) {
      for (const int32_t next : graph_.arcs(graph_.nodes()[static_cast<size_t>(node)])) {
        enter(next, exit);
      }
    }
  }
  // A dropped node that was entered again is there twice; its first mention stays.
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto n = static_cast<size_t>(nodes[i]);
    if (is_active_[n]) {
      is_active_[n] = false;
      nodes[kept++] = nodes[i];
    }
  }
  nodes.resize(kept);
  for (const int32_t node : nodes) {
    is_active_[static_cast<size_t>(node)] = true;
  }
}

void ViterbiAligner::collect_records() {
  std::vector<int32_t> renamed(records_.size(), -1);
  const auto mark = [&](int32_t record) {
    for (; record >= 0 && renamed[static_cast<size_t>(record)] < 0;
         record = records_[static_cast<size_t>(record)].previous) {
      renamed[static_cast<size_t>(record)] = 0;
    }
  };
  for (const int32_t node : active_) {
    const auto n = static_cast<size_t>(node);
    mark(entering_[n].record);
    for (size_t s = 0; s < num_states_; ++s) {
      mark(tokens_[n * num_states_ + s].record);
    }
  }
  // A record is younger than the one before it on its path: one sweep renames both.
  size_t kept = 0;
  for (size_t i = 0; i < records_.size(); ++i) {
    if (renamed[i] == 0) {
      Record record = records_[i];
      if (record.previous >= 0) {
        record.previous = renamed[static_cast<size_t>(record.previous)];
      }
      renamed[i] = static_cast<int32_t>(kept);
      records_[kept++] = record;
    }
  }
  records_.resize(kept);
  const auto rename = [&](Token& token) {
    if (token.record >= 0) {
      token.record = renamed[static_cast<size_t>(token.record)];
    }
  };
  for (const int32_t node : active_) {
    const auto n = static_cast<size_t>(node);
    rename(entering_[n]);
    for (size_t s = 0; s < num_states_; ++s) {
      rename(tokens_[n * num_states_ + s]);
    }
  }
}

std::optional<ViterbiAligner::Path> ViterbiAligner::best_path() const {
  Token best = {kLost, -1};
  for (const int32_t node : active_) {
    if (graph_.is_final(node)) {
      const Token exit = exit_token(node);
      if (exit.score > best.score) {
        best = exit;
      }
    }
  }
  if (best.record < 0) {
    return std::nullopt;
  }
  Path path;
  path.score = best.score;
  for (int32_t at = best.record; at >= 0; at = records_[static_cast<size_t>(at)].previous) {
    const Record& record = records_[static_cast<size_t>(at)];
    path.entries.push_back(
        {record.node_state / static_cast<int32_t>(num_states_),
         static_cast<int16_t>(record.node_state % static_cast<int32_t>(num_states_)), record.frame,
         record.score});
  }
  std::ranges::reverse(path.entries);
  return path;
}

}  // namespace bivox
