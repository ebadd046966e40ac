// Lengths of the utterances of a batch: which frames of [batch x time x channels] are real.
//
// `lengths[b]` frames of utterance b are real; an empty span says that all are. Thread rule: pure
// functions on the caller's tensor. Test: tests/models/nn/ops_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "dsp/core/check.h"
#include "models/nn/tensor.h"

namespace bivox {

inline bool covers_all_frames(std::span<const int> lengths, int64_t time) {
  return std::all_of(lengths.begin(), lengths.end(),
                     [time](int length) { return int64_t{length} >= time; });
}

/// Lengths fit a batch: none, or one for each utterance within [0, time].
inline void check_lengths(std::span<const int> lengths, int64_t batch, int64_t time) {
  BIVOX_CHECK(lengths.empty() || static_cast<int64_t>(lengths.size()) == batch);
  for (const int length : lengths) BIVOX_CHECK(length >= 0 && int64_t{length} <= time);
}

/// Frames of utterance b that are real.
inline int64_t real_frames(std::span<const int> lengths, int64_t b, int64_t time) {
  return lengths.empty() ? time : int64_t{lengths[static_cast<size_t>(b)]};
}

/// Sets the frames beyond to zero.
inline void zero_frames_beyond(Tensor& x, std::span<const int> lengths) {
  if (lengths.empty()) return;
  const int64_t time = x.dim(1);
  const int64_t channels = x.dim(2);
  check_lengths(lengths, x.dim(0), time);
  for (int64_t b = 0; b < x.dim(0); ++b) {
    const int64_t real = real_frames(lengths, b, time);
    std::fill_n(x.data() + (b * time + real) * channels, (time - real) * channels, 0.0F);
  }
}

}  // namespace bivox
