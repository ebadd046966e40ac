#include "tts/text/speech_phones.h"

#include <algorithm>

namespace bivox {
namespace {

constexpr std::array<std::string_view, 15> kVowels = {
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"};
constexpr std::array<std::string_view, 9> kVoiceless = {"CH", "F",  "HH", "K", "P",
                                                        "S",  "SH", "T",  "TH"};

}  // namespace

bool is_vowel(SpeechPhoneId phone) {
  return std::find(kVowels.begin(), kVowels.end(), kSpeechPhones[phone]) != kVowels.end();
}

bool is_voiced(SpeechPhoneId phone) {
  return phone != kSilencePhone &&
         std::find(kVoiceless.begin(), kVoiceless.end(), kSpeechPhones[phone]) == kVoiceless.end();
}

std::optional<StressedPhone> speech_phone(std::string_view name) {
  StressedPhone result;
  bool stressed = false;
  if (name.size() == 3 && name[2] >= '0' && name[2] <= '2') {
    result.stress = static_cast<int8_t>(name[2] - '0');
    name.remove_suffix(1);
    stressed = true;
  }
  const auto found = std::find(kSpeechPhones.begin(), kSpeechPhones.end(), name);
  if (found == kSpeechPhones.end()) return std::nullopt;
  result.phone = static_cast<SpeechPhoneId>(found - kSpeechPhones.begin());
  if (stressed && !is_vowel(result.phone)) return std::nullopt;
  if (!stressed && is_vowel(result.phone)) result.stress = 0;
  return result;
}

std::string phone_name(StressedPhone phone) {
  std::string name(kSpeechPhones[phone.phone]);
  if (phone.stress >= 0) name += static_cast<char>('0' + phone.stress);
  return name;
}

std::string phone_names(std::span<const StressedPhone> phones) {
  std::string names;
  for (const StressedPhone phone : phones) {
    if (!names.empty()) names += ' ';
    names += phone_name(phone);
  }
  return names;
}

std::vector<StressedPhone> speech_phones(std::span<const std::string> names) {
  std::vector<StressedPhone> phones;
  bool marked = false;
  for (const std::string& name : names) {
    const auto phone = speech_phone(name);
    if (!phone) continue;
    marked = marked || name.back() == '0' || name.back() == '1' || name.back() == '2';
    phones.push_back(*phone);
  }
  if (!marked) {
    const auto first = std::find_if(phones.begin(), phones.end(),
                                    [](StressedPhone phone) { return phone.stress >= 0; });
    if (first != phones.end()) first->stress = 1;
  }
  return phones;
}

std::vector<StressedPhone> speech_phones(std::string_view names) {
  std::vector<std::string> list;
  size_t at = 0;
  while (at < names.size()) {
    const size_t end = std::min(names.find(' ', at), names.size());
    if (end > at) list.emplace_back(names.substr(at, end - at));
    at = end + 1;
  }
  return speech_phones(std::span<const std::string>(list));
}

}  // namespace bivox
