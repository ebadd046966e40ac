#include "apps/user_vocabulary.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "apps/dictionary_words.h"
#include "apps/unknown_words.h"
#include "asr/recognizer/word_spelling.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/lexicon/word_list.h"

namespace bivox {
namespace {

using KnownWord = std::function<bool(const std::string&)>;

// As the dictionary spells it, or else as `is_known` knows it, or else as it is.
std::string spelling_of(const std::string& word, const Lexicon& lexicon,
                        const KnownWord& is_known) {
  if (auto spelling = dictionary_spelling(word, lexicon)) return *std::move(spelling);
  for (std::string& variant : case_variants(word)) {
    if (is_known(variant)) return std::move(variant);
  }
  return word;
}

// Takes over listed pronunciations and spellings.
std::vector<ListedWord> read_words(const VocabularyOptions& options, const PhoneSet& phones,
                                   Lexicon& lexicon, const KnownWord& is_known) {
  if (options.words.empty()) return {};
  std::vector<ListedWord> words = parse_word_list(read_file(options.words), phones, options.words);
  for (ListedWord& listed : words) {
    listed.word = spelling_of(listed.word, lexicon, is_known);
    if (!listed.phones.empty()) lexicon.add(listed.word, listed.phones);
  }
  return words;
}

// A phrase list if there is such a file, else one phrase.
std::vector<ListedPhrase> read_phrases(const std::string& boost) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  // A pipe (`<(command)`) is as good as a file.
  const bool is_file = fs::exists(boost, ignored) && !fs::is_directory(boost, ignored);
  if (!is_file && (boost.ends_with(".txt") || boost.ends_with(".tsv"))) {
    throw Error(ErrorCode::kInput, boost + ": no such phrase list", "check the path");
  }
  std::vector<ListedPhrase> phrases =
      is_file ? parse_phrase_list(read_file(boost), boost)
              : parse_phrase_list(boost, fmt::format("--boost '{}'", boost));
  if (phrases.empty() && !is_file) {
    throw Error(ErrorCode::kUsage, "--boost needs a phrase or the path of a phrase list");
  }
  return phrases;
}

// Phrases as the dictionary spells their words.
std::vector<BoostedPhrase> boosted_phrases(const VocabularyOptions& options, const Lexicon& lexicon,
                                           const KnownWord& is_known) {
  std::vector<BoostedPhrase> phrases;
  for (const std::string& boost : options.boosts) {
    for (const ListedPhrase& listed : read_phrases(boost)) {
      BoostedPhrase& phrase = phrases.emplace_back();
      phrase.bonus = listed.boost.value_or(options.boost);
      std::string text;
      for (const std::string& word : listed.words) {
        text += (text.empty() ? "" : " ") + word;
        for (const std::string& spelt : spell_words(word, lexicon)) {
          phrase.words.push_back(spelling_of(spelt, lexicon, is_known));
        }
      }
      if (phrase.words.empty()) {
        throw Error(ErrorCode::kUsage, fmt::format("cannot boost '{}': it has no words", text));
      }
    }
  }
  return phrases;
}

std::vector<PronouncedWord> pronounce(const std::vector<std::string>& words, const PhoneSet& phones,
                                      Lexicon& lexicon) {
  CompletedWords completed = complete_lexicon(lexicon, phones, words);
  if (!completed.silent.empty()) {
    throw Error(ErrorCode::kModel,
                fmt::format("'{}' cannot be pronounced by its letters", completed.silent.front()),
                "write it in words, or list it with its phones in the file of --words");
  }
  return std::move(completed.pronounced);
}

}  // namespace

void add_vocabulary_options(CLI::App& verb, VocabularyOptions& options, bool with_boost) {
  verb.add_option("--words", options.words,
                  "Words to add: one `word`, `word TAB phones` or `word TAB phones TAB boost` a "
                  "line;\nwithout phones they are pronounced by their letters")
      ->check(CLI::ExistingFile);
  if (!with_boost) return;
  verb.add_option("--boost", options.boosts,
                  "Phrase that is expected (names, terms), or a file with one phrase [TAB boost] a "
                  "line;\nmay be given again")
      ->allow_extra_args(false);
  verb.add_option("--boost-weight", options.boost,
                  "Boost of phrases that bring none, for each word, natural log")
      ->check(CLI::Range(-100.0, 100.0));
}

UserVocabulary load_user_vocabulary(const VocabularyOptions& options, const NgramModel& ngram,
                                    const PhoneSet& phones, Lexicon& lexicon) {
  const KnownWord is_known = [&](const std::string& word) { return ngram.find(word).has_value(); };
  UserVocabulary vocabulary;
  const std::vector<ListedWord> listed = read_words(options, phones, lexicon, is_known);
  vocabulary.phrases = boosted_phrases(options, lexicon, is_known);
  std::vector<std::string> all;  // in order, each once
  std::set<std::string> seen;
  const auto use = [&](const std::string& word) {
    if (seen.insert(word).second) all.push_back(word);
  };
  for (const BoostedPhrase& phrase : vocabulary.phrases) {
    for (const std::string& word : phrase.words) use(word);
  }
  for (const ListedWord& word : listed) {
    use(word.word);
    if (word.boost) vocabulary.phrases.push_back({{word.word}, *word.boost});
  }
  vocabulary.pronounced = pronounce(all, phones, lexicon);
  for (const std::string& word : all) {
    if (is_known(word)) continue;
    const float log_prob =
        vocabulary.added.empty() ? rare_word_log_prob(ngram) : vocabulary.added.front().log_prob;
    vocabulary.added.push_back({word, log_prob});
  }
  return vocabulary;
}

std::vector<PronouncedWord> add_listed_words(const VocabularyOptions& options,
                                             const PhoneSet& phones, Lexicon& lexicon) {
  std::vector<std::string> words;
  for (const ListedWord& listed :
       read_words(options, phones, lexicon, [](const std::string&) { return false; })) {
    words.push_back(listed.word);
  }
  return pronounce(words, phones, lexicon);
}

}  // namespace bivox
