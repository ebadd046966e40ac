#include "tts/vocoder/vocoder_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "tts/vocoder/autoregressive_training.h"
#include "tts/vocoder/parallel_training.h"

namespace bivox {
namespace {

constexpr size_t kDevCrops = 24;

// What both kinds of training have in common: examples in, a loss out.
class Session {
 public:
  Session(const VocoderTrainingOptions& options, VocoderParts& parts)
      : options_(options),
        parts_(parts),
        model_(std::make_shared<SourceFilterModel>(parts.features)),
        loss_(parallel_loss_options(parts.features.sample_rate_hz)) {
    loss_.repulsion = options.repulsion;
    loss_.mel_weight = options.mel_weight;
    if (is_parallel()) {
      auto& part = parts.parallel.emplace();
      part.options = options.parallel;
      part.options.feature_columns = parts.features.columns();
      part.options.hop = parts.features.hop;
      part.network = parallel_wavenet_network(part.options);
      initialize_parallel_wavenet(part.network, options.seed);
    } else {
      auto& part = parts.autoregressive.emplace();
      part.options = autoregressive_wavenet_options(parts.features);
      part.network = wavenet_network(part.options);
      initialize_autoregressive_wavenet(part.network, part.options, options.seed);
    }
  }

  bool is_parallel() const { return options_.mode == VocoderMode::kParallel; }
  Network& network() {
    return is_parallel() ? parts_.parallel->network : parts_.autoregressive->network;
  }

  TrainingExample example(const VocoderData& data, const VocoderData::Example& where, uint64_t seed,
                          bool augment) const {
    Random random(seed);
    VocoderData::Crop crop = data.draw(where, options_.crop_frames, random);
    const uint64_t source_seed = random.next();
    if (is_parallel()) {
      return parallel_example(model_, parts_.scale, parts_.parallel->options, data, crop,
                              source_seed, options_.repulsion > 0.0F ? 2 : 1);
    }
    return autoregressive_example(model_, parts_.scale, parts_.autoregressive->options, data, crop,
                                  augment ? options_.noise : 0.0, source_seed);
  }

  SummedLoss loss(Tape& tape, TrainingBatch& batch) {
    if (!is_parallel()) return autoregressive_loss(network(), tape, batch);
    return parallel_loss(network(), tape, batch, loss_).loss;
  }

  // The loss of the mode, a crop or a sample, on crops that are always the same.
  double measure(ComputeContext& context, const VocoderData& data) {
    const std::vector<VocoderData::Example> examples = data.examples(options_.crop_frames);
    const size_t count = std::min(kDevCrops, examples.size());
    double sum = 0.0;
    double weight = 0.0;
    for (size_t i = 0; i < count; ++i) {
      std::vector<TrainingExample> one;
      one.push_back(example(data, examples[i * examples.size() / count], mix_seeds(17, i), false));
      TrainingBatch batch = pad_examples(std::move(one));
      Tape tape(context);
      if (is_parallel()) {
        sum += parallel_loss(network(), tape, batch, loss_).value(loss_);
        weight += 1.0;
      } else {
        const SummedLoss loss = autoregressive_loss(network(), tape, batch);
        sum += static_cast<double>(loss.sum.value().item());
        weight += loss.count;
      }
    }
    return weight == 0.0 ? 0.0 : sum / weight;
  }

 private:
  const VocoderTrainingOptions& options_;
  VocoderParts& parts_;
  std::shared_ptr<const SourceFilterModel> model_;
  ParallelLossOptions loss_;
};

TrainerOptions trainer_options(const VocoderTrainingOptions& options, int64_t steps) {
  TrainerOptions trainer;
  trainer.optimizer.weight_decay = 0.0F;
  trainer.optimizer.beta2 = 0.99F;
  trainer.schedule.kind = ScheduleKind::kOneCycle;
  trainer.schedule.peak = options.rate;
  trainer.schedule.total_steps = steps;
  trainer.schedule.warmup_steps = std::min<int64_t>(steps / 10, 400);
  trainer.schedule.start_fraction = 0.1;
  trainer.schedule.final_fraction = 0.02;
  trainer.average = {AverageKind::kExponential, 0.995, 1};
  trainer.max_gradient_norm = 2.0;
  trainer.seed = options.seed;
  return trainer;
}

std::string description(const VocoderTrainingOptions& o, const VocoderParts& parts) {
  return fmt::format(
      "vocoder {}, {}: {} epochs, {} crops of {} frames, rate {}, {}, seed {}; {}",
      vocoder_mode_name(o.mode), o.data_name, o.epochs, o.crops, o.crop_frames, o.rate,
      o.mode == VocoderMode::kParallel
          ? fmt::format("repulsion {}, mel {}", o.repulsion, o.mel_weight)
          : fmt::format("noise {}", o.noise),
      o.seed,
      o.mode == VocoderMode::kParallel ? parallel_wavenet_options_json(parts.parallel->options)
                                       : wavenet_options_json(parts.autoregressive->options));
}

}  // namespace

bool train_vocoder(ComputeContext& context, const VocoderData& train, const VocoderData& dev,
                   const VocoderTrainingOptions& options, VocoderParts& parts,
                   const VocoderTrainingCalls& calls) {
  BIVOX_CHECK(options.mode != VocoderMode::kSourceFilter);
  if (train.size() == 0) {
    throw Error(ErrorCode::kInput, "no recording is long enough to train on");
  }
  Session session(options, parts);
  const std::vector<VocoderData::Example> examples = train.examples(options.crop_frames);
  DataLoaderOptions loading;
  loading.max_examples = options.crops;
  loading.pool_batches = 0;
  loading.seed = options.seed;
  DataLoader loader(loading, std::vector<int64_t>(examples.size(), options.crop_frames),
                    [&](int index, uint64_t seed) {
                      return session.example(train, examples[static_cast<size_t>(index)], seed,
                                             true);
                    });
  Trainer trainer(context, session.network().parameters(),
                  trainer_options(options, options.epochs * loader.batches_in_epoch(0)));
  TrainingLoopOptions loop;
  loop.epochs = options.epochs;
  loop.folder = options.run_folder;
  loop.checkpoint_steps = options.checkpoint_steps;
  loop.description = description(options, parts);
  loop.measures = {"dev"};
  double epoch_loss = 0.0;
  TrainingLoopCalls inner;
  inner.forward = [&](Tape& tape, TrainingBatch& batch) { return session.loss(tape, batch); };
  inner.progress = [&](const TrainingProgress& progress) {
    epoch_loss = progress.epoch_loss;
    if (calls.progress) calls.progress(progress);
  };
  inner.end_of_epoch = [&](int64_t epoch) {
    trainer.average().swap();
    const double measured = session.measure(context, dev);
    if (calls.epoch) calls.epoch(epoch, epoch_loss, measured, parts);
    trainer.average().swap();
    return std::vector<double>{measured};
  };
  inner.stop = calls.stop;
  const bool done = run_training(trainer, loader, loop, inner);
  if (done) trainer.average().swap();  // what is kept is the average
  return done;
}

}  // namespace bivox
