// Speech for training the ConvNet, kept in memory as the features of several renderings.
//
//   audio -> speed, tempo, room, noise, gain; vocal tract (random, once a rendering) -> log-mel
//     -> 16-bit integers in memory
//   each epoch:  a rendering at random -> noise mixed in as mel powers -> CMVN -> SpecAugment
//
// What costs much (resampling, rooms, Fourier transforms) is done once and what costs little every
// time, so that making features takes a small part of a training. Noise adds in the power domain,
// log(e^s + g e^n) per bin, which leaves out the cross term of speech and noise; g is drawn so that
// their mean powers have the wanted ratio.
//
// The first rendering is the recording as it is. Log-mel values are kept as multiples of 1/1024
// within +-32. Memory: 16 kB a second of audio and rendering, for 80 bins.
//
// Thread rule: make_example is pure; ConvNetReader is immutable and called by many threads. Errors:
// Error(kUsage) naming the option. Sources: Ko et al. 2015, "Audio augmentation for speech
// recognition"; Park et al. 2019 (SpecAugment); Lim et al. 2013 for mixing in the mel domain, "MMSE
// estimation of mel-frequency features", equation 4. Test:
// tests/asr/convnet/training_data_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "asr/convnet/targets.h"
#include "dsp/audio/audio_buffer.h"
#include "dsp/augment/audio_augment.h"
#include "dsp/augment/spec_augment.h"
#include "dsp/augment/vtlp.h"
#include "dsp/features/feature_matrix.h"
#include "dsp/features/front_end_options.h"
#include "models/nn/data_loader.h"

namespace bivox {

/// Log-mel `[frames x mel]` before normalisation, in 16 bits.
struct Rendering {
  int frames = 0;
  int mel = 0;
  std::vector<int16_t> rows;

  static Rendering pack(const FeatureView& features);
  FeatureMatrix unpack() const;
};

/// One utterance: what is said when, and how it sounds.
struct ConvNetExample {
  std::vector<PhoneRun> phones;  ///< Over the recording as it is, of any frame rate.
  std::vector<Rendering> renderings;
};

struct RenderingOptions {
  int count = 3;  ///< Renderings of an utterance; the first is not changed.
  VtlpOptions warp;
};

/// `front_end` gives log-mel; its CMVN is left for the reader. `augmenter` may be null when
/// options.count is 1.
ConvNetExample make_example(AudioView audio, std::vector<PhoneRun> phones,
                            const FrontEndOptions& front_end, const RenderingOptions& options,
                            const AudioAugmenter* augmenter, uint64_t seed);

/// Rows normalised as the front end would have done.
void normalise_rows(FeatureMatrix& rows, const CmvnOptions& options);

struct ReaderOptions {
  FrontEndOptions front_end;
  int subsampling = 3;
  int states_per_phone = 2;
  bool augment = true;  ///< false: the first rendering as it is.
  SpecAugmentOptions spectrum;
  double noise_probability = 0.3;
  double min_snr_db = 5.0;
  double max_snr_db = 30.0;
};

/// Makes examples for the loader: streams are log-mel `[frames x mel]` and tied states
/// `[ceil(frames / subsampling) x 1]` as floats; targets are labels for CTC.
class ConvNetReader {
 public:
  /// All must outlive the reader. `noises` are log-mel of noise; without any none is mixed in.
  ConvNetReader(std::span<const ConvNetExample> examples, const StateTree& tree,
                ReaderOptions options, std::span<const Rendering> noises = {})
      : examples_(examples), tree_(tree), options_(std::move(options)), noises_(noises) {}

  TrainingExample operator()(int index, uint64_t seed) const;

 private:
  std::span<const ConvNetExample> examples_;
  const StateTree& tree_;
  ReaderOptions options_;
  std::span<const Rendering> noises_;
};

/// Adds noise to log-mel rows at a ratio of mean powers, going round when it is shorter.
void mix_mel_noise(FeatureMatrix& speech, const Rendering& noise, double snr_db, uint64_t seed);

}  // namespace bivox
