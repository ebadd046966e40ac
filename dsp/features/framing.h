// Cuts a stream of samples into overlapping frames.
//
// N samples, frame length L, shift S, transform size F (it decides where librosa's centred frames
// begin when F > L). Frames are 0-based; frame t covers samples [start(t), start(t) + L).
//
//   placement      start(t)                      frames after finish()
//   kSnip          t S                           N < L ? 0 : 1 + (N - L) / S
//   kSphinx        t S                           as kSnip, then one more, cut short at sample N
//   kKaldiReflect  t S + S/2 - L/2               (N + S/2) / S
//   kCentre(Zero)  t S - F/2 + (F - L)/2         1 + N / S
//
// Outside the signal: kKaldiReflect mirrors with the edge sample (x[-1] = x[0]), kCentre mirrors
// about it (x[-1] = x[1]), kCentreZero has zeros. A signal shorter than L gives no frame with kSnip
// and kSphinx; an empty signal gives none at all.
//
// Memory is bounded by what the next frame needs. A frame's pointer may be read one sample to the
// left: the sample before the frame, 0 before the stream.
// Thread rule: one object per stream. Sources: sphinxbase fe_interface.c; Kaldi feature-window.cc
// (NumFrames, FirstSampleOfFrame); librosa core/spectrum.py (stft). Test:
// tests/dsp/framing_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bivox {

enum class FramePlacement : uint8_t {
  kSnip,          ///< Whole frames only, from sample 0 on (Kaldi's default).
  kSphinx,        ///< As kSnip, then one zero-padded frame for what is left over (sphinx_fe).
  kKaldiReflect,  ///< Kaldi with snip_edges=false.
  kCentre,        ///< librosa center=True, pad_mode="reflect".
  kCentreZero,    ///< librosa center=True, pad_mode="constant".
};

struct FramingOptions {
  int length = 400;    ///< L, samples.
  int shift = 160;     ///< S, samples.
  int fft_size = 512;  ///< F, samples.
  FramePlacement placement = FramePlacement::kSnip;
};

/// Frames of a signal of `num_samples` samples.
int64_t num_frames(const FramingOptions& options, int64_t num_samples);
/// The first sample of a frame; may be negative.
int64_t frame_start(const FramingOptions& options, int64_t frame);

class Framer {
 public:
  explicit Framer(const FramingOptions& options);

  void accept(std::span<const float> samples);
  /// The signal has ended; the frames at its edge become ready.
  void finish();
  void reset();

  /// Frames that can be read now.
  int frames_ready() const;
  struct Frame {
    const float*
        samples;  ///< samples[-1] is readable; samples[length ..] are not part of the frame.
    int length;   ///< L, or less for the last frame of kSphinx.
  };
  /// The i-th ready frame, valid until the next call that is not const.
  Frame frame(int i) const;
  /// Forgets the first `count` ready frames.
  void drop(int count);

 private:
  void pad_left();
  void pad_right();
  int64_t start_of(int64_t frame) const { return frame_start(options_, frame); }

  FramingOptions options_;
  // buffer_[0] is the sample at buffer_start_; the stream begins at 0 with padding before it.
  std::vector<float> buffer_;
  int64_t buffer_start_ = 0;
  int64_t num_samples_ = 0;
  int64_t next_frame_ = 0;
  int64_t total_frames_ = 0;  // meaningful once finished_
  bool padded_left_ = false;
  bool finished_ = false;
};

}  // namespace bivox
