#include "models/nn/training_loop.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <memory>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/checkpoint.h"
#include "models/nn/training_log.h"

namespace bivox {
namespace {

double process_core_s() {
  timespec now = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The files of a run; all of its functions do nothing without a folder.
class RunFolder {
 public:
  RunFolder(const TrainingLoopOptions& options, bool writes)
      : options_(options), writes_(writes && !options.folder.empty()) {
    if (options_.folder.empty()) return;
    std::error_code failure;
    std::filesystem::create_directories(options_.folder, failure);
    if (failure) {
      throw Error(ErrorCode::kRuntime, fmt::format("{}: cannot be made: {}",
                                                   options_.folder.string(), failure.message()));
    }
  }

  std::filesystem::path checkpoint() const { return options_.folder / "checkpoint.safetensors"; }
  bool resumes() const {
    std::error_code ignored;
    return !options_.folder.empty() && std::filesystem::exists(checkpoint(), ignored);
  }

  void open_logs(int64_t step_position, int64_t epoch_position) {
    if (!writes_) return;
    steps_ = std::make_unique<TrainingLog>(
        options_.folder / "steps.tsv",
        std::vector<std::string>{"step", "epoch", "loss", "rate", "norm"}, step_position);
    std::vector<std::string> columns = {"epoch", "loss"};
    columns.insert(columns.end(), options_.measures.begin(), options_.measures.end());
    epochs_ = std::make_unique<TrainingLog>(options_.folder / "epochs.tsv", std::move(columns),
                                            epoch_position);
  }

  void log_step(const StepReport& step, int64_t epoch) {
    if (!steps_) return;
    steps_->append(std::array{static_cast<double>(step.step), static_cast<double>(epoch), step.loss,
                              step.learning_rate, step.gradient_norm});
  }
  void log_epoch(int64_t epoch, double loss, const std::vector<double>& measured) {
    if (!epochs_) return;
    std::vector<double> line = {static_cast<double>(epoch), loss};
    line.insert(line.end(), measured.begin(), measured.end());
    epochs_->append(line);
  }

  void save(TrainingState& state) {
    if (!writes_) return;
    state.set_integer("log/steps", steps_->position());
    state.set_integer("log/epochs", epochs_->position());
    save_checkpoint(checkpoint(), state);
    log_cost(state.integer("loop/epoch"));
  }

 private:
  // What was spent is spent: unlike the other tables, this one is never cut.
  void log_cost(int64_t epoch) {
    const std::filesystem::path path = options_.folder / "cost.tsv";
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path, ignored);
    TrainingLog costs(path, {"epoch", "core_s"}, ignored ? 0 : static_cast<int64_t>(size));
    const double now = process_core_s();
    costs.append(std::array{static_cast<double>(epoch), now - core_s_});
    core_s_ = now;
  }

  const TrainingLoopOptions& options_;
  bool writes_;
  double core_s_ = process_core_s();
  std::unique_ptr<TrainingLog> steps_;
  std::unique_ptr<TrainingLog> epochs_;
};

}  // namespace

bool run_training(Trainer& trainer, DataLoader& loader, const TrainingLoopOptions& options,
                  const TrainingLoopCalls& calls) {
  BIVOX_CHECK(static_cast<bool>(calls.forward));
  RunFolder folder(options, trainer.communicator().rank() == 0);
  double loss_sum = 0.0;
  double loss_count = 0.0;
  int64_t step_position = 0;
  int64_t epoch_position = 0;
  if (folder.resumes()) {
    const TrainingState state = load_checkpoint(folder.checkpoint());
    if (state.text("loop/description") != options.description) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: belongs to a training of \"{}\", not of \"{}\"",
                              folder.checkpoint().string(), state.text("loop/description"),
                              options.description),
                  "give the same options, or another folder");
    }
    trainer.load(state);
    loader.seek({state.integer("loop/epoch"), state.integer("loop/batch")});
    loss_sum = state.number("loop/loss_sum");
    loss_count = state.number("loop/loss_count");
    step_position = state.integer("log/steps");
    epoch_position = state.integer("log/epochs");
  }
  folder.open_logs(step_position, epoch_position);

  const auto save = [&] {
    TrainingState state;
    trainer.save(state);
    state.values["loop/description"] = options.description;
    state.set_integer("loop/epoch", loader.position().epoch);
    state.set_integer("loop/batch", loader.position().batch);
    state.set_number("loop/loss_sum", loss_sum);
    state.set_number("loop/loss_count", loss_count);
    folder.save(state);
  };

  int64_t batches = -1;
  while (loader.position().epoch < options.epochs) {
    if (batches < 0) batches = loader.batches_in_epoch(loader.position().epoch);
    TrainingBatch batch = loader.next();
    const StepReport step = trainer.step([&](Tape& tape) { return calls.forward(tape, batch); });
    const LoaderPosition at = batch.position;
    if (!step.skipped) {
      loss_sum += step.loss * step.count;
      loss_count += step.count;
    }
    folder.log_step(step, at.epoch);
    const double epoch_loss = loss_count > 0.0 ? loss_sum / loss_count : 0.0;
    if (calls.progress) {
      calls.progress({at.epoch, options.epochs, at.batch + 1, batches, step, epoch_loss});
    }
    if (batch.last_of_epoch) {
      std::vector<double> measured;
      if (calls.end_of_epoch) measured = calls.end_of_epoch(at.epoch);
      BIVOX_CHECK(measured.size() == options.measures.size());
      folder.log_epoch(at.epoch, epoch_loss, measured);
      loss_sum = 0.0;
      loss_count = 0.0;
      batches = -1;
    }
    // All ranks stop together, or those that go on would wait for the others for ever.
    double votes[1] = {calls.stop && calls.stop() ? 1.0 : 0.0};
    trainer.communicator().sum(std::span<double>(votes));
    const bool stopped = votes[0] > 0.0;
    if (stopped || batch.last_of_epoch ||
        (options.checkpoint_steps > 0 && step.step % options.checkpoint_steps == 0)) {
      save();
    }
    if (stopped && loader.position().epoch < options.epochs) return false;
  }
  return true;
}

}  // namespace bivox
