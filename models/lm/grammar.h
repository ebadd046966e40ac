// A grammar: which sentences may be said, how probable each is, and what a sentence means.
//
// Read from JSGF (jsgf.h) or from a list of phrases (phrase_list.h), told apart by content. What
// the recognizer searches is made from automaton() by grammar_compiler.h; what it finds is parsed
// back here into the rules and tags that make it up.
//
// Conventions for probabilities are in grammar_graph.h; word_automaton.h says when they are exact.
// Words are compared as they are written, upper and lower case apart.
// Errors: Error(kModel) with file, line, column, what was found and what was expected.
// Thread rule: immutable after loading; share freely. Source: JSpeech Grammar Format, W3C Note,
// 5 June 2000. Test: tests/models/grammar_test.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/lm/grammar_graph.h"
#include "models/lm/grammar_rules.h"
#include "models/lm/word_automaton.h"

namespace bivox {

struct GrammarOptions {
  /// The rule that is spoken, without < and >; empty: any public rule of the file.
  std::string root;
  /// Of the graph and of the automaton; more is an Error.
  size_t max_states = 1'000'000;
};

/// The words [first_word, end_word) of a sentence that a rule made.
struct RuleSpan {
  std::string rule;
  int first_word = 0;
  int end_word = 0;
};

/// How a sentence comes about.
struct GrammarParse {
  std::vector<RuleSpan> rules;    ///< Outer ones first, else in order of their first words.
  std::vector<std::string> tags;  ///< In the order in which they are passed.
  double log_prob = 0.0;          ///< Of the sentence, in all its ways; natural log.
};

class Grammar {
 public:
  /// Reads a file. `import <a.b.c.rule>` looks for a/b/c.jsgf, a/b/c.gram, c.jsgf and c.gram in
  /// the folder of this file.
  static std::shared_ptr<const Grammar> load(const std::filesystem::path& path,
                                             const GrammarOptions& options = {});
  /// The same from text in memory; `source` stands for the path in errors, `importer` finds what
  /// it imports.
  static std::shared_ptr<const Grammar> parse(std::string_view text, std::string_view source,
                                              const GrammarOptions& options = {},
                                              const GrammarImporter& importer = {});

  const std::string& source() const { return source_; }
  /// Every word, in order of appearance.
  const std::vector<std::string>& words() const { return graph_.words(); }
  const GrammarGraph& graph() const { return graph_; }
  const WordAutomaton& automaton() const { return automaton_; }

  /// The likeliest way in which `words` are a sentence; nothing if they are none.
  std::optional<GrammarParse> accept(std::span<const std::string> words) const;

 private:
  Grammar(const GrammarRules& rules, const GrammarOptions& options);
  /// Arcs of the likeliest way through the graph that has these words.
  std::vector<const GrammarArc*> likeliest_way(std::span<const uint32_t> words) const;

  std::string source_;
  GrammarGraph graph_;
  WordAutomaton automaton_;
  std::unordered_map<std::string, uint32_t> index_of_word_;
};

}  // namespace bivox
