// Where is speech? Segments of it, found in a stream of any length; recognition decodes each alone.
//
// Silence, noise, hum, single and double tones, sweeps and clicks give no segments. Three steps:
// 1. A frame of 10 ms (voice_features.h) is *active* when its energy is over the noise floor
//    (minimum of the smoothed energy over the last 4 s and the next 0.3 s) by `active_db`.
// 2. Every 0.1 s a window of 0.8 s is judged *speech-like* from its active frames:
//      enough of them voiced and not made of one or two spectral lines (tones are; noise is
//      unvoiced), most of them not made of one or two lines at all, the shape of the spectrum
//      changes as syllables change it,
//        D = sqrt( mean_k var_t( B_t[k] - mean_k B_t[k] ) ),  B in dB, clipped 35 dB below its top
//      (steady or chopped noise and hum 1.5 .. 3 dB, speech 4.5 .. 9 dB, fast sweeps above 10 dB),
//      and the window before or after it says the same.
// 3. Active frames within 1 s of a speech-like window are speech: within a recording that holds
//    speech, what is doubtful is kept. Gaps below `min_silence_s` are bridged, padding is added,
//    and a segment that reaches `max_segment_s` is cut at the quietest place of its second half.
// The thresholds were set on the dev sets of LibriSpeech, Common Voice, LJSpeech and Kathleen (258
// utterances: none lost, less than 0.02 % of the loud frames lost), every eighth utterance of
// speechocean762/train (313: none lost) and every third word of speech_commands/train (1,046 clips
// of 1 s: 7 % lost; commands are decoded without segmentation) against ESC-10 and household noise
// (34 % and 4 % of the seconds pass: crowing, barking and crying are voiced).
//
// Segments come in order, do not overlap and lie inside the stream; a segment is known at most
// latency_s() + 2 min_silence_s after its end. The result does not depend on the chunking.
// Memory: bounded by max_segment_s, whatever the length of the stream.
// Errors: Error(kUsage) for options out of range; std::logic_error for a rate below 8 kHz.
// Thread rule: one object a stream. Test: tests/dsp/voice_activity_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

struct VoiceActivityOptions {
  double sensitivity = 0.5;    ///< 0 .. 1: higher keeps more doubtful speech and passes more noise.
  double active_db = 6.0;      ///< Energy over the noise floor that counts as sound.
  double min_speech_s = 0.1;   ///< A segment with less sound than this is dropped.
  double min_silence_s = 0.8;  ///< A pause of this length ends a long segment.
  double padding_s = 0.3;      ///< Kept on either side: a clipped beginning costs words.
  double max_segment_s = 30.0;  ///< Longer speech is cut at a quiet place.
};

struct SpeechSegment {
  double start_s = 0.0;
  double end_s = 0.0;
  double duration_s() const { return end_s - start_s; }
};

class VoiceActivity {
 public:
  explicit VoiceActivity(int sample_rate_hz, const VoiceActivityOptions& options = {});
  ~VoiceActivity();
  VoiceActivity(VoiceActivity&&) noexcept;
  VoiceActivity& operator=(VoiceActivity&&) noexcept;

  /// The next samples of the stream, any number.
  void accept(std::span<const float> samples);
  /// The stream has ended; the last segments can be popped. reset() before the next accept().
  void finish();
  void reset();

  /// The next finished segment, in order of time; empty when none is ready yet.
  std::optional<SpeechSegment> pop();
  /// No segment still to come starts before this time: earlier audio need not be kept.
  double undecided_from_s() const;
  /// How far decisions lag behind the audio.
  static double latency_s();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One-shot form: all segments of `audio`.
std::vector<SpeechSegment> find_speech(AudioView audio, const VoiceActivityOptions& options = {});

}  // namespace bivox
