#include "models/lm/training_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "dsp/core/check.h"
#include "models/lm/text_words.h"

namespace bivox {
namespace {

constexpr uint64_t kSentencesBetweenCalls = 8192;
constexpr size_t kPiece = size_t{1} << 16;  // numbers read at once

/// Words of the text that `takes` accepts, the most frequent first.
template <class F>
std::vector<uint32_t> by_frequency(const TrainingText& text, F&& takes) {
  std::vector<uint32_t> order;
  for (uint32_t w = kTextEnd + 1; w < text.words().size(); ++w) {
    if (takes(w)) order.push_back(w);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return text.counts()[a] > text.counts()[b]; });
  return order;
}

TrainingVocabulary vocabulary_of(const TrainingText& text, std::span<const uint32_t> order) {
  TrainingVocabulary vocabulary;
  vocabulary.words = {"<unk>", "<s>", "</s>"};
  vocabulary.numbers.assign(text.words().size(), kTextUnknown);
  vocabulary.numbers[kTextBegin] = kTextBegin;
  vocabulary.numbers[kTextEnd] = kTextEnd;
  for (const uint32_t w : order) {
    vocabulary.numbers[w] = static_cast<uint32_t>(vocabulary.words.size());
    vocabulary.words.emplace_back(text.words().word(w));
  }
  return vocabulary;
}

}  // namespace

TrainingText::TrainingText(TrainingTextOptions options) : options_(std::move(options)) {
  BIVOX_CHECK(words_.add("<unk>") == kTextUnknown);
  BIVOX_CHECK(words_.add("<s>") == kTextBegin);
  BIVOX_CHECK(words_.add("</s>") == kTextEnd);
  counts_.assign(3, 0);
}

void TrainingText::add(TextLines& lines) {
  std::string_view line;
  while (lines.next(line)) {
    add_sentence(line);
    if (options_.progress && lines.number() % kSentencesBetweenCalls == 0) {
      options_.progress(num_words_, lines.bytes_read());
    }
  }
  if (options_.progress) options_.progress(num_words_, lines.bytes_read());
}

void TrainingText::add_sentence(std::string_view line) {
  if (options_.lower_case) {
    folded_.assign(line);
    fold_to_lower_case(folded_);
    line = folded_;
  }
  const uint64_t before = num_words_;
  for_each_text_word(line, [&](std::string_view word) {
    uint32_t number = kTextUnknown;
    if (is_sentence_mark(word)) return;
    if (!is_unknown_mark(word)) {
      number = words_.add(word);
      if (number == counts_.size()) counts_.push_back(0);
    }
    ++counts_[number];
    ++num_words_;
    numbers_.push_back(number);
  });
  if (num_words_ == before) return;
  ++counts_[kTextEnd];
  numbers_.push_back(kTextEnd);
  if (numbers_.size() * sizeof(uint32_t) > options_.memory_bytes / 2) spill();
}

void TrainingText::spill() {
  if (file_ == nullptr) file_ = std::make_unique<TemporaryFile>(options_.temp_folder);
  file_->append(std::as_bytes(std::span(numbers_)));
  numbers_.clear();
}

void TrainingText::for_each_piece(const std::function<void(std::span<const uint32_t>)>& f) const {
  if (file_ != nullptr) {
    std::vector<uint32_t> piece(kPiece);
    for (uint64_t at = 0; at < file_->size();) {
      const uint64_t bytes = std::min<uint64_t>(kPiece * sizeof(uint32_t), file_->size() - at);
      piece.resize(bytes / sizeof(uint32_t));
      file_->read(at, std::as_writable_bytes(std::span(piece)));
      at += bytes;
      f(piece);
    }
  }
  f(numbers_);
}

TrainingVocabulary frequent_words(const TrainingText& text, size_t max_words) {
  std::vector<uint32_t> order = by_frequency(text, [](uint32_t) { return true; });
  if (max_words > 0 && max_words < order.size()) order.resize(max_words);
  return vocabulary_of(text, order);
}

TrainingVocabulary listed_words(const TrainingText& text, std::span<const std::string> list) {
  std::vector<bool> listed(text.words().size(), false);
  WordNumbers absent;
  for (const std::string& word : list) {
    if (is_sentence_mark(word) || is_unknown_mark(word)) continue;
    if (const auto number = text.words().find(word)) {
      listed[*number] = true;
    } else {
      absent.add(word);
    }
  }
  TrainingVocabulary vocabulary =
      vocabulary_of(text, by_frequency(text, [&](uint32_t w) { return listed[w]; }));
  for (uint32_t w = 0; w < absent.size(); ++w) vocabulary.words.emplace_back(absent.word(w));
  return vocabulary;
}

std::vector<std::string> read_word_list(std::span<const std::byte> bytes, std::string_view name,
                                        bool is_dictionary) {
  TextLines lines(bytes, name);
  WordNumbers words;
  std::string_view line;
  while (lines.next(line)) {
    if (line.starts_with(";;;") || line.starts_with("# ")) continue;
    std::vector<std::string_view> parts;
    for_each_text_word(line, [&](std::string_view word) { parts.push_back(word); });
    if (parts.empty()) continue;
    if (line.find('\0') != std::string_view::npos) lines.fail("a zero byte: this is no text");
    if (is_dictionary) {
      const size_t open = parts[0].rfind('(');
      if (open != std::string_view::npos && open > 0 && parts[0].back() == ')') {
        parts[0] = parts[0].substr(0, open);
      }
      words.add(parts[0]);
      continue;
    }
    if (parts.size() > 1) {
      lines.fail(fmt::format("{} words, expected one a line", parts.size()),
                 "a pronunciation dictionary must be named *.dict or *.dic");
    }
    words.add(parts[0]);
  }
  if (words.size() == 0) lines.fail("the list holds no word");
  std::vector<std::string> list;
  for (uint32_t w = 0; w < words.size(); ++w) list.emplace_back(words.word(w));
  return list;
}

}  // namespace bivox
