// Any bytes to plain text: characters to the ASCII that the other rules read, Markdown to its
// words.
//
//   characters   curly quotes, dashes, ellipses, fractions, full-width forms to their plain ones;
//                letters with diacritics to the bare letter (CMUdict has only these); single Greek
//                letters to their names. Other scripts, emoji and invalid UTF-8 have no reading:
//                they are skipped and counted.
//   Markdown     headings, lists, quotes, tables, emphasis, links, code marks and HTML tags lose
//                their marks and keep their words. A heading or list item ends a paragraph.
//   phones       [[HH AH0 L OW1]] is a word given by its phones (ARPAbet); other double brackets
//                are text.
//
// Time and memory are linear in the input. Inputs of 4 GiB and more are an Error(kInput). Thread
// rule: free functions. Test: tests/tts/text/clean_text_test.cpp.
#pragma once

#include <string_view>

#include "tts/text/marked_text.h"

namespace bivox {

struct CleanTextOptions {
  bool markdown = true;
  bool inline_phones = true;
};

MarkedText clean_text(std::string_view input, const CleanTextOptions& options = {});

/// Appends characters without looking for markup; `source` is the place of `input` in what the user
/// gave. Newlines become blanks. For clean_text() and for parsers of markup.
void append_characters(std::string_view input, size_t source, MarkedText& to);

/// Whether all are ARPAbet phones, vowels with or without stress (0, 1, 2), and there is a vowel.
bool are_phones(const std::vector<std::string>& phones);

}  // namespace bivox
