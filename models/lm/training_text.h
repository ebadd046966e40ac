// The text a language model is trained on, as numbers of words.
//
// One line is one sentence; words stand between spaces or tabs; lines without words are skipped.
// <s> and </s> in the text are skipped (every sentence has them anyway), <unk> and <UNK> are the
// unknown word. The text is read once: what does not fit in the memory given lies in a temporary
// file, four bytes a word.
// Numbers: 0 is <unk>, 1 <s>, 2 </s> (kTextUnknown...), then the words in order of appearance.
// Errors: those of TextLines; Error(kRuntime) for the temporary file. Thread rule: one thread; the
// callback is called on it. Test: tests/models/training_text_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/lm/temporary_file.h"
#include "models/lm/text_lines.h"
#include "models/lm/word_numbers.h"

namespace bivox {

inline constexpr uint32_t kTextUnknown = 0;
inline constexpr uint32_t kTextBegin = 1;
inline constexpr uint32_t kTextEnd = 2;

struct TrainingTextOptions {
  /// Folds A-Z to a-z.
  bool lower_case = false;
  /// Of the numbers that are held in memory.
  size_t memory_bytes = size_t{1} << 30;
  /// For what does not fit; empty: the system's own.
  std::filesystem::path temp_folder = {};
  /// Called with the words so far and the bytes of the file at hand, every few thousand sentences.
  std::function<void(uint64_t words, uint64_t bytes)> progress = {};
};

class TrainingText {
 public:
  explicit TrainingText(TrainingTextOptions options = {});

  /// All lines of a text.
  void add(TextLines& lines);
  void add_sentence(std::string_view line);

  const WordNumbers& words() const { return words_; }
  /// How often each word occurs; for </s> the number of sentences.
  const std::vector<uint64_t>& counts() const { return counts_; }
  /// Running words, without sentence ends.
  uint64_t num_words() const { return num_words_; }
  uint64_t num_sentences() const { return counts_[kTextEnd]; }
  /// The whole text, in pieces: words, and kTextEnd after every sentence.
  void for_each_piece(const std::function<void(std::span<const uint32_t>)>& f) const;

 private:
  void spill();

  TrainingTextOptions options_;
  WordNumbers words_;
  std::vector<uint64_t> counts_;
  uint64_t num_words_ = 0;
  std::vector<uint32_t> numbers_;  // those not in file_
  std::unique_ptr<TemporaryFile> file_;
  std::string folded_;
};

/// Which words of a text a model has, and in which order.
struct TrainingVocabulary {
  std::vector<std::string> words;  ///< <unk>, <s>, </s>, then the others.
  std::vector<uint32_t> numbers;   ///< Of each word of the text; kTextUnknown for those left out.
};

/// The `max_words` most frequent words (0: all), the three special ones not counted; of words that
/// are equally frequent, those that appeared first. In order of frequency, so that frequent words
/// lie together in the model.
TrainingVocabulary frequent_words(const TrainingText& text, size_t max_words = 0);
/// The words of a list, whether or not the text has them; in order of frequency, too.
TrainingVocabulary listed_words(const TrainingText& text, std::span<const std::string> list);

/// A word list: one word a line; lines that are empty or begin with ;;; or # followed by a space
/// are skipped. With `is_dictionary` the lines are those of a pronunciation dictionary, and the
/// words are given without their variants. Error(kModel) with line and reason.
std::vector<std::string> read_word_list(std::span<const std::byte> bytes, std::string_view name,
                                        bool is_dictionary = false);

}  // namespace bivox
