// SSML (W3C Speech Synthesis Markup Language 1.1), the part of it that is heard here.
//
//   speak p s             structure; p and s end a sentence
//   break                 strength="none|x-weak|weak|medium|strong|x-strong" or time="500ms", at
//                         most 60 s
//   prosody               rate ("slow", "80%", "1.2"), pitch ("low", "+2st", "-10%"), volume
//   ("soft",
//                         "+6dB"); nested ones add up
//   emphasis              level other than "none" or "reduced"
//   say-as                interpret-as: say_as.h
//   sub                   alias
//   phoneme               alphabet="ipa" (the default; the sounds of English) or "x-cmu" (also cmu,
//                         x-arpabet, arpabet), ph
//   mark                  name; reported with the time when it is reached
//
// Other elements and attributes do nothing: what they hold is read. Broken XML, an undefined
// entity, or a value that has no meaning is an Error(kInput) with line and column, 1-based. Nothing
// external is ever read, and document types with definitions are refused, so that no entity can
// grow. Elements nest up to 100 deep; time is linear.
// Thread rule: free functions. Test: tests/tts/text/ssml_test.cpp; fuzzed by
// tests/fuzz/tts_text_fuzz.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tts/text/marked_text.h"
#include "tts/text/normalizer.h"

namespace bivox {

/// Whether the text begins with "<speak" or "<?xml".
bool looks_like_ssml(std::string_view text);

MarkedText read_ssml(std::string_view text, const Normalizer& normalizer);

/// IPA of English to ARPAbet with stress: "həˈloʊ" -> HH AH0 L OW1. Empty if a sign is unknown;
/// then `unknown` holds it.
std::vector<std::string> phones_of_ipa(std::string_view ipa, std::string& unknown);

}  // namespace bivox
