// What the acoustic model reads of a phone: one row of numbers for each PlacedPhone.
//
//   phone one-hot (40) | stress of the phone 0, 1, 2 | stress of its syllable 0, 1, 2
//   first, last in syllable | first, last in word | first, last syllable of the word
//   words from the start and to the end of the phrase, min(n, 8) / 8 | syllables of the word / 4
//   first, last phrase of the sentence | phrases / 4
//   break at the end of the phrase, one-hot (5) | comma, colon, question, exclamation ends it
//   kind of sentence, one-hot (4) | function word | emphasis | speaker one-hot
//
// Shape: [phones x phone_feature_columns(speakers)]. Thread rule: pure functions. Test:
// tests/tts/prosody/phone_features_test.cpp.
#pragma once

#include <span>

#include "dsp/features/feature_matrix.h"
#include "tts/text/utterance.h"

namespace bivox {

int phone_feature_columns(int speakers);
FeatureMatrix phone_features(std::span<const PlacedPhone> contexts, int speakers, int speaker);

}  // namespace bivox
