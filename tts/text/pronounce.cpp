#include "tts/text/pronounce.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/model_folder.h"
#include "models/lm/text_lines.h"
#include "tts/text/characters.h"
#include "tts/text/heteronyms.h"

namespace bivox {
namespace {

constexpr std::array<std::string_view, 26> kLetterNames = {"EY1",
                                                           "B IY1",
                                                           "S IY1",
                                                           "D IY1",
                                                           "IY1",
                                                           "EH1 F",
                                                           "JH IY1",
                                                           "EY1 CH",
                                                           "AY1",
                                                           "JH EY1",
                                                           "K EY1",
                                                           "EH1 L",
                                                           "EH1 M",
                                                           "EH1 N",
                                                           "OW1",
                                                           "P IY1",
                                                           "K Y UW1",
                                                           "AA1 R",
                                                           "EH1 S",
                                                           "T IY1",
                                                           "Y UW1",
                                                           "V IY1",
                                                           "D AH1 B AH0 L Y UW0",
                                                           "EH1 K S",
                                                           "W AY1",
                                                           "Z IY1"};

bool is(StressedPhone phone, std::string_view name) { return kSpeechPhones[phone.phone] == name; }

template <size_t N>
bool is_one_of(StressedPhone phone, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), kSpeechPhones[phone.phone]) != names.end();
}

/// "F" and "F's".
bool is_letter_word(std::string_view word) {
  return !word.empty() && is_upper(word[0]) && (word.size() == 1 || word.substr(1) == "'s");
}

std::string lower_of(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

/// The lines of a dictionary as one text, decoded.
std::string dictionary_text(const std::filesystem::path& path) {
  const MappedFile file(path);
  TextLines lines(file.bytes(), path.string());
  std::string text;
  std::string_view line;
  while (lines.next(line)) {
    text += line;
    text += '\n';
  }
  return text;
}

/// The stem of a form like "vlogging": "vlog".
std::string_view without_doubling(std::string_view stem) {
  const size_t n = stem.size();
  if (n >= 3 && stem[n - 1] == stem[n - 2]) return stem.substr(0, n - 1);
  return {};
}

std::vector<StressedPhone> joined(std::vector<StressedPhone> stem, std::string_view ending) {
  size_t at = 0;
  while (at < ending.size()) {
    const size_t end = std::min(ending.find(' ', at), ending.size());
    stem.push_back(*speech_phone(ending.substr(at, end - at)));
    at = end + 1;
  }
  return stem;
}

std::vector<StressedPhone> with_ed(std::vector<StressedPhone> stem) {
  if (stem.empty()) return stem;
  const StressedPhone last = stem.back();
  if (is(last, "T") || is(last, "D")) return joined(std::move(stem), "IH0 D");
  return joined(std::move(stem), is_voiced(last.phone) ? "D" : "T");
}

PhoneSet all_phones() {
  PhoneSet phones;
  for (const std::string_view name : kSpeechPhones) {
    const auto phone = speech_phone(name);
    if (phone->phone == kSilencePhone) continue;
    phones.add(name);
    if (!is_vowel(phone->phone)) continue;
    for (const char stress : {'0', '1', '2'}) phones.add(std::string(name) + stress);
  }
  return phones;
}

}  // namespace

std::vector<StressedPhone> letter_phones(char letter) {
  const char upper = to_upper(letter);
  if (!is_upper(upper)) return {};
  return speech_phones(kLetterNames[static_cast<size_t>(upper - 'A')]);
}

std::vector<StressedPhone> with_s(std::vector<StressedPhone> phones) {
  static constexpr std::array<std::string_view, 6> kHissing = {"S", "Z", "SH", "ZH", "CH", "JH"};
  if (phones.empty()) return phones;
  const StressedPhone last = phones.back();
  if (is_one_of(last, kHissing)) return joined(std::move(phones), "IH0 Z");
  return joined(std::move(phones), is_voiced(last.phone) ? "Z" : "S");
}

std::shared_ptr<const Pronouncer> Pronouncer::load(const PronouncerFiles& files) {
  std::filesystem::path path = files.dictionary;
  if (ModelFolder::is_model_folder(path)) {
    path = ModelFolder::open(path, "dictionary").file("words.dict.gz");
  }
  std::shared_ptr<const G2pModel> g2p;
  if (!files.g2p.empty()) g2p = G2pModel::load(files.g2p);
  std::shared_ptr<Pronouncer> result(new Pronouncer());
  result->phones_ = result->user_phones_ = all_phones();
  result->dictionary_ = Lexicon::parse(dictionary_text(path), result->phones_, path.string());
  result->g2p_ = std::move(g2p);
  for (const auto& user : files.user_lexicons) {
    const std::string text = read_file(user);
    result->add_user_lexicon(Lexicon::parse(text, result->user_phones_, user.string()),
                             result->user_phones_, user.string());
  }
  return result;
}

std::shared_ptr<const Pronouncer> Pronouncer::parse(std::string_view dictionary,
                                                    std::string_view user_lexicon,
                                                    std::shared_ptr<const G2pModel> g2p) {
  std::shared_ptr<Pronouncer> result(new Pronouncer());
  result->phones_ = result->user_phones_ = all_phones();
  result->dictionary_ = Lexicon::parse(dictionary, result->phones_, "dictionary");
  result->g2p_ = std::move(g2p);
  result->add_user_lexicon(Lexicon::parse(user_lexicon, result->user_phones_, "user lexicon"),
                           result->user_phones_, "user lexicon");
  return result;
}

void Pronouncer::add_user_lexicon(const Lexicon& lexicon, const PhoneSet& phones,
                                  std::string_view name) {
  for (WordIndex word = 0; word < lexicon.num_words(); ++word) {
    const auto pronunciation = lexicon.pronunciation(word, 0);
    const bool has_vowel = std::any_of(
        pronunciation.begin(), pronunciation.end(),
        [&](PhoneId phone) { return is_vowel(speech_phone(phones.name(phone))->phone); });
    if (!has_vowel) {
      throw Error(ErrorCode::kInput, fmt::format("{}: '{}' has a pronunciation without a vowel",
                                                 name, lexicon.word(word)));
    }
    const std::string lower = lower_of(lexicon.word(word));
    if (!user_.find(lower)) user_.add(lower, pronunciation);
  }
}

std::vector<StressedPhone> Pronouncer::entry(const Lexicon& lexicon, const PhoneSet& phones,
                                             std::string_view word) const {
  const auto index = lexicon.find(word);
  if (!index) return {};
  std::vector<std::string> names;
  for (const PhoneId phone : lexicon.pronunciation(*index, 0)) names.push_back(phones.name(phone));
  return speech_phones(std::span<const std::string>(names));
}

std::vector<StressedPhone> Pronouncer::known(std::string_view word) const {
  std::vector<StressedPhone> phones = entry(user_, user_phones_, word);
  return phones.empty() ? entry(dictionary_, phones_, word) : phones;
}

std::vector<StressedPhone> Pronouncer::derived(std::string_view word) const {
  const auto stem_phones = [this](std::string_view stem) {
    return stem.size() >= 2 ? known(stem) : std::vector<StressedPhone>();
  };
  struct Contraction {
    std::string_view ending;
    std::string_view phones;
  };
  static constexpr std::array<Contraction, 5> kContractions = {
      {{"'ve", "AH0 V"}, {"'ll", "AH0 L"}, {"'re", "ER0"}, {"'d", "D"}, {"n't", "AH0 N T"}}};
  for (const Contraction& contraction : kContractions) {
    if (!word.ends_with(contraction.ending)) continue;
    const std::string_view stem = word.substr(0, word.size() - contraction.ending.size());
    std::vector<StressedPhone> phones = known(stem);
    if (phones.empty()) phones = guessed(stem);
    return phones.empty() ? phones : joined(std::move(phones), contraction.phones);
  }
  if (word.ends_with("'s")) {
    const std::string_view stem = word.substr(0, word.size() - 2);
    std::vector<StressedPhone> phones = stem_phones(stem);
    if (phones.empty()) phones = guessed(stem);
    return with_s(std::move(phones));
  }
  if (word.size() >= 4 && word.back() == 's' && !word.ends_with("ss")) {
    std::vector<StressedPhone> phones = stem_phones(word.substr(0, word.size() - 1));
    if (phones.empty() && word.ends_with("es"))
      phones = stem_phones(word.substr(0, word.size() - 2));
    if (phones.empty() && word.ends_with("ies")) {
      phones = stem_phones(std::string(word.substr(0, word.size() - 3)) + 'y');
    }
    if (!phones.empty()) return with_s(std::move(phones));
  }
  if (word.size() >= 5 && word.ends_with("ed")) {
    const std::string_view stem = word.substr(0, word.size() - 2);
    std::vector<StressedPhone> phones = stem_phones(stem);
    if (phones.empty()) phones = stem_phones(word.substr(0, word.size() - 1));
    if (phones.empty()) phones = stem_phones(without_doubling(stem));
    if (!phones.empty()) return with_ed(std::move(phones));
  }
  if (word.size() >= 6 && word.ends_with("ing")) {
    const std::string_view stem = word.substr(0, word.size() - 3);
    std::vector<StressedPhone> phones = stem_phones(stem);
    if (phones.empty()) phones = stem_phones(std::string(stem) + 'e');
    if (phones.empty()) phones = stem_phones(without_doubling(stem));
    if (!phones.empty()) return joined(std::move(phones), "IH0 NG");
  }
  if (word.size() >= 6 && word.ends_with("ly")) {
    std::vector<StressedPhone> phones = stem_phones(word.substr(0, word.size() - 2));
    if (!phones.empty()) return joined(std::move(phones), "L IY0");
  }
  return {};
}

std::vector<StressedPhone> Pronouncer::guessed(std::string_view word) const {
  std::vector<StressedPhone> phones;
  if (g2p_ != nullptr) {
    const std::vector<G2pResult> results = g2p_->pronounce(word, 1);
    if (!results.empty()) phones = speech_phones(std::span<const std::string>(results[0].phones));
  }
  const bool has_vowel = std::any_of(phones.begin(), phones.end(),
                                     [](StressedPhone phone) { return phone.stress >= 0; });
  if (has_vowel) return phones;
  // Without a model, or where it has nothing: letter by letter.
  phones.clear();
  for (const char c : word) {
    for (const StressedPhone phone : letter_phones(c)) phones.push_back(phone);
  }
  return phones;
}

ReadWord Pronouncer::pronounce_word(std::string_view word) const {
  if (is_letter_word(word)) {
    std::vector<StressedPhone> phones = letter_phones(word[0]);
    return {word.size() > 1 ? with_s(std::move(phones)) : std::move(phones), PhoneSource::kLetters};
  }
  const std::string lower = lower_of(word);
  if (auto phones = entry(user_, user_phones_, lower); !phones.empty()) {
    return {std::move(phones), PhoneSource::kUserLexicon};
  }
  if (auto phones = entry(dictionary_, phones_, lower); !phones.empty()) {
    return {std::move(phones), PhoneSource::kDictionary};
  }
  if (auto phones = derived(lower); !phones.empty()) {
    return {std::move(phones), PhoneSource::kDerived};
  }
  if (auto phones = guessed(lower); !phones.empty()) {
    return {std::move(phones), PhoneSource::kGuessed};
  }
  return {};
}

std::vector<ReadWord> Pronouncer::pronounce(std::span<const SpokenWord> words,
                                            const MarkedText& text) const {
  std::vector<ReadWord> result;
  result.reserve(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    const SpokenWord& word = words[i];
    if (word.atom >= 0 && !text.atoms[static_cast<size_t>(word.atom)].phones.empty()) {
      const auto& names = text.atoms[static_cast<size_t>(word.atom)].phones;
      result.push_back({speech_phones(std::span<const std::string>(names)), PhoneSource::kGiven});
      continue;
    }
    if (!is_listed(word.text) && !is_letter_word(word.text)) {
      if (const std::string phones = heteronym_phones(words, i); !phones.empty()) {
        result.push_back({speech_phones(phones), PhoneSource::kHeteronym});
        continue;
      }
    }
    result.push_back(pronounce_word(word.text));
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    ReadWord& here = result[i];
    const bool joined_on = i + 1 < words.size() && words[i].after == Punctuation::kNone;
    const bool vowel_next =
        joined_on && !result[i + 1].phones.empty() && is_vowel(result[i + 1].phones.front().phone);
    if (here.source == PhoneSource::kLetters) {
      const bool letter_next = joined_on && is_letter_word(words[i + 1].text);
      if (letter_next) {
        for (StressedPhone& phone : here.phones)
          phone.stress = phone.stress == 1 ? 2 : phone.stress;
      }
      continue;
    }
    if (here.source != PhoneSource::kDictionary) continue;
    if (word == "the") here.phones = speech_phones(vowel_next ? "DH IY0" : "DH AH0");
    if (word == "a") here.phones = speech_phones("AH0");
    if (word == "an" && joined_on) here.phones = speech_phones("AH0 N");
    if (word == "of" && joined_on) here.phones = speech_phones("AH0 V");
    if (word == "to" && joined_on) here.phones = speech_phones(vowel_next ? "T UW0" : "T AH0");
  }
  return result;
}

bool Pronouncer::is_listed(std::string_view lower) const { return user_.find(lower).has_value(); }

bool Pronouncer::is_word(std::string_view lower) const {
  if (is_listed(lower)) return true;
  const auto index = dictionary_.find(lower);
  if (!index) return false;
  if (lower.size() < 2 || lower.size() > 6) return true;
  // What the dictionary spells is an acronym.
  std::vector<SpeechPhoneId> letters;
  for (const char c : lower) {
    for (const StressedPhone phone : letter_phones(c)) letters.push_back(phone.phone);
  }
  for (int i = 0; i < dictionary_.num_pronunciations(*index); ++i) {
    const auto pronunciation = dictionary_.pronunciation(*index, i);
    const bool same = std::equal(pronunciation.begin(), pronunciation.end(), letters.begin(),
                                 letters.end(), [this](PhoneId phone, SpeechPhoneId letter) {
                                   return speech_phone(phones_.name(phone))->phone == letter;
                                 });
    if (same) return false;
  }
  return true;
}

}  // namespace bivox
