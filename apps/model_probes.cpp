#include "apps/model_probes.h"

#include <cstdlib>
#include <ctime>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIVOX_COUNT_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIVOX_COUNT_NEW 0
#endif
#endif
#if !defined(BIVOX_COUNT_NEW)
#define BIVOX_COUNT_NEW 1
#endif

namespace {
thread_local int64_t new_calls = 0;
}  // namespace

// The standard's other forms of new and delete call these.
#if BIVOX_COUNT_NEW
void* operator new(std::size_t size) {
  ++new_calls;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++new_calls;
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace bivox {
namespace {

// Adds what passes between its making and its end.
class Meter {
 public:
  explicit Meter(ScoringCost& cost)
      : cost_(cost), nanoseconds_(thread_nanoseconds()), allocations_(thread_allocations()) {}
  ~Meter() {
    cost_.nanoseconds += thread_nanoseconds() - nanoseconds_;
    cost_.allocations += thread_allocations() - allocations_;
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  ScoringCost& cost_;
  int64_t nanoseconds_;
  int64_t allocations_;
};

class MeasuredScores : public AcousticScores {
 public:
  MeasuredScores(std::unique_ptr<AcousticScores> scores, std::shared_ptr<ScoringCost> cost)
      : scores_(std::move(scores)), cost_(std::move(cost)) {}

  void reset() override { scores_->reset(); }
  // Taking the rows in is the stream's buffer, which grows with what waits; it is not scoring.
  void accept(const FeatureView& features) override { scores_->accept(features); }
  void finish() override { scores_->finish(); }
  int frames_ready() const override { return scores_->frames_ready(); }
  void score(int frame, std::span<const StateId> active, std::span<float> out) override {
    const Meter meter(*cost_);
    scores_->score(frame, active, out);
    ++cost_->frames;
  }
  int num_states() const override { return scores_->num_states(); }
  uint64_t multiply_adds() const override { return scores_->multiply_adds(); }

 private:
  std::unique_ptr<AcousticScores> scores_;
  std::shared_ptr<ScoringCost> cost_;
};

// Passes everything on but the scores.
class OtherScores : public AcousticModel {
 public:
  explicit OtherScores(std::shared_ptr<const AcousticModel> model) : model_(std::move(model)) {}

  const FrontEndOptions& front_end() const override { return model_->front_end(); }
  double frame_shift_s() const override { return model_->frame_shift_s(); }
  const HmmSet& hmms() const override { return model_->hmms(); }
  const std::vector<FillerWord>& fillers() const override { return model_->fillers(); }
  ScoreScale score_scale() const override { return model_->score_scale(); }
  int64_t num_parameters() const override { return model_->num_parameters(); }
  std::vector<ModelFact> facts() const override { return model_->facts(); }

 protected:
  const AcousticModel& model() const { return *model_; }

 private:
  std::shared_ptr<const AcousticModel> model_;
};

class MeasuredModel : public OtherScores {
 public:
  MeasuredModel(std::shared_ptr<const AcousticModel> model, std::shared_ptr<ScoringCost> cost)
      : OtherScores(std::move(model)), cost_(std::move(cost)) {}
  std::unique_ptr<AcousticScores> make_scores() const override {
    return std::make_unique<MeasuredScores>(model().make_scores(), cost_);
  }

 private:
  std::shared_ptr<ScoringCost> cost_;
};

class RescoredModel : public OtherScores {
 public:
  RescoredModel(std::shared_ptr<const AcousticModel> model,
                std::shared_ptr<const ConvNetScoring> scoring)
      : OtherScores(std::move(model)), scoring_(std::move(scoring)) {}
  std::unique_ptr<AcousticScores> make_scores() const override {
    return std::make_unique<ConvNetScores>(scoring_);
  }

 private:
  std::shared_ptr<const ConvNetScoring> scoring_;
};

}  // namespace

std::shared_ptr<const AcousticModel> measured_model(std::shared_ptr<const AcousticModel> model,
                                                    std::shared_ptr<ScoringCost> cost) {
  return std::make_shared<const MeasuredModel>(std::move(model), std::move(cost));
}

std::shared_ptr<const AcousticModel> with_scoring(std::shared_ptr<const AcousticModel> model,
                                                  std::shared_ptr<const ConvNetScoring> scoring) {
  return std::make_shared<const RescoredModel>(std::move(model), std::move(scoring));
}

int64_t thread_nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

int64_t thread_allocations() { return new_calls; }
bool allocations_are_counted() { return BIVOX_COUNT_NEW != 0; }

}  // namespace bivox
