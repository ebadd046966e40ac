// The text side with the bundled dictionary and pronunciation model, loaded once for all tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tts/text/text_front_end.h"

namespace bivox {

inline std::filesystem::path bundled_models() {
  return std::filesystem::path(BIVOX_TEST_DATA).parent_path().parent_path() / "models/pretrained";
}

inline std::shared_ptr<const Pronouncer> bundled_pronouncer() {
  static const auto kPronouncer =
      Pronouncer::load({bundled_models() / "dict-en", bundled_models() / "g2p-en", {}});
  return kPronouncer;
}

inline const TextFrontEnd& front_end() {
  static const TextFrontEnd kFrontEnd(bundled_pronouncer());
  return kFrontEnd;
}

/// All words of a text, and all phones with blanks between words' phones.
inline std::string words_of(std::string_view text, TextForm form = TextForm::kAuto) {
  std::string words;
  for (const Utterance& utterance : front_end().utterances(text, form)) {
    for (const UtteranceWord& word : utterance.words) {
      words += (words.empty() ? "" : " ") + word.text;
    }
  }
  return words;
}

inline std::string phones_of(const Utterance& utterance, const UtteranceWord& word) {
  std::string phones;
  for (int i = 0; i < word.num_phones; ++i) {
    phones += (i == 0 ? "" : " ") +
              phone_name(utterance.phones[static_cast<size_t>(word.first_phone + i)].phone);
  }
  return phones;
}

inline std::string phones_of(std::string_view text) {
  std::string phones;
  for (const Utterance& utterance : front_end().utterances(text)) {
    for (const UtteranceWord& word : utterance.words) {
      phones += (phones.empty() ? "" : " | ") + phones_of(utterance, word);
    }
  }
  return phones;
}

/// Rows of a table in tests/data/tts: fields by tabs; empty lines and those from '#' on are left
/// out.
inline std::vector<std::vector<std::string>> read_table(const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(std::filesystem::path(BIVOX_TEST_DATA) / "tts" / name);
  std::string line;
  bool first = true;
  while (std::getline(file, line)) {
    // Only the head line is a comment: inputs may begin with '#'.
    if (std::exchange(first, false) || line.empty()) continue;
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    rows.push_back(std::move(fields));
  }
  return rows;
}

}  // namespace bivox
