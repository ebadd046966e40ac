#include "dsp/audio/resample.h"

#include <fmt/format.h>
#include <soxr.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// Input is handed over in pieces of this size, so that the output space needed at once is bounded.
constexpr size_t kPiece = 4096;

Error soxr_failure(soxr_error_t reason) {
  return Error(ErrorCode::kRuntime, fmt::format("resampling failed: {}", soxr_strerror(reason)));
}

}  // namespace

int64_t resampled_length(int64_t input_samples, int input_rate_hz, int output_rate_hz) {
  BIVOX_CHECK(input_samples >= 0 && input_rate_hz > 0 && output_rate_hz > 0);
  const int64_t divisor = std::gcd(input_rate_hz, output_rate_hz);
  const int64_t in = input_rate_hz / divisor;
  const int64_t out = output_rate_hz / divisor;
  // Whole periods first: the product cannot overflow for any file that exists.
  return input_samples / in * out + (2 * (input_samples % in) * out + in) / (2 * in);
}

struct Resampler::State {
  int input_rate_hz = 0;
  int output_rate_hz = 0;
  soxr_t soxr = nullptr;  // null when the rates are equal
  int64_t taken = 0;
  int64_t given = 0;
  bool finished = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { soxr_delete(soxr); }

  // input == nullptr flushes. Appends at most the samples that the length rule still allows.
  void process(const float* input, size_t count, std::vector<float>& output) {
    const size_t space =
        static_cast<size_t>(static_cast<double>(kPiece) * output_rate_hz / input_rate_hz) + 64;
    size_t used = 0;
    while (true) {
      const size_t begin = output.size();
      output.resize(begin + space);
      size_t taken_now = 0;
      size_t given_now = 0;
      const soxr_error_t failure =
          soxr_process(soxr, input == nullptr ? nullptr : input + used, count - used, &taken_now,
                       output.data() + begin, space, &given_now);
      output.resize(begin + given_now);
      if (failure != nullptr) throw soxr_failure(failure);
      used += taken_now;
      given += static_cast<int64_t>(given_now);
      if (given_now < space && used >= count) return;
    }
  }
};

Resampler::Resampler(int input_rate_hz, int output_rate_hz) : state_(std::make_unique<State>()) {
  BIVOX_CHECK(input_rate_hz > 0 && output_rate_hz > 0);
  state_->input_rate_hz = input_rate_hz;
  state_->output_rate_hz = output_rate_hz;
  reset();
}
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

void Resampler::reset() {
  State& state = *state_;
  state.taken = 0;
  state.given = 0;
  state.finished = false;
  if (state.input_rate_hz == state.output_rate_hz) return;
  // A new libsoxr object rather than soxr_clear: the latter forgets the quality recipe.
  soxr_delete(std::exchange(state.soxr, nullptr));
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  soxr_error_t failure = nullptr;
  state.soxr =
      soxr_create(state.input_rate_hz, state.output_rate_hz, 1, &failure, &io, &quality, &runtime);
  if (failure != nullptr) throw soxr_failure(failure);
}

void Resampler::accept(std::span<const float> input, std::vector<float>& output) {
  State& state = *state_;
  BIVOX_CHECK(!state.finished);
  state.taken += static_cast<int64_t>(input.size());
  if (state.soxr == nullptr) {
    output.insert(output.end(), input.begin(), input.end());
    return;
  }
  for (size_t begin = 0; begin < input.size(); begin += kPiece) {
    const size_t count = std::min(kPiece, input.size() - begin);
    state.process(input.data() + begin, count, output);
  }
}

void Resampler::finish(std::vector<float>& output) {
  State& state = *state_;
  BIVOX_CHECK(!state.finished);
  state.finished = true;
  if (state.soxr == nullptr || state.taken == 0) return;
  state.process(nullptr, 0, output);
  // libsoxr rounds its length in floating point and may be one off: the rule decides.
  const int64_t wanted = resampled_length(state.taken, state.input_rate_hz, state.output_rate_hz);
  const int64_t change = wanted - state.given;
  BIVOX_CHECK(static_cast<int64_t>(output.size()) + change >= 0);
  output.resize(static_cast<size_t>(static_cast<int64_t>(output.size()) + change), 0.0F);
  state.given = wanted;
}

AudioBuffer resample(AudioView audio, int output_rate_hz) {
  AudioBuffer result;
  result.sample_rate_hz = output_rate_hz;
  Resampler resampler(audio.sample_rate_hz, output_rate_hz);
  result.samples.reserve(
      static_cast<size_t>(resampled_length(static_cast<int64_t>(audio.samples.size()),
                                           audio.sample_rate_hz, output_rate_hz)) +
      64);
  resampler.accept(audio.samples, result.samples);
  resampler.finish(result.samples);
  return result;
}

}  // namespace bivox
