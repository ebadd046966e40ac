#include "models/lexicon/word_list.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Beyond this a boost outweighs anything that is heard.
constexpr float kMaxBoost = 100.0F;
constexpr size_t kMaxWordBytes = 1000;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// Goes through the lines that say something, as tab-separated, trimmed fields.
class ListReader {
 public:
  ListReader(std::string_view text, std::string_view name, const char* form)
      : rest_(text), name_(name), form_(form) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  bool next(std::vector<std::string_view>& fields) {
    while (!rest_.empty()) {
      ++number_;
      const size_t end = std::min(rest_.find('\n'), rest_.size());
      std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.find('\0') != std::string_view::npos) {
        fail("a zero byte: this is not a text file");
      }
      line = without_comment(line);
      if (trimmed(line).empty()) continue;
      fields.clear();
      while (true) {
        const size_t tab = std::min(line.find('\t'), line.size());
        fields.push_back(trimmed(line.substr(0, tab)));
        if (tab == line.size()) break;
        line.remove_prefix(tab + 1);
      }
      return true;
    }
    return false;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kInput, fmt::format("{}:{}: {}", name_, number_, what), form_);
  }

  // A number as a boost; nullopt where the field is no number at all.
  std::optional<float> boost(std::string_view field) const {
    if (field.starts_with('+')) field.remove_prefix(1);
    float value = 0.0F;
    const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (end != field.data() + field.size() || field.empty()) return std::nullopt;
    if (failure != std::errc() || !(std::fabs(value) <= kMaxBoost)) {
      fail(fmt::format("boost {} is not between -{} and {}", field.substr(0, 40), kMaxBoost,
                       kMaxBoost));
    }
    return value;
  }

  void check_word(std::string_view word) const {
    if (word.size() > kMaxWordBytes) {
      fail(fmt::format("a word of {} bytes, expected at most {}", word.size(), kMaxWordBytes));
    }
  }

 private:
  static std::string_view without_comment(std::string_view line) {
    for (size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
      if (at == 0 || is_blank(line[at - 1])) return line.substr(0, at);
    }
    return line;
  }

  std::string_view rest_;
  std::string_view name_;
  const char* form_;
  size_t number_ = 0;
};

}  // namespace

std::vector<ListedWord> parse_word_list(std::string_view text, const PhoneSet& phones,
                                        std::string_view name) {
  ListReader reader(text, name,
                    "a word list has one `word`, `word TAB phones` or `word TAB phones TAB boost` "
                    "a line; phrases of several words are for --boost");
  std::vector<ListedWord> words;
  std::vector<std::string_view> fields;
  while (reader.next(fields)) {
    ListedWord& entry = words.emplace_back();
    if (fields[0].empty()) reader.fail("the word is missing before the first tab");
    if (fields[0].find(' ') != std::string_view::npos) {
      reader.fail(fmt::format("'{}' is more than one word", fields[0].substr(0, 80)));
    }
    reader.check_word(fields[0]);
    entry.word = fields[0];
    if (fields.size() == 2) {
      entry.boost = reader.boost(fields[1]);
      if (entry.boost) continue;
    }
    if (fields.size() >= 2) {
      for (const std::string_view phone : split(fields[1], " ")) {
        const std::optional<PhoneId> id = phones.find_dropping_stress(phone);
        if (!id) {
          reader.fail(
              fmt::format("word '{}' has phone '{}', which the acoustic model does not have",
                          fields[0].substr(0, 80), phone.substr(0, 40)));
        }
        if (phones.is_filler(*id)) {
          reader.fail(fmt::format("word '{}' has phone '{}', which is for silence or noise",
                                  fields[0].substr(0, 80), phone.substr(0, 40)));
        }
        entry.phones.push_back(*id);
      }
    }
    if (fields.size() >= 3 && !fields[2].empty()) {
      entry.boost = reader.boost(fields[2]);
      if (!entry.boost) {
        reader.fail(
            fmt::format("'{}' is not a number, expected the boost", fields[2].substr(0, 40)));
      }
    }
    if (fields.size() > 3) {
      reader.fail(fmt::format("{} fields, expected at most 3", fields.size()));
    }
  }
  return words;
}

std::vector<ListedPhrase> parse_phrase_list(std::string_view text, std::string_view name) {
  ListReader reader(text, name,
                    "a phrase list has one `words of the phrase` or `words of the phrase TAB "
                    "boost` a line");
  std::vector<ListedPhrase> phrases;
  std::vector<std::string_view> fields;
  while (reader.next(fields)) {
    ListedPhrase& entry = phrases.emplace_back();
    if (fields[0].empty()) reader.fail("the phrase is missing before the first tab");
    for (const std::string_view word : split(fields[0], " ")) {
      reader.check_word(word);
      entry.words.emplace_back(word);
    }
    if (fields.size() > 2) {
      reader.fail(fmt::format("{} fields, expected at most 2", fields.size()));
    }
    if (fields.size() == 2 && !fields[1].empty()) {
      entry.boost = reader.boost(fields[1]);
      if (!entry.boost) {
        reader.fail(
            fmt::format("'{}' is not a number, expected the boost", fields[1].substr(0, 40)));
      }
    }
  }
  return phrases;
}

}  // namespace bivox
