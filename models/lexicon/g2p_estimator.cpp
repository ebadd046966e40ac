#include "models/lexicon/g2p_estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "dsp/core/check.h"

namespace bivox {
namespace {

/// Nothing is less likely than this: the mark of the beginning, which is never predicted.
constexpr float kNever = -50.0F;

struct Node {
  uint32_t first_child = 0;
  uint32_t num_children = 0;
  uint32_t suffix = 0;
  uint32_t parent = 0;
  G2pUnit unit = 0;
  uint8_t level = 0;
  bool begins_word = false;
  bool kept = true;
  uint32_t occurrences = 0;
  uint32_t count = 0;  // occurrences or left extensions: what Kneser-Ney counts
  double prob = 0.0;
  double backoff = 1.0;  // gamma
};

class Trie {
 public:
  Trie(const std::vector<std::vector<G2pUnit>>& sequences, int num_symbols, int order)
      : num_symbols_(static_cast<uint32_t>(num_symbols)), order_(order) {
    for (const auto& sequence : sequences) {
      text_.push_back(begin_mark());
      text_.insert(text_.end(), sequence.begin(), sequence.end());
      text_.push_back(end_mark());
    }
    build();
    link();
    count();
  }

  void estimate();
  void prune(double threshold);
  std::vector<G2pNgramNode> kept() const;

 private:
  using Children = std::pair<uint32_t, uint32_t>;

  G2pUnit begin_mark() const { return static_cast<G2pUnit>(num_symbols_ - 1); }
  G2pUnit end_mark() const { return static_cast<G2pUnit>(num_symbols_ - 2); }
  Children children(uint32_t n) const {
    return {nodes_[n].first_child, nodes_[n].first_child + nodes_[n].num_children};
  }
  uint32_t child(uint32_t n, G2pUnit unit) const;
  void build();
  void link();
  void count();
  double loss(uint32_t n, double history_left, double lower_left) const;
  void reweigh();

  uint32_t num_symbols_;
  int order_;
  std::vector<G2pUnit> text_;  // words one after the other, each with its marks
  std::vector<Node> nodes_;
};

/// Sorts all positions by what follows within the word, then cuts the levels out of the list.
void Trie::build() {
  const auto order = static_cast<size_t>(order_);
  std::vector<uint32_t> left(text_.size());  // units up to the end of the word, at most order
  for (size_t i = text_.size(); i-- > 0;) {
    const bool is_last = text_[i] == end_mark();
    left[i] = is_last ? 1 : std::min(left[i + 1] + 1, static_cast<uint32_t>(order));
  }
  std::vector<uint32_t> positions(text_.size());
  std::iota(positions.begin(), positions.end(), 0U);
  std::sort(positions.begin(), positions.end(), [&](uint32_t a, uint32_t b) {
    return std::lexicographical_compare(text_.begin() + a, text_.begin() + a + left[a],
                                        text_.begin() + b, text_.begin() + b + left[b]);
  });

  nodes_.emplace_back();
  nodes_[0].num_children = num_symbols_;
  nodes_[0].first_child = 1;
  nodes_[0].occurrences = static_cast<uint32_t>(text_.size());
  for (uint32_t u = 0; u < num_symbols_; ++u) {
    Node& node = nodes_.emplace_back();
    node.unit = static_cast<G2pUnit>(u);
    node.level = 1;
    node.begins_word = u == begin_mark();
  }
  std::vector<uint32_t> at(text_.size());  // by place in `positions`: the node of the prefix
  for (size_t p = 0; p < positions.size(); ++p) {
    at[p] = 1U + text_[positions[p]];
    ++nodes_[at[p]].occurrences;
  }
  for (uint32_t level = 2; level <= order; ++level) {
    uint32_t parent = 0;
    for (size_t p = 0; p < positions.size(); ++p) {
      if (left[positions[p]] < level) continue;
      const G2pUnit unit = text_[positions[p] + level - 1];
      if (parent != at[p] || nodes_.back().unit != unit) {
        parent = at[p];
        Node node;
        node.parent = parent;
        node.unit = unit;
        node.level = static_cast<uint8_t>(level);
        node.begins_word = nodes_[parent].begins_word;
        const auto id = static_cast<uint32_t>(nodes_.size());
        if (nodes_[parent].num_children++ == 0) nodes_[parent].first_child = id;
        nodes_.push_back(node);
      }
      at[p] = static_cast<uint32_t>(nodes_.size() - 1);
      ++nodes_.back().occurrences;
    }
  }
}

uint32_t Trie::child(uint32_t n, G2pUnit unit) const {
  if (n == 0) return 1U + unit;
  const auto [first, last] = children(n);
  const auto found =
      std::lower_bound(nodes_.begin() + first, nodes_.begin() + last, unit,
                       [](const Node& node, G2pUnit wanted) { return node.unit < wanted; });
  return static_cast<uint32_t>(found - nodes_.begin());
}

void Trie::link() {
  for (size_t n = 1 + num_symbols_; n < nodes_.size(); ++n) {
    nodes_[n].suffix = child(nodes_[nodes_[n].parent].suffix, nodes_[n].unit);
  }
}

void Trie::count() {
  for (size_t n = 1; n < nodes_.size(); ++n) {
    if (nodes_[n].level > 1) ++nodes_[nodes_[n].suffix].count;
  }
  for (Node& node : nodes_) {
    if (node.level == order_ || node.begins_word) node.count = node.occurrences;
  }
  nodes_[1U + begin_mark()].count = 0;
}

void Trie::estimate() {
  // Discounts by order, from how many n-grams have count 1, 2, 3 and 4.
  std::vector<std::array<double, 4>> discounts(static_cast<size_t>(order_) + 1);
  for (size_t level = 1; level < discounts.size(); ++level) {
    std::array<double, 5> having = {};
    for (const Node& node : nodes_) {
      if (node.level == level && node.count >= 1 && node.count <= 4) ++having[node.count];
    }
    const double y = having[1] > 0 ? having[1] / (having[1] + 2 * having[2]) : 0.5;
    for (size_t c = 1; c <= 3; ++c) {
      const double estimate =
          having[c] > 0
              ? static_cast<double>(c) - static_cast<double>(c + 1) * y * having[c + 1] / having[c]
              : 0.5;
      // Tiny dictionaries give counts of counts that the formula was not made for.
      discounts[level][c] = std::clamp(estimate, 0.05, static_cast<double>(c) - 0.05);
    }
  }
  const double uniform = 1.0 / static_cast<double>(num_symbols_ - 1);
  for (uint32_t h = 0; h < nodes_.size(); ++h) {
    const auto [first, last] = children(h);
    if (first == last) continue;
    const auto& discount = discounts[static_cast<size_t>(nodes_[h].level) + 1];
    double total = 0.0;
    double taken = 0.0;
    for (uint32_t n = first; n < last; ++n) {
      total += nodes_[n].count;
      taken += discount[std::min(nodes_[n].count, 3U)];
    }
    const double gamma = taken / total;
    nodes_[h].backoff = h == 0 ? 1.0 : gamma;
    for (uint32_t n = first; n < last; ++n) {
      const double lower = h == 0 ? uniform : nodes_[nodes_[n].suffix].prob;
      const uint32_t c = nodes_[n].count;
      nodes_[n].prob = (c - discount[std::min(c, 3U)]) / total + gamma * lower;
    }
  }
  nodes_[1U + begin_mark()].prob = 0.0;
}

/// What is lost, in nats per unit of text, when n-gram n is dropped: Stolcke 1998, equation 5.
/// history_left and lower_left are the numerator and denominator of the history's back-off weight.
double Trie::loss(uint32_t n, double history_left, double lower_left) const {
  const Node& node = nodes_[n];
  const Node& history = nodes_[node.parent];
  const double lower = nodes_[node.suffix].prob;
  const double old_weight = history_left / lower_left;
  const double new_weight = (history_left + node.prob) / (lower_left + lower);
  const double change = std::log(new_weight) - std::log(old_weight);
  const double kl = -(node.prob * (std::log(lower) + std::log(new_weight) - std::log(node.prob)) +
                      history_left * change);
  return kl * history.occurrences / static_cast<double>(text_.size());
}

void Trie::prune(double threshold) {
  if (threshold > 0.0) {
    std::vector<char> needed(nodes_.size(), 0);
    std::vector<double> lower_left(nodes_.size(), -1.0);
    for (size_t i = nodes_.size(); i-- > 1U + num_symbols_;) {
      // Levels from the highest: what is longer has been judged already.
      const auto n = static_cast<uint32_t>(i);
      if (needed[n] == 0) {
        const uint32_t h = nodes_[n].parent;
        if (lower_left[h] < 0.0) {
          lower_left[h] = 1.0;
          const auto [first, last] = children(h);
          for (uint32_t c = first; c < last; ++c) {
            lower_left[h] -= nodes_[nodes_[c].suffix].prob;
          }
          lower_left[h] = std::max(lower_left[h], 1e-9);
        }
        // Interpolated as it was, the model gives the rest of the history exactly this much.
        const double history_left = nodes_[h].backoff * lower_left[h];
        nodes_[n].kept = loss(n, history_left, lower_left[h]) >= threshold;
      }
      if (nodes_[n].kept) {
        needed[nodes_[n].parent] = 1;
        needed[nodes_[n].suffix] = 1;
      }
    }
  }
  reweigh();
}

void Trie::reweigh() {
  for (uint32_t h = 1; h < nodes_.size(); ++h) {
    double history_left = 1.0;
    double lower_left = 1.0;
    const auto [first, last] = children(h);
    for (uint32_t n = first; n < last; ++n) {
      if (!nodes_[n].kept) continue;
      history_left -= nodes_[n].prob;
      lower_left -= nodes_[nodes_[n].suffix].prob;
    }
    // All of the vocabulary may be listed; the rest is then rounding.
    nodes_[h].backoff = lower_left > 1e-9 ? std::max(history_left, 1e-9) / lower_left : 1.0;
  }
}

std::vector<G2pNgramNode> Trie::kept() const {
  std::vector<uint32_t> id(nodes_.size(), 0);
  uint32_t next = 0;
  for (size_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].kept) id[n] = next++;
  }
  std::vector<G2pNgramNode> out;
  out.reserve(next);
  uint32_t next_child = 1;
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const Node& node = nodes_[n];
    if (!node.kept) continue;
    G2pNgramNode& made = out.emplace_back();
    const auto [first, last] = children(static_cast<uint32_t>(n));
    for (uint32_t c = first; c < last; ++c) made.num_children += nodes_[c].kept ? 1 : 0;
    made.first_child = next_child;
    next_child += made.num_children;
    made.suffix = id[node.suffix];
    made.unit = node.unit;
    made.log_prob = node.prob > 0.0 ? static_cast<float>(std::log(node.prob)) : kNever;
    made.backoff = made.num_children > 0 ? static_cast<float>(std::log(node.backoff)) : 0.0F;
  }
  return out;
}

}  // namespace

std::vector<G2pNgramNode> estimate_g2p(const std::vector<std::vector<G2pUnit>>& sequences,
                                       int num_symbols, const G2pEstimatorOptions& options) {
  BIVOX_CHECK(!sequences.empty() && options.order >= 1 && options.order <= kG2pMaxOrder);
  Trie trie(sequences, num_symbols, options.order);
  trie.estimate();
  trie.prune(options.threshold);
  return trie.kept();
}

}  // namespace bivox
