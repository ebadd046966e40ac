#include "models/nn/frame_mean.h"

#include <vector>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"

namespace bivox {

Var mean_frames(Var x, std::span<const int> lengths) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3);
  const int64_t time = shape[1];
  const int64_t channels = shape[2];
  check_lengths(lengths, shape[0], time);
  Tensor y({shape[0], 1, channels});
  std::vector<int64_t> frames;
  for (int64_t b = 0; b < shape[0]; ++b) {
    frames.push_back(real_frames(lengths, b, time));
    float* out = y.data() + b * channels;
    const float* in = x.value().data() + b * time * channels;
    for (int64_t t = 0; t < frames.back(); ++t) {
      for (int64_t c = 0; c < channels; ++c) out[c] += in[t * channels + c];
    }
    const float share = frames.back() > 0 ? 1.0F / static_cast<float>(frames.back()) : 0.0F;
    for (int64_t c = 0; c < channels; ++c) out[c] *= share;
  }
  return x.tape().record(
      std::move(y), {x}, [x, frames = std::move(frames), time, channels](Tape& tape, Var out) {
        const Tensor dy = tape.take_gradient(out);
        Tensor dx({static_cast<int64_t>(frames.size()), time, channels});
        for (size_t b = 0; b < frames.size(); ++b) {
          const auto row = static_cast<int64_t>(b);
          const float share = frames[b] > 0 ? 1.0F / static_cast<float>(frames[b]) : 0.0F;
          for (int64_t t = 0; t < frames[b]; ++t) {
            float* to = dx.data() + (row * time + t) * channels;
            for (int64_t c = 0; c < channels; ++c) to[c] = share * dy[row * channels + c];
          }
        }
        tape.add_gradient(x, std::move(dx));
      });
}

}  // namespace bivox
