// Reads the binary n-gram trie of CMU Sphinx ("Trie Language Model", made by sphinx_lm_convert).
//
// The file's trie is reversed: predicted word -> newest word of the context -> next older. A
// decoder asks the other way round (which words follow this context?), so the trie is turned over
// while it is read, with counting sorts only: n-grams are placed by their context's number in one
// pass, in an order that leaves the words of each context sorted. For the trigrams of a word pair
// (h1, w) their context (h2, h1) is found by scattering the pairs that end in h1 into an array
// indexed by h2.
//
// Layout (all little endian, bit fields from the lowest bit): 19 bytes of magic; u8 order N; N u32
// counts; if N > 1: i32, then float[65536] codebooks [order 2 prob][order 2 back-off] ... [order N
// prob]; (n1 + 1) x {f32 prob, f32 back-off, u32 first child}; for 1 < k < N entries of word |
// back-off index 16 | prob index 16 | first child; for N entries of word | prob index 16; each
// level with one entry more than n-grams and 8 bytes of padding; u32 length and the words, each
// ended by a zero byte. Scores are logarithms to the base 1.0001. Source: pocketsphinx
// src/lm/lm_trie.c (lm_trie_read_bin), lm_trie_quant.c, ngram_model_trie.c. Thread rule: free
// functions without state. Errors: Error(kModel). The order is at most 5, as there. Test:
// tests/models/sphinx_lm_test.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "models/lm/ngram_builder.h"

namespace bivox {

bool is_sphinx_lm(std::span<const std::byte> bytes);
/// The tables for build_ngram_model(); the bytes are not needed afterwards.
NgramTables read_sphinx_lm(std::span<const std::byte> bytes, std::string_view name);

}  // namespace bivox
