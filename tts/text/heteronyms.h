// Words that are spelled alike and said in two ways: which one a sentence means.
//
//   pairs of a noun (or adjective) and a verb: record, present, use, estimate: by the words around
//   read, lead, wind, live, close, tear, bow, bass, wound, minute ...: by rules of their own
//
// A small set of rules instead of a tagger: they look at two words to each side, and for the tense
// of "read" at the sentence. Every rule has its cases in tests/data/tts/heteronyms.tsv.
// Thread rule: free functions. Test: tests/tts/text/heteronyms_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tts/text/normalizer.h"

namespace bivox {

/// The phones ("R EH1 D") that `words[i]` has in its sentence; empty if it is no heteronym.
std::string heteronym_phones(std::span<const SpokenWord> words, size_t i);

/// Whether a word carries grammar rather than meaning, so that it is not accented: "the", "of".
bool is_function_word(std::string_view word);

}  // namespace bivox
