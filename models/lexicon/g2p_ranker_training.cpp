#include "models/lexicon/g2p_ranker_training.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace bivox {
namespace {

class Learner {
 public:
  Learner(const G2pUnits& units, const G2pRankerOptions& options)
      : units_(units),
        options_(options),
        weights_(G2pRanker::kTableSize, 0.0F),
        squares_(G2pRanker::kTableSize, 0.0F) {}

  void learn(const G2pRankedWord& word) {
    const size_t count = word.candidates.size();
    scores_.assign(count, 0.0F);
    features_.clear();
    ends_.clear();
    for (size_t c = 0; c < count; ++c) {
      const G2pRankedCandidate& candidate = word.candidates[c];
      scores_[c] = forward_.value * candidate.forward_log_prob +
                   backward_.value * candidate.backward_log_prob;
      for_each_g2p_feature(units_, word.letters, candidate.path, [&](size_t index) {
        scores_[c] += weights_[index];
        features_.push_back(static_cast<uint32_t>(index));
      });
      ends_.push_back(features_.size());
    }
    // Probabilities among all and among the right ones; their difference is the gradient.
    const float best = *std::max_element(scores_.begin(), scores_.end());
    float all = 0.0F;
    float right = 0.0F;
    for (size_t c = 0; c < count; ++c) {
      scores_[c] = std::exp(scores_[c] - best);
      all += scores_[c];
      if (word.candidates[c].is_right) right += scores_[c];
    }
    if (right < 1e-20F) return;
    float forward = 0.0F;
    float backward = 0.0F;
    size_t begin = 0;
    for (size_t c = 0; c < count; ++c) {
      const G2pRankedCandidate& candidate = word.candidates[c];
      const float wanted = candidate.is_right ? scores_[c] / right : 0.0F;
      const float gradient = wanted - scores_[c] / all;
      forward += gradient * candidate.forward_log_prob;
      backward += gradient * candidate.backward_log_prob;
      if (std::abs(gradient) > 1e-4F) {
        for (size_t i = begin; i < ends_[c]; ++i) climb(features_[i], gradient);
      }
      begin = ends_[c];
    }
    forward_.climb(forward, options_.rate);
    backward_.climb(backward, options_.rate);
  }

  G2pRanker ranker() const { return {forward_.value, backward_.value, weights_}; }

 private:
  struct Dense {
    float value = 0.5F;
    float squares = 1e4F;  // slow at first: it starts where it is nearly right
    void climb(float gradient, float rate) {
      squares += gradient * gradient;
      value += rate * gradient / std::sqrt(squares);
    }
  };

  void climb(uint32_t index, float gradient) {
    squares_[index] += gradient * gradient;
    // The 1 keeps what was seen once or twice from being believed.
    weights_[index] += options_.rate * gradient / std::sqrt(squares_[index] + 1.0F);
  }

  const G2pUnits& units_;
  G2pRankerOptions options_;
  Dense forward_;
  Dense backward_;
  std::vector<float> weights_;
  std::vector<float> squares_;
  // Of the word at hand.
  std::vector<float> scores_;
  std::vector<uint32_t> features_;  // of all candidates, one after the other
  std::vector<size_t> ends_;        // where each candidate's end
};

}  // namespace

G2pRanker train_g2p_ranker(const G2pUnits& units, const std::vector<G2pRankedWord>& words,
                           const G2pRankerOptions& options,
                           const std::function<void(int, int)>& progress) {
  std::vector<size_t> order;
  for (size_t w = 0; w < words.size(); ++w) {
    const auto& candidates = words[w].candidates;
    const auto right = std::count_if(candidates.begin(), candidates.end(),
                                     [](const auto& candidate) { return candidate.is_right; });
    if (right > 0 && static_cast<size_t>(right) < candidates.size()) order.push_back(w);
  }
  Learner learner(units, options);
  std::mt19937_64 random(options.seed);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    for (const size_t w : order) learner.learn(words[w]);
    if (progress) progress(epoch + 1, options.epochs);
  }
  return learner.ranker();
}

}  // namespace bivox
