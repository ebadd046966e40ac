#include "tts/prosody/acoustic_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"
#include "models/nn/losses.h"
#include "models/nn/ops.h"
#include "tts/prosody/liveliness.h"
#include "tts/prosody/phone_features.h"

namespace bivox {
namespace {

// Tuned by the ear of a recognizer on prompts kept apart.
constexpr double kLivelinessStrength = 1.4;
constexpr double kLivelinessLimit = 2.0;
constexpr double kPitchLivelinessLimit = 1.5;
constexpr float kSsimRange = 6.0F;  // deviations that SSIM sees as 0 to 1
constexpr int64_t kMaxExamples = 16;

// [batch x steps x frames-a-step channels] to [batch x frames x channels]: the same numbers.
Var frames_of_steps(Var y) {
  const Shape folded = y.shape();
  Tensor value = y.value().clone();
  value.reshape({folded[0], folded[1] * kFramesPerStep, folded[2] / kFramesPerStep});
  return y.tape().record(std::move(value), {y}, [y, folded](Tape& tape, Var out) {
    Tensor gradient = tape.take_gradient(out);
    gradient.reshape(folded);
    tape.add_gradient(y, std::move(gradient));
  });
}

Tensor tensor_of(const FeatureMatrix& rows) {
  Tensor tensor = Tensor::uninitialized({rows.rows(), rows.cols()});
  std::copy_n(rows.data(), rows.size(), tensor.data());
  return tensor;
}

// Streams: phone features | normalised rows | place and pitch rows; targets: durations.
TrainingExample example_of(const AlignedSpeech& speech, const AcousticParts& parts) {
  const int speakers = static_cast<int>(parts.speakers.size());
  const VocoderFeatureOptions& features = parts.features;
  const Eigen::Index frames = speech.rows.rows();
  FeatureMatrix normal(frames, speech.rows.cols());
  FeatureMatrix known(frames, kPlaceColumns + kPitchColumns);
  known.leftCols(kPlaceColumns) = place_rows(speech.durations);
  for (Eigen::Index t = 0; t < frames; ++t) {
    const auto columns = static_cast<size_t>(speech.rows.cols());
    const std::span<const float> row(speech.rows.row(t).data(), columns);
    parts.scale.apply(row, std::span(normal.row(t).data(), columns));
    const auto at = static_cast<size_t>(features.f0_column());
    normal(t, features.voicing_column()) = row[at + 1];
    write_pitch_row(
        features, parts.scale, row[at], row[at + 1],
        std::span(known.row(t).data() + kPlaceColumns, static_cast<size_t>(kPitchColumns)));
  }
  TrainingExample example;
  example.streams.push_back(tensor_of(phone_features(speech.contexts, speakers, speech.speaker)));
  example.streams.push_back(tensor_of(normal));
  example.streams.push_back(tensor_of(known));
  example.targets = speech.durations;
  return example;
}

// What the networks say of a batch, given durations and pitch.
struct Said {
  Var mel;           // [batch x frames x num_mel]
  Var pitch;         // [batch x frames x 2]
  Var log_duration;  // [batch x phones x 1]
};

Said say(AcousticParts& parts, Tape& tape, TrainingBatch& batch) {
  const std::vector<int>& phones = batch.streams[0].lengths;
  const std::vector<int>& frames = batch.streams[1].lengths;
  const Var features[] = {tape.constant(std::move(batch.streams[0].values))};
  const std::vector<Var> encoded = parts.encoder.forward(tape, features, phones);
  const std::vector<std::span<const int>> durations(batch.targets.begin(), batch.targets.end());
  const Var hidden = regulate_length(encoded[0], durations);
  const Var known = tape.constant(std::move(batch.streams[2].values));
  const Var place_inputs[] = {hidden, slice(known, 0, kPlaceColumns)};
  const Var place = concat(place_inputs);
  const Var pitch_inputs[] = {place};
  const Var pitch = parts.pitch.forward(tape, pitch_inputs, frames)[0];
  const Var all[] = {hidden, known};
  const Var decoder_inputs[] = {concat(all)};
  const Var mel = parts.decoder.forward(tape, decoder_inputs, frames)[0];
  return {frames_of_steps(mel), frames_of_steps(pitch), encoded[1]};
}

// Columns of a [batch x frames x columns] tensor.
Tensor columns_of(const Tensor& x, int64_t first, int64_t count) {
  Tensor out = Tensor::uninitialized({x.dim(0), x.dim(1), count});
  for (int64_t r = 0; r < x.dim(0) * x.dim(1); ++r) {
    std::copy_n(x.data() + r * x.dim(2) + first, count, out.data() + r * count);
  }
  return out;
}

// Loss sums are over frames; phones count as often as they have frames.
SummedLoss acoustic_loss(AcousticParts& parts, Tape& tape, TrainingBatch& batch,
                         float ssim_weight) {
  const int num_mel = parts.features.num_mel;
  const std::vector<int> frames = batch.streams[1].lengths;
  const std::vector<int> phones = batch.streams[0].lengths;
  const int64_t longest = batch.streams[0].values.dim(1);
  const Tensor rows = std::move(batch.streams[1].values);
  double num_frames = 0.0;
  double num_phones = 0.0;
  Tensor log_frames({rows.dim(0), longest, 1});
  for (size_t b = 0; b < batch.targets.size(); ++b) {
    num_frames += frames[b];
    num_phones += phones[b];
    for (size_t p = 0; p < batch.targets[b].size(); ++p) {
      log_frames[static_cast<int64_t>(b) * longest + static_cast<int64_t>(p)] =
          std::log(static_cast<float>(batch.targets[b][p]));
    }
  }
  const Said said = say(parts, tape, batch);

  std::vector<Var> losses;
  const Tensor mel = columns_of(rows, 0, num_mel);
  losses.push_back(
      scale(l1_loss(said.mel, mel, frames, Reduction::kSum), 1.0F / static_cast<float>(num_mel)));
  if (ssim_weight > 0.0F) {
    Tensor bounded = mel.clone();
    for (float& value : bounded.values()) value = value / kSsimRange + 0.5F;
    Tensor half({rows.dim(0), rows.dim(1), num_mel});
    for (float& value : half.values()) value = 0.5F;
    const Var sum[] = {scale(said.mel, 1.0F / kSsimRange), tape.constant(std::move(half))};
    losses.push_back(
        scale(ssim_loss(add(sum), bounded, frames), ssim_weight * static_cast<float>(num_frames)));
  }
  const Tensor voicing = columns_of(rows, num_mel + 1, 1);
  Tensor f0 = columns_of(rows, num_mel, 1);
  for (int64_t i = 0; i < f0.size(); ++i) f0[i] *= voicing[i];
  const Var voiced_f0 = multiply(slice(said.pitch, 0, 1), tape.constant(voicing.clone()));
  losses.push_back(l1_loss(voiced_f0, f0, frames, Reduction::kSum));
  losses.push_back(l2_loss(slice(said.pitch, 1, 1), voicing, frames, Reduction::kSum));
  losses.push_back(scale(l1_loss(said.log_duration, log_frames, phones, Reduction::kSum),
                         static_cast<float>(num_frames / num_phones)));
  return {add(losses), num_frames};
}

// Sums of AcousticMeasures, and what is needed for the liveliness.
class Meter {
 public:
  explicit Meter(AcousticParts& parts) : parts_(parts), liveliness_(parts.features.num_mel) {}

  void add(ComputeContext& context, const AlignedSpeech& speech) {
    std::vector<TrainingExample> one;
    one.push_back(example_of(speech, parts_));
    TrainingBatch batch = pad_examples(std::move(one));
    Tape tape(context);
    const Said said = say(parts_, tape, batch);
    const int num_mel = parts_.features.num_mel;
    const Eigen::Index frames = speech.rows.rows();
    const Eigen::Map<const FeatureMatrix> mel(said.mel.value().data(), frames, num_mel);
    FeatureMatrix predicted(frames, num_mel);
    for (int m = 0; m < num_mel; ++m) {
      const auto c = static_cast<size_t>(m);
      predicted.col(m) = (mel.col(m).array() * parts_.scale.deviation[c] + parts_.scale.mean[c]);
    }
    const FeatureMatrix natural = speech.rows.leftCols(num_mel);
    liveliness_.add(natural, predicted);
    mel_ +=
        static_cast<double>((natural - predicted).cwiseAbs().mean()) * static_cast<double>(frames);
    frames_ += static_cast<double>(frames);
    add_pitch(speech, said.pitch.value());
    for (size_t p = 0; p < speech.durations.size(); ++p) {
      duration_ +=
          std::abs(static_cast<double>(said.log_duration.value()[static_cast<int64_t>(p)]) -
                   std::log(speech.durations[p]));
      phones_ += 1.0;
    }
  }

  AcousticMeasures measures() const {
    return {mel_ / std::max(1.0, frames_), cents_ / std::max(1.0, voiced_),
            wrong_ / std::max(1.0, frames_), duration_ / std::max(1.0, phones_)};
  }

  void give_liveliness() const {
    parts_.liveliness = liveliness_.gains(kLivelinessStrength, kLivelinessLimit);
    parts_.cepstral_mean = liveliness_.means();
    const double ratio = std::sqrt(natural_f0_ / std::max(predicted_f0_, 1e-9));
    parts_.pitch_liveliness =
        voiced_ < 2.0 ? 1.0F : static_cast<float>(std::clamp(ratio, 1.0, kPitchLivelinessLimit));
  }

 private:
  void add_pitch(const AlignedSpeech& speech, const Tensor& pitch) {
    const auto column = static_cast<size_t>(parts_.features.f0_column());
    double sums[2] = {};
    double squares[2] = {};
    double count = 0.0;
    for (Eigen::Index t = 0; t < speech.rows.rows(); ++t) {
      const bool voiced = speech.rows(t, parts_.features.voicing_column()) > 0.5F;
      wrong_ += (pitch[2 * t + 1] > 0.5F) != voiced ? 1.0 : 0.0;
      if (!voiced) continue;
      const auto natural = static_cast<double>(speech.rows(t, parts_.features.f0_column()));
      const double predicted = static_cast<double>(parts_.scale.mean[column] +
                                                   parts_.scale.deviation[column] * pitch[2 * t]);
      cents_ += std::abs(natural - predicted) * 1200.0 / std::log(2.0);
      count += 1.0;
      const double values[2] = {natural, predicted};
      for (int side = 0; side < 2; ++side) {
        sums[side] += values[side];
        squares[side] += values[side] * values[side];
      }
    }
    voiced_ += count;
    if (count < 2.0) return;
    natural_f0_ += squares[0] - sums[0] * sums[0] / count;
    predicted_f0_ += squares[1] - sums[1] * sums[1] / count;
  }

  AcousticParts& parts_;
  LivelinessMeter liveliness_;
  double mel_ = 0.0;
  double cents_ = 0.0;
  double wrong_ = 0.0;
  double duration_ = 0.0;
  double frames_ = 0.0;
  double voiced_ = 0.0;
  double phones_ = 0.0;
  double natural_f0_ = 0.0;  // sums of squares around the means of sentences
  double predicted_f0_ = 0.0;
};

TrainerOptions trainer_options(const AcousticTrainingOptions& options, int64_t steps) {
  TrainerOptions trainer;
  trainer.optimizer.weight_decay = 0.01F;
  trainer.schedule.kind = ScheduleKind::kOneCycle;
  trainer.schedule.peak = options.rate;
  trainer.schedule.total_steps = steps;
  trainer.schedule.warmup_steps = std::min<int64_t>(steps / 8, 1000);
  trainer.schedule.final_fraction = 0.01;
  trainer.average = {AverageKind::kExponential, 0.998, 1};
  trainer.max_gradient_norm = 1.0;
  trainer.seed = options.seed;
  return trainer;
}

std::string description(const AcousticTrainingOptions& o, const AcousticParts& parts,
                        size_t sentences) {
  return fmt::format(
      "acoustic model of {}: {} sentences of {}, {} epochs of {} s, rate {}, SSIM {}, seed {}; {}; "
      "{}",
      o.data_name, sentences, fmt::join(parts.speakers, " "), o.epochs, o.batch_s, o.rate,
      o.ssim_weight, o.seed, acoustic_network_options_json(parts.options),
      vocoder_feature_options_json(parts.features));
}

FeatureScale scale_of(std::span<const AlignedSpeech> train) {
  std::vector<FeatureMatrix> rows;
  rows.reserve(train.size());
  for (const AlignedSpeech& speech : train) rows.push_back(speech.rows);
  return FeatureScale::measure(rows);
}

// The parameters of several networks as one list, as a trainer wants them; the networks keep them.
class BorrowedParameters {
 public:
  explicit BorrowedParameters(std::initializer_list<const Network*> networks) {
    for (const Network* network : networks) {
      for (const auto& parameter : network->parameters()) all_.emplace_back(parameter.get());
    }
  }
  ~BorrowedParameters() {
    for (auto& parameter : all_) static_cast<void>(parameter.release());
  }
  BorrowedParameters(const BorrowedParameters&) = delete;
  BorrowedParameters& operator=(const BorrowedParameters&) = delete;

  ParameterSpan span() const { return all_; }

 private:
  std::vector<std::unique_ptr<Parameter>> all_;
};

void make_networks(AcousticParts& parts, uint64_t seed) {
  const int speakers = static_cast<int>(parts.speakers.size());
  parts.encoder = make_encoder(parts.options, speakers);
  parts.pitch = make_pitch_network(parts.options);
  parts.decoder = make_decoder(parts.options, parts.features.num_mel);
  parts.encoder.initialize(mix_seeds(seed, 1));
  parts.pitch.initialize(mix_seeds(seed, 2));
  parts.decoder.initialize(mix_seeds(seed, 3));
}

}  // namespace

AcousticMeasures measure_acoustic_model(ComputeContext& context,
                                        std::span<const AlignedSpeech> speech,
                                        AcousticParts& parts) {
  Meter meter(parts);
  for (const AlignedSpeech& one : speech) meter.add(context, one);
  meter.give_liveliness();
  return meter.measures();
}

bool train_acoustic_model(ComputeContext& context, std::span<const AlignedSpeech> train,
                          std::span<const AlignedSpeech> dev,
                          const AcousticTrainingOptions& options, AcousticParts& parts,
                          const AcousticTrainingCalls& calls) {
  if (train.empty()) throw Error(ErrorCode::kInput, "no sentence to train on");
  std::vector<int64_t> lengths;
  for (const AlignedSpeech& speech : train) lengths.push_back(speech.rows.rows());
  parts.scale = scale_of(train);
  make_networks(parts, options.seed);

  DataLoaderOptions loading;
  loading.max_examples = kMaxExamples;
  loading.max_length =
      static_cast<int64_t>(options.batch_s * parts.features.sample_rate_hz / parts.features.hop);
  loading.seed = options.seed;
  DataLoader loader(loading, lengths, [&](int index, uint64_t) {
    return example_of(train[static_cast<size_t>(index)], parts);
  });
  const BorrowedParameters parameters({&parts.encoder, &parts.pitch, &parts.decoder});
  Trainer trainer(context, parameters.span(),
                  trainer_options(options, options.epochs * loader.batches_in_epoch(0)));
  TrainingLoopOptions loop;
  loop.epochs = options.epochs;
  loop.folder = options.run_folder;
  loop.checkpoint_steps = options.checkpoint_steps;
  loop.description = description(options, parts, train.size());
  loop.measures = {"mel", "f0_cents", "voicing", "duration"};
  double epoch_loss = 0.0;
  TrainingLoopCalls inner;
  inner.forward = [&](Tape& tape, TrainingBatch& batch) {
    return acoustic_loss(parts, tape, batch, options.ssim_weight);
  };
  inner.progress = [&](const TrainingProgress& progress) {
    epoch_loss = progress.epoch_loss;
    if (calls.progress) calls.progress(progress);
  };
  inner.end_of_epoch = [&](int64_t epoch) {
    trainer.average().swap();
    const AcousticMeasures m = measure_acoustic_model(context, dev, parts);
    if (calls.epoch) calls.epoch(epoch, epoch_loss, m);
    trainer.average().swap();
    return std::vector<double>{m.mel, m.f0_cents, m.voicing, m.duration};
  };
  inner.stop = calls.stop;
  if (!run_training(trainer, loader, loop, inner)) return false;
  trainer.average().swap();  // what is kept is the average
  measure_acoustic_model(context, dev, parts);
  return true;
}

}  // namespace bivox
