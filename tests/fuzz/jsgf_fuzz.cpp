// Grammars from any bytes: JSGF and lists of phrases, linked, written out, determinized, compiled.
// What the automaton accepts, the rules must be able to parse. Seeds: tests/fuzz/corpus/jsgf,
// written by hand.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/core/error.h"
#include "models/lm/grammar.h"
#include "models/lm/grammar_compiler.h"

namespace {

// A grammar that imports may find; it imports the one under test in turn.
std::optional<bivox::GrammarText> importer(std::string_view grammar) {
  if (grammar != "parts") return std::nullopt;
  return bivox::GrammarText{
      "parts", "#JSGF V1.0; grammar parts; public <p> = a | b <q>; public <q> = [c] d; <r> = e;"};
}

// Some sentence: from each state the arc that a hash of the step picks.
std::optional<std::vector<std::string>> some_sentence(const bivox::Grammar& grammar) {
  std::vector<std::string> words;
  uint32_t state = 0;
  for (uint32_t step = 0; step < 40; ++step) {
    const auto arcs = grammar.automaton().arcs_of(state);
    const bool may_end = !std::isinf(grammar.automaton().final_log_probs[state]);
    if (may_end && (arcs.empty() || step % 3 == 2)) return words;
    if (arcs.empty()) std::abort();  // a state from which nothing can be said
    const auto& arc = arcs[step * 7 % arcs.size()];
    words.push_back(grammar.words()[arc.word]);
    state = arc.next;
  }
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto grammar =
        bivox::Grammar::parse(text, "input", {.root = "", .max_states = 2000}, importer);
    const auto model = bivox::compile_grammar(*grammar, {.filler_words = {"<phone:A>"}});
    const auto words = some_sentence(*grammar);
    if (!words) return 0;
    const auto parse = grammar->accept(*words);
    if (!parse || std::isnan(parse->log_prob)) std::abort();
    bivox::LmState state = model->begin_state();
    for (const std::string& word : *words) {
      const auto known = model->find(word);
      if (!known) std::abort();
      const auto step = model->step(state, *known);
      if (step.log_prob <= bivox::kImpossibleLogProb) std::abort();
      state = step.next;
    }
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
