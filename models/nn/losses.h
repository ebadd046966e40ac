// What training makes small: losses with their gradients.
//
// Predictions are Vars [batch x time x channels]; targets are data. `lengths[b]` frames of
// utterance b count (empty: all). Each returns a scalar Var: the mean over what is counted (frames,
// elements, samples or utterances, as each says), or the sum with Reduction::kSum; with nothing to
// count it is 0. Values and gradients are computed together, at once, and only where a gradient is
// needed. A batch gives the sum of its utterances.
//
// Thread rule: that of the tape. Errors: BIVOX_CHECK for shapes that do not fit.
// Test: tests/models/nn/{losses,ctc,sequence_loss}_test.cpp (finite differences, PyTorch, brute
// force).
#pragma once

#include <span>
#include <vector>

#include "dsp/features/window.h"
#include "models/nn/hmm_graph.h"
#include "models/nn/tape.h"

namespace bivox {

enum class Reduction { kMean, kSum };

struct CrossEntropyOptions {
  /// The target distribution is (1 - s) one-hot + s / classes (Szegedy et al. 2016, section 7).
  float label_smoothing = 0.0F;
  Reduction reduction = Reduction::kMean;  ///< Over frames that have a target.
};
/// -sum_c q(c) log softmax(logits)(c). `targets[b * time + t]` is a class, or negative for a frame
/// that does not count.
Var cross_entropy(Var logits, std::span<const int> targets, std::span<const int> lengths,
                  const CrossEntropyOptions& options = {});

/// Connectionist temporal classification: -log of the probability that the frames spell the target,
/// summed over all alignments. A frame emits a label or blank; repeated labels merge unless a blank
/// lies between. Forward and backward recursions in the log domain, each frame normalised.
/// Source: Graves et al. 2006, sections 3 and 4 (equations 6-15).
struct CtcOptions {
  int blank = 0;
  Reduction reduction = Reduction::kMean;  ///< Over the utterances that are possible.
};
/// `targets[b]`: labels of utterance b, without blanks. An utterance that has too few frames for
/// its target (ctc_min_frames) is impossible: it counts nothing, its gradient is zero, and its
/// entry of `per_utterance` (when given: natural log, not reduced) is infinite.
Var ctc_loss(Var logits, std::span<const std::vector<int>> targets, std::span<const int> lengths,
             const CtcOptions& options = {}, std::vector<double>* per_utterance = nullptr);
/// One frame for each label, and one for the blank between equal neighbours.
int ctc_min_frames(std::span<const int> target);

/// Lattice-free maximum mutual information: how much likelier the network finds what was said than
/// all that could have been said,
///   -(log P(x | said) - log P(x | all)),   x = scale (logits - log_priors),
/// summed over the paths of both graphs. Its gradient is the difference of the posteriors. `scale`
/// is what acoustic scores are worth beside the probabilities of the graphs: the inverse of the
/// language weight of a search. Sources: Povey et al. 2016, section 2; as a graph of its own for
/// every utterance, Hadian et al. 2018, "End-to-end speech recognition using lattice-free MMI".
struct SequenceLossOptions {
  float scale = 1.0F;
  float least = 0.0F;  ///< Share of a frame that a phone of `all` needs to count (hmm_graph.h).
  Reduction reduction = Reduction::kMean;  ///< Over the utterances that are possible.
};
/// `said[b]`: the graph of utterance b, with paths that `all` has too. `log_priors` [channels], or
/// none. An utterance without a path in its graph (too few frames, say) counts nothing, its
/// gradient is zero, and its entry of `per_utterance` (when given: not reduced) is infinite.
Var sequence_loss(Var logits, const HmmGraph& all, std::span<const HmmGraph> said,
                  std::span<const float> log_priors, std::span<const int> lengths,
                  const SequenceLossOptions& options = {},
                  std::vector<double>* per_utterance = nullptr);

/// |x - target|, over elements of real frames.
Var l1_loss(Var x, const Tensor& target, std::span<const int> lengths = {},
            Reduction reduction = Reduction::kMean);
/// (x - target)^2, over elements of real frames.
Var l2_loss(Var x, const Tensor& target, std::span<const int> lengths = {},
            Reduction reduction = Reduction::kMean);

/// 1 - SSIM of spectrograms [batch x frames x bins], each utterance an image: local means,
/// variances and covariance under a Gaussian window of 11 x 11, zeros outside of the image;
///   SSIM = (2 mx my + c1)(2 cov + c2) / ((mx^2 + my^2 + c1)(vx + vy + c2)),
/// averaged over elements of real frames. Source: Wang et al. 2004, equation 13.
struct SsimOptions {
  int window = 11;
  float sigma = 1.5F;
  float c1 = 1e-4F;  ///< (0.01 L)^2 for data of range L = 1.
  float c2 = 9e-4F;  ///< (0.03 L)^2
};
Var ssim_loss(Var x, const Tensor& target, std::span<const int> lengths = {},
              const SsimOptions& options = {});

/// Distance of two waveforms in the short-time spectrum, at several resolutions: of magnitudes
/// X, Y = sqrt(max(|STFT|^2, floor)) of x and the target, averaged over resolutions,
///   spectral convergence  |Y - X|_F / |Y|_F
///   log magnitude         mean |log Y - log X|
/// Frames start within the signal and are centred, zeros outside of it. Real lengths are whole
/// samples. Source: Yamamoto et al. 2020 (Parallel WaveGAN), equations 5-8.
struct StftResolution {
  int fft = 1024;
  int hop = 120;
  int window = 600;
};
struct StftLossOptions {
  std::vector<StftResolution> resolutions = {{1024, 120, 600}, {2048, 240, 1200}, {512, 50, 240}};
  WindowKind window = WindowKind::kHannPeriodic;
  float power_floor = 1e-7F;
  float convergence_weight = 1.0F;
  float magnitude_weight = 1.0F;
};
/// `x` and `target` [batch x samples x 1].
Var stft_loss(Var x, const Tensor& target, std::span<const int> lengths = {},
              const StftLossOptions& options = {});

/// -log likelihood (nats) of samples in [-1, 1] on a grid of `levels`, under a mixture of
/// discretized logistics: the probability of a level is what the distribution has within half a
/// step of it, all that is left at both ends. Source: Salimans et al. 2017 (PixelCNN++),
/// section 2.1; for audio van den Oord et al. 2018 (Parallel WaveNet), section 2. `parameters`
/// [batch x time x 3 k]: logits of k weights, k means, k logs of scales.
struct LogisticMixtureOptions {
  int levels = 65536;
  float min_log_scale = -14.0F;
  Reduction reduction = Reduction::kMean;  ///< Over samples.
};
Var logistic_mixture_loss(Var parameters, const Tensor& target, std::span<const int> lengths = {},
                          const LogisticMixtureOptions& options = {});

/// -log likelihood (nats) under one normal density each sample. `parameters` [batch x time x 2]:
/// mean, log of the standard deviation. Source: Ping et al. 2018 (ClariNet), section 3.1.
struct GaussianLossOptions {
  float min_log_deviation = -9.0F;
  Reduction reduction = Reduction::kMean;  ///< Over samples.
};
Var gaussian_loss(Var parameters, const Tensor& target, std::span<const int> lengths = {},
                  const GaussianLossOptions& options = {});

}  // namespace bivox
