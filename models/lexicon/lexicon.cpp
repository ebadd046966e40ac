#include "models/lexicon/lexicon.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

constexpr size_t kMinTableSize = 64;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the next blank-separated token off the front of `line`; empty at the end of the line.
std::string_view next_token(std::string_view& line) {
  size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) ++begin;
  size_t end = begin;
  while (end < line.size() && !is_blank(line[end])) ++end;
  const std::string_view token = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return token;
}

/// `word(2)` -> `word`. A word that is nothing but brackets stays as it is.
std::string_view without_alternate(std::string_view token) {
  if (token.size() < 4 || token.back() != ')') return token;
  size_t at = token.size() - 2;
  while (at > 0 && is_digit(token[at])) --at;
  if (at == 0 || token[at] != '(' || at == token.size() - 2) return token;
  return token.substr(0, at);
}

/// FNV-1a: words are short, and it needs no set-up.
size_t hash_of(std::string_view word) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return static_cast<size_t>(hash ^ (hash >> 32));
}

/// Remembers the phones of short names by their bytes, because a dictionary asks for the same few
/// dozen names a million times.
class PhoneCache {
 public:
  template <class Lookup>
  PhoneId get(std::string_view name, Lookup&& lookup) {
    if (name.size() > 7) return lookup(name);
    uint64_t key = name.size();
    for (const char c : name) key = key << 8 | static_cast<unsigned char>(c);
    Entry& entry = entries_[(key * 0x9e3779b97f4a7c15ULL) >> 55];
    if (entry.key != key) {
      entry.phone = lookup(name);
      entry.key = key;
    }
    return entry.phone;
  }

 private:
  struct Entry {
    uint64_t key = 0;
    PhoneId phone = 0;
  };
  std::array<Entry, 512> entries_;
};

[[noreturn]] void fail(std::string_view name, size_t line, const std::string& what,
                       std::string hint) {
  throw Error(ErrorCode::kModel, fmt::format("{}:{}: {}", name, line, what), std::move(hint));
}

constexpr const char* kFormHint =
    "a dictionary has one `word phone phone ...` a line, alternates as `word(2)`";

}  // namespace

size_t Lexicon::slot(std::string_view word) const {
  const size_t mask = table_.size() - 1;
  size_t at = hash_of(word) & mask;
  while (table_[at] >= 0 && words_[static_cast<size_t>(table_[at])] != word) at = (at + 1) & mask;
  return at;
}

void Lexicon::grow_table() {
  table_.assign(std::max(kMinTableSize, table_.size() * 4), -1);
  for (size_t i = 0; i < words_.size(); ++i) table_[slot(words_[i])] = static_cast<WordIndex>(i);
}

WordIndex Lexicon::add(std::string_view word, std::span<const PhoneId> phones) {
  if (word.empty()) throw Error(ErrorCode::kModel, "lexicon: an empty word");
  if (phones.empty()) {
    throw Error(ErrorCode::kModel,
                fmt::format("lexicon: word '{}' has no phones", word.substr(0, 80)), kFormHint);
  }
  if ((words_.size() + 1) * 2 > table_.size()) grow_table();
  const size_t place = slot(word);
  WordIndex index = table_[place];
  if (index < 0) {
    index = static_cast<WordIndex>(words_.size());
    words_.emplace_back(word);
    chains_.push_back({-1, -1, 0});
    table_[place] = index;
  }
  Chain& chain = chains_[static_cast<size_t>(index)];
  for (int32_t p = chain.first; p >= 0;) {
    const Pronunciation& known = pronunciations_[static_cast<size_t>(p)];
    if (std::equal(phones.begin(), phones.end(), phones_.begin() + known.first,
                   phones_.begin() + known.first + known.length)) {
      return index;
    }
    p = known.next;
  }
  const auto id = static_cast<int32_t>(pronunciations_.size());
  pronunciations_.push_back(
      {static_cast<uint32_t>(phones_.size()), static_cast<uint32_t>(phones.size()), -1, 0.0F});
  phones_.insert(phones_.end(), phones.begin(), phones.end());
  if (chain.last >= 0) {
    pronunciations_[static_cast<size_t>(chain.last)].next = id;
  } else {
    chain.first = id;
  }
  chain.last = id;
  ++chain.count;
  return index;
}

std::optional<WordIndex> Lexicon::find(std::string_view word) const {
  if (table_.empty()) return std::nullopt;
  const WordIndex index = table_[slot(word)];
  if (index < 0) return std::nullopt;
  return index;
}

size_t Lexicon::place(WordIndex word, int i) const {
  int32_t p = chains_[static_cast<size_t>(word)].first;
  for (; i > 0; --i) p = pronunciations_[static_cast<size_t>(p)].next;
  return static_cast<size_t>(p);
}

float Lexicon::log_prob(WordIndex word, int i) const {
  return pronunciations_[place(word, i)].log_prob;
}

void Lexicon::set_log_prob(WordIndex word, int i, float log_prob) {
  pronunciations_[place(word, i)].log_prob = log_prob;
}

std::span<const PhoneId> Lexicon::pronunciation(WordIndex word, int i) const {
  const Pronunciation& found = pronunciations_[place(word, i)];
  return {phones_.data() + found.first, found.length};
}

template <class PhoneOf>
Lexicon Lexicon::parse_lines(std::string_view text, std::string_view name, PhoneOf&& phone_of) {
  Lexicon lexicon;
  // About 24 bytes an entry in CMUdict; a wrong guess costs only a reallocation.
  const size_t guess = text.size() / 24;
  lexicon.words_.reserve(guess);
  lexicon.chains_.reserve(guess);
  lexicon.pronunciations_.reserve(guess);
  lexicon.phones_.reserve(text.size() / 4);
  size_t table_size = kMinTableSize;
  while (table_size < guess * 2) table_size *= 2;
  lexicon.table_.assign(table_size, -1);

  PhoneCache cache;
  std::vector<PhoneId> phones;
  size_t line_number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    ++line_number;
    const auto* newline = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
    const size_t length =
        newline == nullptr ? text.size() : static_cast<size_t>(newline - text.data());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(text.size(), length + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(";;;")) continue;
    if (std::memchr(line.data(), '\0', line.size()) != nullptr) {
      fail(name, line_number, "a zero byte: this is not a text file", kFormHint);
    }
    const std::string_view token = next_token(line);
    if (token.empty() || token == "#") continue;
    const std::string_view word = without_alternate(token);
    phones.clear();
    for (auto phone = next_token(line); !phone.empty(); phone = next_token(line)) {
      if (phone.front() == '#') break;
      phones.push_back(cache.get(phone, [&](std::string_view unseen) {
        const std::optional<PhoneId> id = phone_of(unseen);
        if (!id) {
          fail(name, line_number,
               fmt::format("word '{}' has phone '{}', which the acoustic model does not have",
                           word.substr(0, 80), unseen.substr(0, 40)),
               "use the dictionary that belongs to the acoustic model, or rename the phone");
        }
        return *id;
      }));
    }
    if (phones.empty()) {
      fail(name, line_number, fmt::format("word '{}' has no phones", word.substr(0, 80)),
           kFormHint);
    }
    lexicon.add(word, phones);
  }
  return lexicon;
}

Lexicon Lexicon::parse(std::string_view text, const PhoneSet& phones, std::string_view name) {
  return parse_lines(
      text, name, [&phones](std::string_view phone) { return phones.find_dropping_stress(phone); });
}

Lexicon Lexicon::parse_open(std::string_view text, PhoneSet& phones, std::string_view name) {
  return parse_lines(text, name, [&phones](std::string_view phone) {
    return std::optional<PhoneId>(phones.add(phone));
  });
}

Lexicon Lexicon::load(const std::filesystem::path& path, const PhoneSet& phones) {
  return parse(read_file(path, ErrorCode::kModel), phones, path.string());
}

Lexicon Lexicon::load_open(const std::filesystem::path& path, PhoneSet& phones) {
  return parse_open(read_file(path, ErrorCode::kModel), phones, path.string());
}

}  // namespace bivox
