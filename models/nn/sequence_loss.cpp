#include <cmath>
#include <limits>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/loss_record.h"
#include "models/nn/losses.h"

namespace bivox {

Var sequence_loss(Var logits, const HmmGraph& all, std::span<const HmmGraph> said,
                  std::span<const float> log_priors, std::span<const int> lengths,
                  const SequenceLossOptions& options, std::vector<double>* per_utterance) {
  const Shape& shape = logits.shape();
  BIVOX_CHECK(shape.rank() == 3 && static_cast<int64_t>(said.size()) == shape[0]);
  check_lengths(lengths, shape[0], shape[1]);
  const int64_t time = shape[1];
  const int64_t classes = shape[2];
  BIVOX_CHECK(log_priors.empty() || static_cast<int64_t>(log_priors.size()) == classes);
  Tape& tape = logits.tape();
  Tensor gradient;
  if (tape.needs_gradient(logits)) gradient = Tensor(shape);  // zeros

  std::vector<double> losses(said.size());
  for_utterances(tape.context(), said.size(), [&](int b) {
    const int64_t frames = real_frames(lengths, b, time);
    const float* row = logits.value().data() + b * time * classes;
    std::vector<float> scores(static_cast<size_t>(frames * classes));
    for (int64_t i = 0; i < frames * classes; i += classes) {
      for (int64_t c = 0; c < classes; ++c) {
        const float prior = log_priors.empty() ? 0.0F : log_priors[static_cast<size_t>(c)];
        scores[static_cast<size_t>(i + c)] = options.scale * (row[i + c] - prior);
      }
    }
    float* slopes = gradient.empty() ? nullptr : gradient.data() + b * time * classes;
    const double right = said[static_cast<size_t>(b)].sum_paths(frames, classes, scores.data(),
                                                                -options.scale, slopes);
    if (std::isinf(right)) {
      losses[static_cast<size_t>(b)] = std::numeric_limits<double>::infinity();
      return;
    }
    const double any =
        all.sum_paths(frames, classes, scores.data(), options.scale, slopes, options.least);
    losses[static_cast<size_t>(b)] = any - right;
    if (std::isinf(any) && slopes != nullptr) std::fill_n(slopes, frames * classes, 0.0F);
  });

  return record_utterance_losses(logits, std::move(losses), options.reduction, std::move(gradient),
                                 per_utterance);
}

}  // namespace bivox
