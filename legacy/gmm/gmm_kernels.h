// The inner loops of mixture scoring, vectorised with Google Highway; the instruction set (SSE4,
// AVX2, AVX-512, NEON) is chosen at run time.
//
// A block of densities of one codebook and stream lies in groups of kGroup = 16 densities. A group
// is [dim][scale, shift][16] and then [16] constants, so that with t_d = scale_d x_d - shift_d
//   log N = constant - sum_d t_d^2,   scale = 1 / sqrt(2 v),   shift = mu scale
// costs two multiply-adds a dimension and cancels nothing, unlike the expanded form in (x, x^2, 1).
// Densities beyond the last real one have the constant kNoDensity.
//
// Thread rule: pure functions on the caller's buffers; no allocation. Every frame gives the same
// bits wherever it stands in a block. Test: tests/legacy/gmm_scores_test.cpp.
#pragma once

#include <cstdint>
#include <span>

namespace bivox {

inline constexpr int kGroup = 16;
inline constexpr float kNoDensity = -1e30F;

/// Floats of a block of `padded_densities` (a multiple of kGroup) densities.
constexpr int gaussian_block_size(int dims, int padded_densities) {
  return padded_densities * (2 * dims + 1);
}

/// out[frame][padded_densities] = log densities of rows x[frame][0 .. dims) that are `stride`
/// apart.
void log_densities(const float* block, int dims, int padded_densities, const float* x, int stride,
                   int frames, float* out);

/// Gaussian selection: the densities not more than `threshold` (natural log) below the best.
/// kept[i] is an index and values[i] = exp(log density - *best). Returns their number, at least 1.
/// `kept` and `values` have room for padded_densities + kGroup elements.
int select_densities(const float* log_densities, int padded_densities, float threshold,
                     int32_t* kept, float* values, float* best);

/// What select_densities gave for one stream, and the weights [density][padded_states] to sum, as
/// bfloat16 (the upper half of a float, relative error 2^-9): summing weights is bound by memory.
struct KeptDensities {
  const int32_t* indices;
  const float* values;
  const uint16_t* weights;
  int count;
  float best;
};

/// out[s] = sum over streams of (best + ln sum_k values[k] * weights[indices[k]][s]).
/// `padded_states` is a multiple of kGroup; weights must be at least 1e-12.
void mix_states(std::span<const KeptDensities> streams, int padded_states, float* out);

/// ln sum_k weights[k] exp(log_densities[k]) over a whole row; for codebooks that serve few states.
float log_mixture(const float* log_densities, const float* weights, int padded_densities);

}  // namespace bivox
