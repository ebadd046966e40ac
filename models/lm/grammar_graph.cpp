#include "models/lm/grammar_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace bivox {
namespace {

using Kind = GrammarArc::Kind;

// Rules within rules and groups within groups together; the builder recurses into each.
constexpr int kMaxDepth = 2000;

/// For every state the number of its strongly connected component over silent arcs.
/// Source: Tarjan 1972, with a stack of its own in place of recursion.
std::vector<uint32_t> silent_components(const GrammarGraph& graph) {
  constexpr uint32_t kUnseen = 0xffffffffU;
  const uint32_t n = graph.num_states();
  std::vector<uint32_t> order(n, kUnseen);
  std::vector<uint32_t> low(n, 0);
  std::vector<uint32_t> component(n, kUnseen);
  std::vector<uint32_t> open;
  std::vector<std::pair<uint32_t, size_t>> calls;  // state, next arc
  uint32_t next_order = 0;
  uint32_t next_component = 0;
  for (uint32_t root = 0; root < n; ++root) {
    if (order[root] != kUnseen) continue;
    calls.emplace_back(root, 0);
    while (!calls.empty()) {
      auto& [state, arc] = calls.back();
      if (arc == 0) {
        order[state] = low[state] = next_order++;
        open.push_back(state);
      }
      const std::span<const GrammarArc> arcs = graph.arcs(state);
      uint32_t into = kUnseen;
      for (; arc < arcs.size() && into == kUnseen; ++arc) {
        if (arcs[arc].kind == Kind::kWord) continue;
        const uint32_t next = arcs[arc].next;
        if (order[next] == kUnseen) {
          into = next;
        } else if (component[next] == kUnseen) {
          low[state] = std::min(low[state], order[next]);
        }
      }
      if (into != kUnseen) {
        calls.emplace_back(into, 0);
        continue;
      }
      const uint32_t done = state;
      calls.pop_back();
      if (!calls.empty()) {
        low[calls.back().first] = std::min(low[calls.back().first], low[done]);
      }
      if (low[done] != order[done]) continue;
      for (uint32_t member = kUnseen; member != done; open.pop_back()) {
        member = open.back();
        component[member] = next_component;
      }
      ++next_component;
    }
  }
  return component;
}

}  // namespace

class GrammarGraph::Builder {
 public:
  Builder(GrammarGraph& graph, const GrammarRules& rules, size_t max_states)
      : graph_(graph), rules_(rules), max_states_(max_states) {}

  void build(std::string_view root) {
    const uint32_t start = new_state(0);
    const uint32_t end = new_state(0);
    const std::vector<RuleId> roots = rules_.roots(root);
    const double log_prob = -std::log(static_cast<double>(roots.size()));
    for (const RuleId id : roots) {
      const uint32_t from = roots.size() == 1 ? start : new_state(id);
      if (from != start) add(start, Kind::kNothing, 0, from, log_prob);
      write_rule(id, from, end, true);
    }
    sort_arcs();
    check_left_recursion();
  }

 private:
  // A rule that is being written out.
  struct Frame {
    RuleId rule;
    uint32_t place;
    uint32_t entry;
    bool is_last;  // nothing follows in the rule that refers to this one
  };

  uint32_t new_state(RuleId rule) {
    if (num_states_ >= max_states_) {
      fail_in_grammar(rules_.source(rule), rules_.rule(rule).position,
                      fmt::format("the grammar has more than {} states when its rules are written "
                                  "out, of which <{}> is one",
                                  max_states_, rules_.rule(rule).name.substr(0, 80)),
                      "refer to large rules less often");
    }
    return num_states_++;
  }

  void add(uint32_t from, Kind kind, uint32_t label, uint32_t next, double log_prob = 0.0) {
    from_.push_back(from);
    list_.push_back({kind, label, next, log_prob});
  }

  [[noreturn]] void fail(const RuleExpansion& at, const std::string& what,
                         const std::string& hint) const {
    fail_in_grammar(rules_.source(frames_.back().rule), at.position, what, hint);
  }

  void write_rule(RuleId id, uint32_t from, uint32_t to, bool is_last) {
    const auto place = static_cast<uint32_t>(graph_.rule_of_place_.size());
    graph_.rule_of_place_.push_back(name_index(id));
    const uint32_t entry = new_state(id);
    const uint32_t exit = new_state(id);
    add(from, Kind::kRuleBegin, place, entry);
    frames_.push_back({id, place, entry, is_last});
    write(rules_.rule(id).expansion, entry, exit, true);
    frames_.pop_back();
    add(exit, Kind::kRuleEnd, place, to);
  }

  uint32_t name_index(RuleId id) {
    const auto [it, is_new] =
        name_of_rule_.try_emplace(id, static_cast<uint32_t>(graph_.rule_names_.size()));
    if (is_new) graph_.rule_names_.push_back(rules_.rule(id).name);
    return it->second;
  }

  // Writes `expansion` between two states; `is_last`: nothing follows it in the rule.
  void write(const RuleExpansion& expansion, uint32_t from, uint32_t to, bool is_last) {
    if (++depth_ > kMaxDepth) {
      fail(expansion, "rules and groups nest too deep",
           fmt::format("expected at most {} levels", kMaxDepth));
    }
    if (!expansion.tags.empty()) {
      const bool is_jump = expansion.kind == RuleExpansion::Kind::kRule &&
                           frame_of(rules_.resolve(frames_.back().rule, expansion)) != nullptr;
      if (is_jump) {
        from = write_tags(expansion, from);
      } else {
        const uint32_t before_tags = new_state(frames_.back().rule);
        add(write_tags(expansion, before_tags), Kind::kNothing, 0, to);
        to = before_tags;
        is_last = false;
      }
    }
    write_bare(expansion, from, to, is_last);
    --depth_;
  }

  uint32_t write_tags(const RuleExpansion& expansion, uint32_t from) {
    for (const std::string& tag : expansion.tags) {
      const uint32_t next = new_state(frames_.back().rule);
      add(from, Kind::kTag, static_cast<uint32_t>(graph_.tags_.size()), next);
      graph_.tags_.push_back(tag);
      from = next;
    }
    return from;
  }

  void write_bare(const RuleExpansion& expansion, uint32_t from, uint32_t to, bool is_last) {
    const RuleId rule = frames_.back().rule;
    const double half = std::log(0.5);
    switch (expansion.kind) {
      case RuleExpansion::Kind::kWord:
        add(from, Kind::kWord, word_index(expansion.text), to);
        break;
      case RuleExpansion::Kind::kRule:
        write_reference(expansion, from, to, is_last);
        break;
      case RuleExpansion::Kind::kNull:
        add(from, Kind::kNothing, 0, to);
        break;
      case RuleExpansion::Kind::kVoid:
        break;
      case RuleExpansion::Kind::kSequence:
        for (size_t i = 0; i < expansion.parts.size(); ++i) {
          const bool ends = i + 1 == expansion.parts.size();
          const uint32_t next = ends ? to : new_state(rule);
          write(expansion.parts[i], from, next, is_last && ends);
          from = next;
        }
        break;
      case RuleExpansion::Kind::kAlternatives: {
        double sum = 0.0;
        for (const double weight : expansion.weights) sum += weight;
        for (size_t i = 0; i < expansion.parts.size(); ++i) {
          if (!(expansion.weights[i] > 0.0)) continue;
          const uint32_t begin = new_state(rule);
          add(from, Kind::kNothing, 0, begin, std::log(expansion.weights[i]) - std::log(sum));
          write(expansion.parts[i], begin, to, is_last);
        }
        break;
      }
      case RuleExpansion::Kind::kOptional: {
        const uint32_t begin = new_state(rule);
        add(from, Kind::kNothing, 0, begin, half);
        add(from, Kind::kNothing, 0, to, half);
        write(expansion.parts[0], begin, to, is_last);
        break;
      }
      case RuleExpansion::Kind::kStar: {
        const uint32_t again = new_state(rule);
        const uint32_t begin = new_state(rule);
        add(from, Kind::kNothing, 0, again);
        add(again, Kind::kNothing, 0, begin, half);
        add(again, Kind::kNothing, 0, to, half);
        write(expansion.parts[0], begin, again, false);
        break;
      }
      case RuleExpansion::Kind::kPlus: {
        const uint32_t begin = new_state(rule);
        const uint32_t end = new_state(rule);
        add(from, Kind::kNothing, 0, begin);
        add(end, Kind::kNothing, 0, begin, half);
        add(end, Kind::kNothing, 0, to, half);
        write(expansion.parts[0], begin, end, false);
        break;
      }
    }
  }

  // The frame of a rule that is being written out, if it is.
  const Frame* frame_of(RuleId id) const {
    for (size_t i = frames_.size(); i-- > 0;) {
      if (frames_[i].rule == id) return &frames_[i];
    }
    return nullptr;
  }

  void write_reference(const RuleExpansion& reference, uint32_t from, uint32_t to, bool is_last) {
    const RuleId id = rules_.resolve(frames_.back().rule, reference);
    const Frame* frame = frame_of(id);
    if (frame == nullptr) {
      write_rule(id, from, to, is_last);
      return;
    }
    // Back to the beginning of the rule is right only when all that would follow is its end.
    for (const Frame* inner = frame + 1; inner <= &frames_.back(); ++inner) {
      is_last = is_last && inner->is_last;
    }
    if (!is_last) {
      fail(reference,
           fmt::format("rule <{}> refers to itself, and not in its last place",
                       rules_.rule(id).name.substr(0, 80)),
           "expected recursion at the end only, as in <list> = <item> [and <list>]; or use *");
    }
    jumps_.push_back({from, frames_.back().rule, reference.position});
    add(from, Kind::kRuleAgain, frame->place, frame->entry);
  }

  uint32_t word_index(const std::string& word) {
    const auto [it, is_new] =
        index_of_word_.try_emplace(word, static_cast<uint32_t>(graph_.words_.size()));
    if (is_new) graph_.words_.push_back(word);
    return it->second;
  }

  void sort_arcs() {
    std::vector<uint32_t>& first = graph_.first_arc_;
    first.assign(size_t{num_states_} + 1, 0);
    for (const uint32_t from : from_) ++first[from + 1];
    for (size_t s = 1; s < first.size(); ++s) first[s] += first[s - 1];
    graph_.arcs_.resize(list_.size());
    std::vector<uint32_t> next(first.begin(), first.end() - 1);
    for (size_t a = 0; a < list_.size(); ++a) graph_.arcs_[next[from_[a]]++] = list_[a];
  }

  // A jump back that can be reached from where it leads to without a word.
  void check_left_recursion() const {
    if (jumps_.empty()) return;
    const std::vector<uint32_t> component = silent_components(graph_);
    for (const Jump& jump : jumps_) {
      for (const GrammarArc& arc : graph_.arcs(jump.from)) {
        if (arc.kind == Kind::kRuleAgain && component[arc.next] == component[jump.from]) {
          fail_in_grammar(rules_.source(jump.rule), jump.position,
                          fmt::format("rule <{}> refers to itself before any word",
                                      graph_.rule_at(arc.label).substr(0, 80)),
                          "expected a word first, as in <list> = <item> [and <list>]");
        }
      }
    }
  }

  struct Jump {
    uint32_t from;
    RuleId rule;
    GrammarPosition position;
  };

  GrammarGraph& graph_;
  const GrammarRules& rules_;
  size_t max_states_;
  uint32_t num_states_ = 0;
  int depth_ = 0;
  std::vector<uint32_t> from_;
  std::vector<GrammarArc> list_;
  std::vector<Frame> frames_;
  std::vector<Jump> jumps_;
  std::unordered_map<std::string, uint32_t> index_of_word_;
  std::unordered_map<RuleId, uint32_t> name_of_rule_;
};

GrammarGraph::GrammarGraph(const GrammarRules& rules, std::string_view root, size_t max_states) {
  Builder(*this, rules, max_states).build(root);
}

}  // namespace bivox
