#include "models/lexicon/g2p_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bivox {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
/// Before pruning, at one position.
constexpr size_t kUsualHypotheses = 128;
constexpr uint64_t kHashFactor = 0x9e3779b97f4a7c15ULL;

float log_add(float a, float b) {
  if (a < b) std::swap(a, b);
  return a + std::log1p(std::exp(b - a));
}

uint64_t hash_phone(uint64_t hash, uint8_t phone) {
  hash = (hash ^ (phone + 1U)) * kHashFactor;
  return hash ^ hash >> 29;
}

}  // namespace

G2pDecoder::G2pDecoder(const G2pUnits& units, const G2pNgram& ngram)
    : units_(units), ngram_(ngram), seen_(static_cast<size_t>(ngram.num_symbols()), 0) {}

uint32_t& G2pDecoder::index_of(size_t position, const Hypothesis& hypothesis) {
  std::vector<uint32_t>& index = indices_[position];
  const std::vector<Hypothesis>& there = positions_[position];
  const size_t mask = index.size() - 1;
  for (size_t at = (hypothesis.phones ^ hypothesis.state * kHashFactor) >> 20;; ++at) {
    uint32_t& place = index[at & mask];
    if (place == 0) return place;
    const Hypothesis& known = there[place - 1];
    if (known.state == hypothesis.state && known.phones == hypothesis.phones) return place;
  }
}

void G2pDecoder::add(size_t position, const Hypothesis& hypothesis) {
  std::vector<Hypothesis>& there = positions_[position];
  if (2 * (there.size() + 1) > indices_[position].size()) {
    indices_[position].assign(2 * indices_[position].size(), 0);
    for (size_t i = 0; i < there.size(); ++i) {
      index_of(position, there[i]) = static_cast<uint32_t>(i) + 1;
    }
  }
  uint32_t& place = index_of(position, hypothesis);
  float log_prob = hypothesis.log_prob;
  if (place == 0) {
    there.push_back(hypothesis);
    place = static_cast<uint32_t>(there.size());
  } else {
    Hypothesis& known = there[place - 1];
    if (hypothesis.best_log_prob > known.best_log_prob) {
      known.best_log_prob = hypothesis.best_log_prob;
      known.unit = hypothesis.unit;
      known.previous = hypothesis.previous;
      known.num_letters = hypothesis.num_letters;
    }
    log_prob = known.log_prob = log_add(known.log_prob, hypothesis.log_prob);
  }
  best_[position] = std::max(best_[position], log_prob);
}

void G2pDecoder::extend(size_t position, G2pUnits::Range range, uint8_t num_letters,
                        const G2pBeam& beam) {
  if (range.first == range.last) return;
  const size_t target = position + num_letters;
  for (size_t h = 0; h < positions_[position].size(); ++h) {
    const Hypothesis from = positions_[position][h];
    ngram_.expand(
        from.state, range, seen_, [&] { return best_[target] - beam.width - from.log_prob; },
        [&](G2pUnit unit, float log_prob, G2pNgram::State next) {
          Hypothesis made;
          made.log_prob = from.log_prob + log_prob;
          made.best_log_prob = from.best_log_prob + log_prob;
          made.state = next;
          made.phones = from.phones;
          for (const uint8_t phone : units_.pair(unit).phones) {
            if (phone != kG2pNone) made.phones = hash_phone(made.phones, phone);
          }
          made.previous = static_cast<uint32_t>(h);
          made.unit = unit;
          made.num_letters = num_letters;
          add(target, made);
        });
  }
}

void G2pDecoder::cut(size_t position, const G2pBeam& beam) {
  std::vector<Hypothesis>& there = positions_[position];
  const float least = best_[position] - beam.width;
  std::erase_if(there, [least](const Hypothesis& h) { return h.log_prob < least; });
  if (there.size() > beam.max_hypotheses) {
    std::nth_element(
        there.begin(), there.begin() + static_cast<std::ptrdiff_t>(beam.max_hypotheses),
        there.end(),
        [](const Hypothesis& a, const Hypothesis& b) { return a.log_prob > b.log_prob; });
    there.resize(beam.max_hypotheses);
  }
  // The best first: what it leads to keeps much of the rest from being followed.
  const auto best = std::max_element(
      there.begin(), there.end(),
      [](const Hypothesis& a, const Hypothesis& b) { return a.log_prob < b.log_prob; });
  if (best != there.end()) std::iter_swap(there.begin(), best);
}

std::vector<G2pCandidate> G2pDecoder::decode(std::span<const uint8_t> letters,
                                             const G2pBeam& beam) {
  const size_t length = letters.size();
  if (positions_.size() < length + 1) {
    positions_.resize(length + 1);
    indices_.resize(length + 1);
  }
  for (size_t i = 0; i <= length; ++i) {
    positions_[i].clear();
    positions_[i].reserve(kUsualHypotheses);
    indices_[i].assign(2 * kUsualHypotheses, 0);
  }
  best_.assign(length + 1, kNothing);
  add(0, {0.0F, 0.0F, ngram_.after(units_.word_begin()), 0, 0, 0, 0});
  for (size_t i = 0; i < length; ++i) {
    cut(i, beam);
    extend(i, units_.one(letters[i]), 1, beam);
    if (i + 1 < length) extend(i, units_.two(letters[i], letters[i + 1]), 2, beam);
  }
  cut(length, beam);

  // The end mark, and the sum over contexts that differ behind the same phones.
  std::vector<Hypothesis>& last = positions_[length];
  for (Hypothesis& h : last) {
    G2pNgram::State next = G2pNgram::kRoot;
    const float log_prob = ngram_.step(h.state, units_.word_end(), next);
    h.log_prob += log_prob;
    h.best_log_prob += log_prob;
  }
  std::vector<G2pCandidate> candidates;
  for (size_t h = 0; h < last.size(); ++h) {
    bool is_best = true;
    float sum = last[h].log_prob;
    for (size_t k = 0; k < last.size(); ++k) {
      if (k == h || last[k].phones != last[h].phones) continue;
      const bool wins = last[k].best_log_prob > last[h].best_log_prob ||
                        (last[k].best_log_prob == last[h].best_log_prob && k < h);
      is_best = is_best && !wins;
      sum = log_add(sum, last[k].log_prob);
    }
    if (!is_best) continue;
    G2pCandidate& made = candidates.emplace_back();
    made.log_prob = sum;
    const Hypothesis* at = &last[h];
    for (size_t position = length; position > 0;) {
      made.path.push_back(at->unit);
      position -= at->num_letters;
      at = &positions_[position][at->previous];
    }
    std::reverse(made.path.begin(), made.path.end());
    for (const G2pUnit unit : made.path) {
      for (const uint8_t phone : units_.pair(unit).phones) {
        if (phone != kG2pNone) made.phones.push_back(phone);
      }
    }
  }
  return candidates;
}

}  // namespace bivox
