// Chooses among the pronunciations that the search found: a log-linear model over what the n-grams
// cannot see.
//
//   score(c) = w_f log P_forward(c) + w_b log P_backward(c) + sum over features f of c of w[hash f]
//
// Features pair a unit with the letters around it (up to three to either side), units with their
// neighbours, phones with phones, and the stress pattern of the word with its length and ending.
// They are hashed into one table of 8-bit weights without names: collisions cost a little accuracy
// and no memory. exp(score), normalized over the candidates, is the probability of a pronunciation.
// Source: Jiampojamarn, Cherry, Kondrak: "Integrating joint n-gram features into a discriminative
// training framework", 2010 (the features). Training: g2p_ranker_training.h.
// Thread rule: immutable; share freely. Errors of read(): Error(kModel). Test:
// tests/models/g2p_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/lexicon/g2p_units.h"

namespace bivox {

class G2pRanker {
 public:
  /// Bits of the hash that index the table.
  static constexpr int kTableBits = 19;
  static constexpr size_t kTableSize = size_t{1} << kTableBits;

  /// Without a table: the mean of the two n-grams.
  G2pRanker() = default;
  /// `weights` [kTableSize] are rounded to 8 bits.
  G2pRanker(float forward, float backward, const std::vector<float>& weights);

  float score(const G2pUnits& units, std::span<const uint8_t> letters,
              std::span<const G2pUnit> path, float forward_log_prob, float backward_log_prob) const;

  /// Appends to `out` what read() takes from the front of `bytes`.
  void write(std::string& out) const;
  static G2pRanker read(std::string_view& bytes, std::string_view name);

 private:
  float forward_ = 0.5F;
  float backward_ = 0.5F;
  float step_ = 0.0F;            // what a weight of 1 in the table is worth
  std::vector<int8_t> weights_;  // [kTableSize], or empty
};

/// Calls f(index into the table) for every feature of a candidate.
template <class F>
void for_each_g2p_feature(const G2pUnits& units, std::span<const uint8_t> letters,
                          std::span<const G2pUnit> path, F&& f);

// --- The features -------------------------------------------------------------------------------

template <class F>
void for_each_g2p_feature(const G2pUnits& units, std::span<const uint8_t> letters,
                          std::span<const G2pUnit> path, F&& f) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15ULL;
  const auto mix = [](uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * kFactor;
    return hash ^ hash >> 32;
  };
  const auto emit = [&](uint64_t hash, uint64_t kind) {
    f(static_cast<size_t>(mix(hash, kind) >> 20) & (G2pRanker::kTableSize - 1));
  };
  const auto length = static_cast<int>(letters.size());
  // Letters before and after a place, 5 bits each, nearest lowest; 27 is beyond the word.
  const auto before = [&](int at, int count) {
    uint64_t bits = 0;
    for (int k = count; k > 0; --k) {
      bits = bits << 5 | (at - k < 0 ? 27U : letters[static_cast<size_t>(at - k)]);
    }
    return bits;
  };
  const auto after = [&](int at, int count) {
    uint64_t bits = 0;
    for (int k = count - 1; k >= 0; --k) {
      bits = bits << 5 | (at + k >= length ? 27U : letters[static_cast<size_t>(at + k)]);
    }
    return bits;
  };
  constexpr uint64_t kNoUnit = 0xffff;
  uint64_t previous = kNoUnit;
  uint64_t before_previous = kNoUnit;
  uint64_t phones = 0;    // the last ones, 8 bits each
  uint64_t stresses = 1;  // of the vowels so far, 2 bits each
  int at = 0;
  for (const G2pUnit unit : path) {
    const G2pPair& pair = units.pair(unit);
    const int end = at + pair.num_letters();
    const uint64_t left = before(at, 3);
    const uint64_t right = after(end, 3);
    const uint64_t u = mix(unit, 1);
    const auto window = [&](int on_left, int on_right, uint64_t kind) {
      // `before` has the nearest letter lowest too: masks cut what is far away.
      const uint64_t l = left & ((1U << (5 * on_left)) - 1U);
      const uint64_t r = right & ((1U << (5 * on_right)) - 1U);
      emit(mix(u, l << 20 | r), kind);
    };
    window(1, 1, 2);
    window(2, 2, 3);
    window(0, 1, 4);
    window(0, 2, 5);
    window(0, 3, 6);
    window(1, 0, 7);
    window(2, 0, 8);
    window(3, 0, 9);
    const uint64_t bigram = mix(u, previous);
    emit(mix(bigram, after(end, 2)), 10);
    emit(mix(bigram, before_previous), 11);
    for (const uint8_t phone : pair.phones) {
      if (phone == kG2pNone) continue;
      phones = (phones << 8 | (phone + 1U)) & 0xffffffffU;
      emit(phones & 0xffffffU, 12);
      emit(phones, 13);
      const char last = units.phones()[phone].back();
      if (last >= '0' && last <= '2') {
        stresses = stresses << 2 | static_cast<uint64_t>(last - '0' + 1);
        emit(mix(u, stresses & 0xff), 14);
      }
    }
    before_previous = previous;
    previous = unit;
    at = end;
  }
  emit(mix(phones, 0), 15);
  emit(stresses, 16);
  emit(mix(stresses, before(length, 2)), 17);
  emit(mix(stresses, before(length, 3)), 18);
}

}  // namespace bivox
