#include "models/lexicon/g2p.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "models/lexicon/g2p_parts.h"

namespace bivox {
namespace {

/// More than any word has; the memory of the search grows with it.
constexpr size_t kMaxLetters = 100;

struct Scored {
  const G2pCandidate* candidate;
  std::string bare;  // the phones without stress, as bytes
  float score;
};

/// Pronunciations that differ in more than stress, each with the probability of all its stress
/// patterns and the likeliest of these.
std::vector<G2pResult> ranked(const G2pModel::Parts& parts, const std::vector<uint8_t>& letters,
                              const std::vector<G2pListed>& listed) {
  std::vector<Scored> scored;
  float best = -INFINITY;
  for (const auto& [candidate, backward_log_prob] : listed) {
    Scored& made = scored.emplace_back();
    made.candidate = &candidate;
    made.score = parts.ranker.score(parts.units, letters, candidate.path, candidate.log_prob,
                                    backward_log_prob);
    for (const uint8_t phone : candidate.phones) {
      made.bare.push_back(static_cast<char>(parts.units.bare(phone)));
    }
    best = std::max(best, made.score);
  }
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.bare != b.bare ? a.bare < b.bare : a.score > b.score;
  });
  std::vector<G2pResult> results;
  float total = 0.0F;
  for (size_t i = 0; i < scored.size(); ++i) {
    if (i == 0 || scored[i].bare != scored[i - 1].bare) {
      G2pResult& made = results.emplace_back();
      made.log_prob = scored[i].candidate->log_prob;
      for (const uint8_t phone : scored[i].candidate->phones) {
        made.phones.push_back(parts.units.phones()[phone]);
      }
    }
    const float share = std::exp(scored[i].score - best);
    results.back().confidence += share;
    total += share;
  }
  for (G2pResult& result : results) result.confidence /= total;
  std::sort(results.begin(), results.end(), [](const G2pResult& a, const G2pResult& b) {
    // The phones decide between equals, so that the same word always gets the same answer.
    return a.confidence != b.confidence ? a.confidence > b.confidence : a.phones < b.phones;
  });
  return results;
}

/// "B IY1", "B IY1", "S IY1" -> B IY2 B IY2 S IY1: the last letter has the main stress.
G2pResult spelled(const G2pModel::Parts& parts, const std::vector<uint8_t>& letters) {
  G2pResult result;
  result.confidence = 1.0F;
  for (size_t i = 0; i < letters.size(); ++i) {
    for (const uint8_t phone : parts.letter_names[letters[i]]) {
      std::string name = parts.units.phones()[phone];
      if (name.back() == '1' && i + 1 < letters.size()) name.back() = '2';
      result.phones.push_back(std::move(name));
    }
  }
  return result;
}

}  // namespace

std::vector<G2pListed> shortlist(const G2pModel::Parts& parts, std::vector<G2pCandidate> candidates,
                                 float width) {
  std::vector<G2pListed> listed;
  listed.reserve(candidates.size());
  float best = -INFINITY;
  for (G2pCandidate& candidate : candidates) {
    float sum = 0.0F;
    G2pNgram::State state = parts.backward.after(parts.units.word_begin());
    for (auto unit = candidate.path.rbegin(); unit != candidate.path.rend(); ++unit) {
      sum += parts.backward.step(state, *unit, state);
    }
    sum += parts.backward.step(state, parts.units.word_end(), state);
    best = std::max(best, (candidate.log_prob + sum) / 2.0F);
    listed.push_back({std::move(candidate), sum});
  }
  std::erase_if(listed, [&](const G2pListed& item) {
    return (item.candidate.log_prob + item.backward_log_prob) / 2.0F < best - width;
  });
  return listed;
}

G2pModel::G2pModel(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
G2pModel::~G2pModel() = default;

std::vector<G2pResult> G2pModel::pronounce(std::string_view word, int nbest) const {
  BIVOX_CHECK(nbest >= 1);
  std::vector<uint8_t> letters = g2p_letters(word);
  if (letters.empty()) return {};
  if (letters.size() > kMaxLetters) letters.resize(kMaxLetters);
  const bool can_spell = std::all_of(letters.begin(), letters.end(), [&](uint8_t letter) {
    return !parts_->letter_names[letter].empty();
  });
  if (can_spell && (letters.size() == 1 || is_initialism(letters))) {
    return {spelled(*parts_, letters)};
  }
  G2pBeam beam = parts_->beam;
  if (nbest > 1) {
    // What is far from the best matters now.
    beam.width *= 2.0F;
    beam.shortlist *= 3.0F;
    beam.max_hypotheses = std::max(2 * beam.max_hypotheses, 4 * static_cast<size_t>(nbest));
  }
  G2pDecoder decoder(parts_->units, parts_->forward);
  std::vector<G2pResult> results =
      ranked(*parts_, letters, shortlist(*parts_, decoder.decode(letters, beam), beam.shortlist));
  std::erase_if(results, [](const G2pResult& result) { return result.phones.empty(); });
  if (results.size() > static_cast<size_t>(nbest)) results.resize(static_cast<size_t>(nbest));
  return results;
}

}  // namespace bivox
