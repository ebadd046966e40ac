// The phones of synthesis: the 39 of ARPAbet, and silence. Stress is kept apart from the phone,
// because it is a property of the syllable that the acoustic model reads as one.
//
// Thread rule: constant data. Test: tests/tts/text/pronounce_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

/// Index into kSpeechPhones. Silence is 0.
using SpeechPhoneId = uint8_t;

constexpr std::array<std::string_view, 40> kSpeechPhones = {
    "SIL", "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY",
    "F",   "G",  "HH", "IH", "IY", "JH", "K",  "L", "M",  "N", "NG", "OW", "OY", "P",
    "R",   "S",  "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y", "Z",  "ZH"};
constexpr SpeechPhoneId kSilencePhone = 0;

/// A phone with the stress of its vowel: 0 none, 1 primary, 2 secondary; consonants have -1.
struct StressedPhone {
  SpeechPhoneId phone = kSilencePhone;
  int8_t stress = -1;

  bool operator==(const StressedPhone&) const = default;
};

bool is_vowel(SpeechPhoneId phone);
bool is_voiced(SpeechPhoneId phone);
/// "AH0" -> AH and 0; a vowel without a digit has no stress; nullopt for what is no phone.
std::optional<StressedPhone> speech_phone(std::string_view name);
/// "AH0".
std::string phone_name(StressedPhone phone);
/// "HH AH0 L OW1".
std::string phone_names(std::span<const StressedPhone> phones);
/// Phones given by a person; where no vowel is marked the first one is stressed. What is no phone
/// is left out.
std::vector<StressedPhone> speech_phones(std::span<const std::string> names);
/// The same from "HH AH0 L OW1"; for tables.
std::vector<StressedPhone> speech_phones(std::string_view names);

}  // namespace bivox
