// A recording whose phones have known times, made ready for training the acoustic model.
//
//   utterance, times of its phones, rows of the recording -> phone contexts, frames of each, rows
//
// What the speaker did counts, not what the text asks for: a break at which there is no pause is
// none, and a pause of 80 ms or more without a break becomes a minor one. Shorter silences belong
// to the plosive that follows, else to the phone before. Of the silence before and after the
// sentence 100 and 250 ms stay. Frame t is centred at t hop, and belongs to the phone that sounds
// there. All recordings are brought to one loudness: the mean over voiced frames of ln sum mel.
//
// Thread rule: pure functions. Test: tests/tts/prosody/aligned_speech_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dsp/features/feature_matrix.h"
#include "tts/text/utterance.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {

/// When a phone is said, in seconds of the recording.
struct PhoneTime {
  double start_s = 0.0;
  double end_s = 0.0;
};

struct AlignedSpeech {
  std::vector<PlacedPhone> contexts;
  std::vector<int> durations;  ///< [contexts] frames, each at least 1; their sum is even.
  FeatureMatrix rows;          ///< [frames x columns] of the vocoder.
  int speaker = 0;
};

/// `times` of all of utterance.phones. The sentence has the frames of `rows` from `first_s` to
/// `last_s`, where its neighbours begin. Nothing when a phone has no frame of the recording.
std::optional<AlignedSpeech> align_speech(Utterance utterance, std::span<const PhoneTime> times,
                                          const VocoderFeatureOptions& features,
                                          const FeatureMatrix& rows, double first_s, double last_s);

/// Shifts the mels of a recording to the common loudness; nothing happens where no frame is voiced.
void normalize_loudness(const VocoderFeatureOptions& features, FeatureMatrix& rows);

}  // namespace bivox
