#include "models/lm/word_automaton.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kNever ? a : a + std::log1p(std::exp(b - a));
}

[[noreturn]] void fail_too_large(std::string_view source, size_t max_states) {
  throw Error(ErrorCode::kModel,
              fmt::format("{}: the grammar needs more than {} states", source, max_states),
              "make it smaller: fewer loops within loops, fewer alternatives that begin alike");
}

/// The grammar without silent arcs. Its states are those that words lead to, and the start.
class SilentFree {
 public:
  struct Arc {
    uint32_t word;
    uint32_t next;
    double log_prob;
  };

  SilentFree(const GrammarGraph& graph, std::string_view source, size_t max_states)
      : graph_(graph), number_(graph.num_states(), kUnseen) {
    pending_.assign(graph.num_states(), 0.0);
    total_.assign(graph.num_states(), 0.0);
    is_queued_.assign(graph.num_states(), false);
    // Silent ways may be long from many states; beyond this a grammar takes minutes.
    work_left_ = 200 * static_cast<uint64_t>(max_states);
    number_of(graph.start());
    for (uint32_t k = 0; k < states_.size(); ++k) {
      expand(k);
      // The determinizer refuses more arcs anyway; `[a] [b] [c] ...` makes them by the square.
      if (work_left_ == 0 || arcs_.size() > 20 * max_states) fail_too_large(source, max_states);
    }
    first_arc_.push_back(static_cast<uint32_t>(arcs_.size()));
    drop_dead_ends();
  }

  uint32_t num_states() const { return static_cast<uint32_t>(final_.size()); }
  std::span<const Arc> arcs(uint32_t state) const {
    return {arcs_.data() + first_arc_[state], first_arc_[state + 1] - first_arc_[state]};
  }
  double final_log_prob(uint32_t state) const { return final_[state]; }
  bool is_empty() const { return !alive_[0]; }

 private:
  static constexpr uint32_t kUnseen = 0xffffffffU;

  // States from which there is only one way, and that silent and certain, are the next one.
  uint32_t number_of(uint32_t state) {
    while (true) {
      const std::span<const GrammarArc> arcs = graph_.arcs(state);
      if (state == graph_.final() || arcs.size() != 1 || arcs[0].kind == GrammarArc::Kind::kWord ||
          arcs[0].log_prob != 0.0) {
        break;
      }
      state = arcs[0].next;
    }
    if (number_[state] == kUnseen) {
      number_[state] = static_cast<uint32_t>(states_.size());
      states_.push_back(state);
    }
    return number_[state];
  }

  void give(uint32_t state, double mass) {
    if (total_[state] == 0.0 && pending_[state] == 0.0) {
      touched_.push_back(state);
      mass = std::max(mass, 1e-290);  // improbable is not impossible
    }
    pending_[state] += mass;
    // What goes round a loop halves at every turn: it is over when it no longer changes the sum.
    if (!is_queued_[state] && pending_[state] > 1e-14 * total_[state]) {
      is_queued_[state] = true;
      queue_.push_back(state);
    }
  }

  // Spreads a mass of 1 from a state along silent arcs; what passes a state is summed there.
  void expand(uint32_t k) {
    touched_.clear();
    give(states_[k], 1.0);
    while (!queue_.empty()) {
      const uint32_t state = queue_.front();
      queue_.pop_front();
      is_queued_[state] = false;
      const double mass = std::exchange(pending_[state], 0.0);
      total_[state] += mass;
      for (const GrammarArc& arc : graph_.arcs(state)) {
        if (work_left_ > 0) --work_left_;
        if (arc.kind != GrammarArc::Kind::kWord) give(arc.next, mass * std::exp(arc.log_prob));
      }
      if (work_left_ == 0) return;
    }
    first_arc_.push_back(static_cast<uint32_t>(arcs_.size()));
    double final = kNever;
    found_.clear();
    for (const uint32_t state : touched_) {
      const double log_mass = std::log(total_[state]);
      if (state == graph_.final()) final = log_mass;
      for (const GrammarArc& arc : graph_.arcs(state)) {
        if (arc.kind != GrammarArc::Kind::kWord) continue;
        found_.push_back({arc.label, number_of(arc.next), log_mass + arc.log_prob});
      }
      total_[state] = pending_[state] = 0.0;
    }
    final_.push_back(final);
    std::sort(found_.begin(), found_.end(), [](const Arc& a, const Arc& b) {
      return std::pair(a.word, a.next) < std::pair(b.word, b.next);
    });
    const size_t first = arcs_.size();
    for (const Arc& arc : found_) {
      if (arcs_.size() > first && arcs_.back().word == arc.word && arcs_.back().next == arc.next) {
        arcs_.back().log_prob = log_add(arcs_.back().log_prob, arc.log_prob);
      } else {
        arcs_.push_back(arc);
      }
    }
  }

  // Arcs into states from which no sentence ends.
  void drop_dead_ends() {
    const uint32_t n = num_states();
    std::vector<uint32_t> first_from(size_t{n} + 1, 0);
    for (const Arc& arc : arcs_) ++first_from[arc.next + 1];
    std::partial_sum(first_from.begin(), first_from.end(), first_from.begin());
    std::vector<uint32_t> from(arcs_.size());
    std::vector<uint32_t> at(first_from.begin(), first_from.end() - 1);
    for (uint32_t s = 0; s < n; ++s) {
      for (const Arc& arc : arcs(s)) from[at[arc.next]++] = s;
    }
    alive_.assign(n, false);
    std::vector<uint32_t> stack;
    for (uint32_t s = 0; s < n; ++s) {
      if (final_[s] == kNever) continue;
      alive_[s] = true;
      stack.push_back(s);
    }
    while (!stack.empty()) {
      const uint32_t state = stack.back();
      stack.pop_back();
      for (uint32_t i = first_from[state]; i < first_from[state + 1]; ++i) {
        if (alive_[from[i]]) continue;
        alive_[from[i]] = true;
        stack.push_back(from[i]);
      }
    }
    size_t kept = 0;
    for (uint32_t s = 0; s < n; ++s) {
      const uint32_t begin = first_arc_[s];
      const uint32_t end = first_arc_[s + 1];
      first_arc_[s] = static_cast<uint32_t>(kept);
      for (uint32_t a = begin; a < end; ++a) {
        if (alive_[arcs_[a].next]) arcs_[kept++] = arcs_[a];
      }
    }
    first_arc_[n] = static_cast<uint32_t>(kept);
    arcs_.resize(kept);
  }

  const GrammarGraph& graph_;
  std::vector<uint32_t> number_;
  std::vector<uint32_t> states_;  // of the graph
  std::vector<uint32_t> first_arc_;
  std::vector<Arc> arcs_;
  std::vector<double> final_;
  std::vector<bool> alive_;
  // Scratch of expand().
  uint64_t work_left_ = 0;
  std::vector<double> pending_;
  std::vector<double> total_;
  std::vector<bool> is_queued_;
  std::deque<uint32_t> queue_;
  std::vector<uint32_t> touched_;
  std::vector<Arc> found_;
};

/// Posteriors are compared on `grid` (natural log) and never fall below `least`.
struct Precision {
  double grid;
  double least;
};
constexpr Precision kFine = {1e-6, -80.0};
constexpr Precision kCoarse = {0.5, -16.0};

class Determinizer {
 public:
  Determinizer(const SilentFree& graph, Precision precision, size_t max_states)
      : graph_(graph), precision_(precision), max_states_(max_states) {}

  /// Nothing when the result would be too large.
  std::optional<WordAutomaton> run() {
    const size_t max_members = 20 * max_states_;
    state_of({{0, 0.0}});
    for (uint32_t s = 0; s < sets_.size(); ++s) {
      if (sets_.size() > max_states_ || num_members_ > max_members ||
          made_.arcs.size() > max_members) {
        return std::nullopt;
      }
      expand(s);
    }
    made_.first_arc.push_back(static_cast<uint32_t>(made_.arcs.size()));
    return std::move(made_);
  }

 private:
  struct Member {
    uint32_t state;
    double log_prob;  // posterior
  };
  using Key = std::vector<std::pair<uint32_t, int32_t>>;
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t hash = 0xcbf29ce484222325ULL;
      for (const auto& [state, cell] : key) {
        hash = (hash ^ state) * 0x100000001b3ULL;
        hash = (hash ^ static_cast<uint32_t>(cell)) * 0x100000001b3ULL;
        hash ^= hash >> 29;
      }
      return static_cast<size_t>(hash);
    }
  };

  uint32_t state_of(std::vector<Member> set) {
    Key key;
    key.reserve(set.size());
    for (const Member& member : set) {
      key.emplace_back(member.state,
                       static_cast<int32_t>(std::lround(member.log_prob / precision_.grid)));
    }
    const auto [it, is_new] =
        known_.try_emplace(std::move(key), static_cast<uint32_t>(sets_.size()));
    if (is_new) {
      num_members_ += set.size();
      sets_.push_back(std::move(set));
    }
    return it->second;
  }

  void expand(uint32_t s) {
    made_.first_arc.push_back(static_cast<uint32_t>(made_.arcs.size()));
    const std::vector<Member> set = std::move(sets_[s]);
    double final = kNever;
    found_.clear();
    for (const Member& member : set) {
      final = log_add(final, member.log_prob + graph_.final_log_prob(member.state));
      for (const SilentFree::Arc& arc : graph_.arcs(member.state)) {
        found_.push_back({arc.word, arc.next, member.log_prob + arc.log_prob});
      }
    }
    made_.final_log_probs.push_back(final);
    std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.word, a.next) < std::pair(b.word, b.next);
    });
    for (size_t begin = 0; begin < found_.size();) {
      const uint32_t word = found_[begin].word;
      std::vector<Member> next;
      double sum = kNever;
      size_t end = begin;
      for (; end < found_.size() && found_[end].word == word; ++end) {
        const double log_prob = found_[end].log_prob;
        sum = log_add(sum, log_prob);
        if (!next.empty() && next.back().state == found_[end].next) {
          next.back().log_prob = log_add(next.back().log_prob, log_prob);
        } else {
          next.push_back({found_[end].next, log_prob});
        }
      }
      for (Member& member : next) {
        member.log_prob = std::max(member.log_prob - sum, precision_.least);
      }
      if (next.size() == 1) next[0].log_prob = 0.0;
      made_.arcs.push_back({word, state_of(std::move(next)), sum});
      begin = end;
    }
  }

  const SilentFree& graph_;
  Precision precision_;
  size_t max_states_;
  WordAutomaton made_;
  std::vector<std::vector<Member>> sets_;  // emptied once expanded
  size_t num_members_ = 0;
  std::unordered_map<Key, uint32_t, KeyHash> known_;
  std::vector<SilentFree::Arc> found_;
};

/// Merges states that no continuation tells apart, by refining a partition until it is stable
/// (Moore 1956). Very long grammars would take many rounds: they are left as they are.
WordAutomaton minimized(const WordAutomaton& automaton) {
  constexpr int kMaxRounds = 500;
  const uint32_t n = automaton.num_states();
  const auto cell = [](double log_prob) {
    return log_prob == kNever ? std::numeric_limits<int64_t>::min()
                              : static_cast<int64_t>(std::llround(log_prob * 1e5));
  };
  using Signature = std::vector<int64_t>;
  struct SignatureHash {
    size_t operator()(const Signature& signature) const {
      uint64_t hash = 0xcbf29ce484222325ULL;
      for (const int64_t value : signature) {
        hash = (hash ^ static_cast<uint64_t>(value)) * 0x100000001b3ULL;
        hash ^= hash >> 31;
      }
      return static_cast<size_t>(hash);
    }
  };
  std::vector<uint32_t> part(n, 0);
  uint32_t num_parts = 1;
  bool is_stable = false;
  for (int round = 0; round < kMaxRounds && !is_stable; ++round) {
    std::unordered_map<Signature, uint32_t, SignatureHash> known;
    std::vector<uint32_t> refined(n);
    for (uint32_t s = 0; s < n; ++s) {
      Signature signature = {part[s], cell(automaton.final_log_probs[s])};
      for (const WordAutomaton::Arc& arc : automaton.arcs_of(s)) {
        signature.push_back(arc.word);
        signature.push_back(cell(arc.log_prob));
        signature.push_back(part[arc.next]);
      }
      refined[s] = known.try_emplace(std::move(signature), static_cast<uint32_t>(known.size()))
                       .first->second;
    }
    is_stable = known.size() == num_parts;
    num_parts = static_cast<uint32_t>(known.size());
    part = std::move(refined);
  }
  if (!is_stable || num_parts == n) return automaton;
  // Parts are numbered in the order in which their first states come, so the start stays 0.
  WordAutomaton merged;
  for (uint32_t s = 0; s < n; ++s) {
    if (part[s] != merged.num_states()) continue;
    merged.first_arc.push_back(static_cast<uint32_t>(merged.arcs.size()));
    merged.final_log_probs.push_back(automaton.final_log_probs[s]);
    for (const WordAutomaton::Arc& arc : automaton.arcs_of(s)) {
      merged.arcs.push_back({arc.word, part[arc.next], arc.log_prob});
    }
  }
  merged.first_arc.push_back(static_cast<uint32_t>(merged.arcs.size()));
  return merged;
}

}  // namespace

const WordAutomaton::Arc* WordAutomaton::find(uint32_t state, uint32_t word) const {
  const std::span<const Arc> list = arcs_of(state);
  const auto at = std::lower_bound(list.begin(), list.end(), word,
                                   [](const Arc& arc, uint32_t w) { return arc.word < w; });
  return at != list.end() && at->word == word ? &*at : nullptr;
}

WordAutomaton make_word_automaton(const GrammarGraph& graph, std::string_view source,
                                  size_t max_states) {
  const SilentFree silent_free(graph, source, max_states);
  if (silent_free.is_empty()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: the grammar has no sentence", source),
                "every way through it ends in <VOID> or never ends");
  }
  for (const Precision precision : {kFine, kCoarse}) {
    std::optional<WordAutomaton> automaton = Determinizer(silent_free, precision, max_states).run();
    if (automaton) return minimized(*automaton);
  }
  fail_too_large(source, max_states);
}

}  // namespace bivox
