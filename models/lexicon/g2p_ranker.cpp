#include "models/lexicon/g2p_ranker.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "models/lexicon/g2p_bytes.h"

namespace bivox {

G2pRanker::G2pRanker(float forward, float backward, const std::vector<float>& weights)
    : forward_(forward), backward_(backward) {
  BIVOX_CHECK(weights.size() == kTableSize);
  // A handful of large weights would make all others coarse: they are cut off.
  std::vector<float> sizes;
  for (const float weight : weights) {
    if (weight != 0.0F) sizes.push_back(std::abs(weight));
  }
  if (sizes.empty()) return;
  const size_t rank = sizes.size() - 1 - sizes.size() / 2000;
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(rank), sizes.end());
  step_ = sizes[rank] / 127.0F;
  weights_.reserve(kTableSize);
  for (const float weight : weights) {
    weights_.push_back(
        static_cast<int8_t>(std::clamp(std::round(weight / step_), -127.0F, 127.0F)));
  }
}

float G2pRanker::score(const G2pUnits& units, std::span<const uint8_t> letters,
                       std::span<const G2pUnit> path, float forward_log_prob,
                       float backward_log_prob) const {
  float score = forward_ * forward_log_prob + backward_ * backward_log_prob;
  if (weights_.empty()) return score;
  int sum = 0;
  for_each_g2p_feature(units, letters, path, [&](size_t index) { sum += weights_[index]; });
  return score + step_ * static_cast<float>(sum);
}

void G2pRanker::write(std::string& out) const {
  put_f32(out, forward_);
  put_f32(out, backward_);
  put_f32(out, step_);
  put_deflated(out, {reinterpret_cast<const char*>(weights_.data()), weights_.size()});
}

G2pRanker G2pRanker::read(std::string_view& bytes, std::string_view name) {
  G2pRanker ranker;
  ByteReader reader(bytes, name);
  ranker.forward_ = reader.take_f32(1000.0F);
  ranker.backward_ = reader.take_f32(1000.0F);
  ranker.step_ = reader.take_f32(1000.0F);
  const std::string weights = reader.take_deflated();
  if (!weights.empty() && weights.size() != kTableSize) {
    reader.fail("the table of the ranker has not the size that it should have");
  }
  ranker.weights_.assign(weights.begin(), weights.end());
  bytes = reader.rest();
  return ranker;
}

}  // namespace bivox
