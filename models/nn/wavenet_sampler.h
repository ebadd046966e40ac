// WaveNet one sample at a time: speech from mel frames, or whatever the network has learnt.
//
// A WaveNetModel packs a trained network (wavenet.h) for one precision; a WaveNetSampler draws from
// it. Every layer keeps its last inputs in a ring as long as its dilation, so a sample costs one
// pass over the weights, whatever the receptive field; what depends on mel frames is computed once
// a frame. Feeding the samples of a recording gives the outputs of Network::forward on it (tested):
// score() does that, to measure likelihood.
//
//   auto model = WaveNetModel::compile(network, options, Precision::kInt8);
//   WaveNetSampler sampler(model, seed);
//   n = sampler.accept(mel, audio);   ...   n = sampler.finish(audio);
//
// Sampling by kind: of a mixture, one component by its weight, then its distribution by inversion;
// scales times `temperature` (weights stay); of a mu-law network, logits / temperature. Results
// lie in [-1, 1].
// Thread rule: a model is immutable, share it; a sampler belongs to one thread. accept(),
// finish(), generate() neither throw (but for wrong sizes: BIVOX_CHECK) nor allocate.
// Errors: compile() throws Error(kModel) when the network is not that of the options.
// Sources: Paine et al. 2016, "Fast Wavenet Generation Algorithm"; Salimans et al. 2017
// (PixelCNN++), section 2.1. Test: tests/models/nn/wavenet_sampler_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "models/nn/kernels/compute.h"
#include "models/nn/wavenet.h"

namespace bivox {

class WaveNetModel {
 public:
  static std::shared_ptr<const WaveNetModel> compile(const Network& network,
                                                     const WaveNetOptions& options,
                                                     Precision precision = Precision::kInt8,
                                                     Isa isa = best_isa());
  ~WaveNetModel();
  WaveNetModel(const WaveNetModel&) = delete;
  WaveNetModel& operator=(const WaveNetModel&) = delete;

  const WaveNetOptions& options() const;
  Precision precision() const;
  /// Weights read for every sample.
  size_t weight_bytes() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit WaveNetModel(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

class WaveNetSampler {
 public:
  static constexpr int kMaxFrames = 16;  ///< Of one accept().

  WaveNetSampler(std::shared_ptr<const WaveNetModel> model, uint64_t seed);
  ~WaveNetSampler();
  WaveNetSampler(WaveNetSampler&&) noexcept;
  WaveNetSampler& operator=(WaveNetSampler&&) noexcept;

  /// [frames x mel_bins], at most kMaxFrames; writes hop samples for each frame whose context is
  /// complete and returns their number. `audio` has room for frames * hop; `guides` are those of
  /// the samples that are written, [samples x guides].
  int accept(std::span<const float> mel, std::span<float> audio,
             std::span<const float> guides = {});
  /// The frames that waited for context: at most max_lag() samples.
  int finish(std::span<float> audio, std::span<const float> guides = {});
  /// Samples under the last mel frame, or of a network that is not conditioned.
  void generate(std::span<float> audio, std::span<const float> guides = {});
  /// Back to silence.
  void reset(uint64_t seed);

  /// Scale of randomness from now on; 1: as learnt, 0: the most likely.
  void set_temperature(float temperature);
  int max_lag() const;

  /// The network's outputs [samples x output_channels] for given `audio`, from silence, as if it
  /// had been drawn; mel [samples / hop x mel_bins]. Resets before and after.
  void score(std::span<const float> mel, std::span<const float> audio, std::span<float> outputs,
             std::span<const float> guides = {});

 private:
  struct Memory;

  std::shared_ptr<const WaveNetModel> model_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace bivox
