// Gaussian mixtures of Bivox's own: diagonal Gaussians in codebooks, and tied states that weigh the
// densities of one codebook each.
//
//   log p(x | s) = sum over streams f of ln sum_k w[s][f][k] N(x_f; mu[c][f][k], v[c][f][k]),
//   c = codebook of s
//
// One form covers the three kinds of model: semi-continuous (one codebook), phonetically tied (one
// for each phone) and continuous (one for each state). A stream is a list of feature columns. A
// linear transform (LDA, MLLT) may stand between features and streams.
//
// The parameters are kept once, in the layout of the kernels: Gaussians as legacy/gmm/gmm_kernels.h
// has them, weights as [codebook][stream][density][states of the codebook], so that a density which
// is kept adds one contiguous row. A codebook with few states has
// [codebook][state][stream][density]. CMU Sphinx en-us takes 10 MB: 16,128 Gaussians of 13
// dimensions and 1,968,384 weights. Errors: Error(kModel) for parameters that are no model (not
// finite, no positive variance, ...). Thread rule: immutable after construction; share freely.
// Sources: Huang & Jack, Computer Speech and Language 3(3), 1989 (semi-continuous); Lee et al.,
// IEEE ICASSP 2000 (phonetic tied mixtures). Test: tests/legacy/gmm_scores_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/features/aligned_buffer.h"
#include "dsp/features/feature_matrix.h"
#include "legacy/gmm/gaussian.h"

namespace bivox {

/// The plain form of a model, as loaders and training make it.
struct GmmParameters {
  int num_codebooks = 0;
  int num_densities = 0;  ///< Of the largest codebook.
  /// [codebooks] densities in use, the first ones; empty: num_densities everywhere.
  std::vector<int> densities_of_codebook;
  std::vector<std::vector<int>> streams;  ///< Feature columns of each stream.
  std::vector<float> means;               ///< [codebook][stream][density][dim]
  std::vector<float> variances;           ///< As means; floored at variance_floor.
  std::vector<int> codebook_of_state;     ///< [states]
  std::vector<float> weights;             ///< [stream][density][state], linear; floored at 1e-12.
  FeatureMatrix transform;                ///< [dims after x dims before]; empty: none.
  float variance_floor = kVarianceFloor;
};

class GmmSet {
 public:
  /// States of one codebook beyond which weights are stored by density.
  static constexpr int kFewStates = 4;

  struct Codebook {
    int first_state = 0;  ///< In states_in_order().
    int num_states = 0;
    int padded_states = 0;      ///< Multiple of kGroup; 0 for a codebook with few states.
    int densities = 0;          ///< In use.
    int padded_densities = 0;   ///< Multiple of kGroup.
    size_t weights_offset = 0;  ///< In the array of its kind.
  };

  explicit GmmSet(const GmmParameters& parameters);

  int num_states() const { return static_cast<int>(codebook_of_state_.size()); }
  int num_codebooks() const { return static_cast<int>(codebooks_.size()); }
  int num_streams() const { return static_cast<int>(streams_.size()); }
  /// Of the largest codebook.
  int num_densities() const { return num_densities_; }
  int padded_densities() const { return AlignedBuffer::padded(num_densities_); }
  /// Dimensions of the features taken.
  int feature_dims() const { return feature_dims_; }
  int stream_dims(int stream) const {
    return static_cast<int>(streams_[static_cast<size_t>(stream)].size());
  }
  int total_stream_dims() const { return total_stream_dims_; }
  int codebook_of_state(int state) const { return codebook_of_state_[static_cast<size_t>(state)]; }
  const Codebook& codebook(int c) const { return codebooks_[static_cast<size_t>(c)]; }
  /// State ids, codebook by codebook.
  const std::vector<int32_t>& states_in_order() const { return states_in_order_; }

  /// Parameter block of a codebook's stream (legacy/gmm/gmm_kernels.h).
  const float* gaussians(int codebook, int stream) const {
    return gaussians_.data() + gaussian_blocks_[static_cast<size_t>(codebook) * streams_.size() +
                                                static_cast<size_t>(stream)];
  }
  /// [density][padded_states] of a codebook's stream, bfloat16.
  const uint16_t* density_weights(const Codebook& codebook, int stream) const {
    return half_weights_.data() + codebook.weights_offset +
           static_cast<size_t>(stream) * static_cast<size_t>(codebook.densities) *
               static_cast<size_t>(codebook.padded_states);
  }
  /// [padded densities] of the i-th state of a codebook with few states.
  const float* state_weights(const Codebook& codebook, int i, int stream) const {
    return weights_.data() + codebook.weights_offset +
           (static_cast<size_t>(i) * streams_.size() + static_cast<size_t>(stream)) *
               static_cast<size_t>(codebook.padded_densities);
  }

  /// Transforms one feature row [feature_dims] and orders it by streams: out [total_stream_dims].
  void arrange(const float* row, float* out) const;

  /// Means and variances of all densities, weights of all states, and the transform.
  int64_t num_parameters() const;

  /// Bytes held by the parameters.
  size_t memory_bytes() const;

 private:
  void pack_gaussians(const GmmParameters& parameters);
  void pack_weights(const GmmParameters& parameters);

  int num_densities_;
  int feature_dims_ = 0;
  int total_stream_dims_ = 0;
  std::vector<std::vector<int>> streams_;
  FeatureMatrix transform_;
  std::vector<int> codebook_of_state_;
  std::vector<int32_t> states_in_order_;
  std::vector<Codebook> codebooks_;
  std::vector<size_t> gaussian_blocks_;  // [codebook][stream]: where the block begins
  AlignedBuffer gaussians_;
  AlignedBuffer weights_;               // of codebooks with few states
  std::vector<uint16_t> half_weights_;  // of the others
};

}  // namespace bivox
