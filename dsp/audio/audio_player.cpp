#include "dsp/audio/audio_player.h"

#include <fmt/format.h>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

#ifdef BIVOX_PORTAUDIO
#include <portaudio.h>

namespace bivox {
namespace {

[[noreturn]] void fail(const char* what, PaError code) {
  throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", what, Pa_GetErrorText(code)),
              "write a file with -o instead");
}

}  // namespace

struct AudioPlayer::State {
  PaStream* stream = nullptr;
  State() {
    const PaError code = Pa_Initialize();
    if (code != paNoError) fail("the sound system does not start", code);
  }
  ~State() {
    if (stream != nullptr) Pa_CloseStream(stream);
    Pa_Terminate();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

AudioPlayer::AudioPlayer(int sample_rate_hz) : state_(std::make_unique<State>()) {
  BIVOX_CHECK(sample_rate_hz > 0);
  PaStreamParameters output = {};
  output.device = Pa_GetDefaultOutputDevice();
  if (output.device == paNoDevice) {
    throw Error(ErrorCode::kRuntime, "this machine has no loudspeaker",
                "write a file with -o instead");
  }
  output.channelCount = 1;
  output.sampleFormat = paFloat32;
  output.suggestedLatency = Pa_GetDeviceInfo(output.device)->defaultHighOutputLatency;
  const PaError opened = Pa_OpenStream(&state_->stream, nullptr, &output, sample_rate_hz,
                                       paFramesPerBufferUnspecified, paNoFlag, nullptr, nullptr);
  if (opened != paNoError) fail("the loudspeaker cannot be opened", opened);
  const PaError started = Pa_StartStream(state_->stream);
  if (started != paNoError) fail("the loudspeaker does not start", started);
}

AudioPlayer::~AudioPlayer() = default;

void AudioPlayer::write(std::span<const float> samples) {
  if (samples.empty()) return;
  const PaError code = Pa_WriteStream(state_->stream, samples.data(), samples.size());
  // An underflow is a gap that has been heard already: going on is all that can be done.
  if (code != paNoError && code != paOutputUnderflowed) fail("the loudspeaker fails", code);
}

void AudioPlayer::drain() {
  const PaError code = Pa_StopStream(state_->stream);
  if (code != paNoError) fail("the loudspeaker fails", code);
}

}  // namespace bivox

#else

namespace bivox {

struct AudioPlayer::State {};

AudioPlayer::AudioPlayer(int) {
  throw Error(ErrorCode::kRuntime, "this build of Bivox has no loudspeaker",
              "install portaudio19-dev and build again, or write a file with -o");
}
AudioPlayer::~AudioPlayer() = default;
void AudioPlayer::write(std::span<const float>) { BIVOX_CHECK(state_ != nullptr); }
void AudioPlayer::drain() { BIVOX_CHECK(state_ != nullptr); }

}  // namespace bivox

#endif
