#include "models/lm/ngram_marginals.h"

#include <algorithm>
#include <cmath>

namespace bivox {
namespace {

constexpr int kRounds = 3;  // over all lengths
constexpr int kIterations = 3;

double exp_of(float log_prob) { return std::exp(static_cast<double>(log_prob)); }

size_t number_of(const BackoffTrie& trie, std::string_view word) {
  for (uint32_t w = 0; w < trie.word_ends.size(); ++w) {
    if (trie.word(w) == word) return w;
  }
  return trie.word_ends.size();
}

/// The equations of one length: n-grams of `length` words from those one word longer.
class OneLength {
 public:
  OneLength(const BackoffTrie& trie, int length)
      : trie_(trie),
        length_(length),
        longer_(trie.levels[static_cast<size_t>(length) - 1]),
        probs_(trie.log_probs(length).size()) {
    for (size_t e = 0; e < probs_.size(); ++e) probs_[e] = exp_of(trie.log_probs(length)[e]);
    begin_ = number_of(trie, "<s>");
    end_ = number_of(trie, "</s>");
  }

  /// m(v) p(w | v).
  std::vector<double> start(const std::vector<double>& shorter) const {
    std::vector<double> marginals(probs_.size());
    for_each_entry([&](size_t context, size_t entry) {
      marginals[entry] = (length_ == 1 ? 1.0 : shorter[context]) * probs_[entry];
    });
    begin_as_often_as_end(marginals);
    return marginals;
  }

  /// sum over u of m(u v) bo(u v), for every context v; bo of a context that is not listed is 1.
  std::vector<double> backed_off(const std::vector<double>& marginals,
                                 const std::vector<double>& shorter) const {
    std::vector<double> mass = length_ == 1 ? std::vector<double>{1.0} : shorter;
    const std::vector<float>& backoffs = trie_.backoffs(length_);
    for (size_t c = 0; c < marginals.size(); ++c) {
      mass[suffix(c)] -= marginals[c] * (1.0 - exp_of(backoffs[c]));
    }
    for (double& value : mass) value = std::max(value, 0.0);
    return mass;
  }

  /// The right hand side of the equation. What is listed has the marginals `longer` where these are
  /// known, since the longer n-grams' own equation says more than p(w | u v) does.
  std::vector<double> improve(const std::vector<double>& marginals,
                              const std::vector<double>& shorter,
                              const std::vector<double>* longer) const {
    const std::vector<double> mass = backed_off(marginals, shorter);
    std::vector<double> result(marginals.size());
    for_each_entry(
        [&](size_t context, size_t entry) { result[entry] = probs_[entry] * mass[context]; });
    for_each_longer([&](size_t context, double backoff, size_t e) {
      const size_t entry = longer_.suffix(e);
      const double listed =
          longer != nullptr ? (*longer)[e] : marginals[context] * exp_of(longer_.log_probs[e]);
      result[entry] += listed - marginals[context] * backoff * probs_[entry];
    });
    for (double& value : result) value = std::max(value, 0.0);
    begin_as_often_as_end(result);
    return result;
  }

  /// f(context, entry) for all entries of the length.
  template <class F>
  void for_each_entry(F&& f) const {
    if (length_ == 1) {
      for (size_t e = 0; e < probs_.size(); ++e) f(size_t{0}, e);
      return;
    }
    const BackoffLevel& level = trie_.levels[static_cast<size_t>(length_) - 2];
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) f(c, size_t{e});
    }
  }

 private:
  size_t suffix(size_t entry) const {
    return length_ == 1 ? 0 : trie_.levels[static_cast<size_t>(length_) - 2].suffix(entry);
  }

  /// f(context, its back-off weight, entry) for all longer n-grams.
  template <class F>
  void for_each_longer(F&& f) const {
    const std::vector<float>& backoffs = trie_.backoffs(length_);
    for (size_t c = 0; c + 1 < longer_.begins.size(); ++c) {
      const double backoff = exp_of(backoffs[c]);
      for (uint32_t e = longer_.begins[c]; e < longer_.begins[c + 1]; ++e) f(c, backoff, size_t{e});
    }
  }

  void begin_as_often_as_end(std::vector<double>& marginals) const {
    if (length_ == 1 && begin_ < marginals.size() && end_ < marginals.size()) {
      marginals[begin_] = marginals[end_];
    }
  }

  const BackoffTrie& trie_;
  int length_;
  const BackoffLevel& longer_;
  std::vector<double> probs_;
  size_t begin_;
  size_t end_;
};

}  // namespace

NgramMarginals ngram_marginals(const BackoffTrie& trie) {
  NgramMarginals marginals(trie.levels.size());
  const std::vector<double> none;
  for (int round = 0; round < kRounds; ++round) {
    for (int length = 1; length < trie.order(); ++length) {
      const auto at = static_cast<size_t>(length) - 1;
      const OneLength equations(trie, length);
      const std::vector<double>& shorter = length == 1 ? none : marginals[at - 1];
      const bool longer_known = round > 0 && length + 1 < trie.order();
      if (round == 0) marginals[at] = equations.start(shorter);
      for (int i = 0; i < kIterations; ++i) {
        marginals[at] =
            equations.improve(marginals[at], shorter, longer_known ? &marginals[at + 1] : nullptr);
      }
    }
  }
  return marginals;
}

}  // namespace bivox
