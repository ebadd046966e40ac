// The words of a line of text, as the language models see them: what stands between white space.
//
// Thread rule: free functions. Test: tests/models/training_text_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace bivox {

/// Calls f(std::string_view) for every word of a line, in order.
template <class F>
void for_each_text_word(std::string_view line, F&& f) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  const char* at = line.data();
  const char* end = at + line.size();
  while (true) {
    while (at != end && is_space(*at)) ++at;
    if (at == end) return;
    const char* begin = at;
    while (at != end && !is_space(*at)) ++at;
    f(std::string_view(begin, static_cast<size_t>(at - begin)));
  }
}

/// <s>, </s>, <unk> and <UNK> are no words of their own.
inline bool is_sentence_mark(std::string_view word) { return word == "<s>" || word == "</s>"; }
inline bool is_unknown_mark(std::string_view word) { return word == "<unk>" || word == "<UNK>"; }

/// A-Z become a-z; other bytes stay.
inline void fold_to_lower_case(std::string& text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

}  // namespace bivox
