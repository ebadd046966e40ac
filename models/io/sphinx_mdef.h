// The model definition of CMU Sphinx (mdef): which tied states each phone in context is made of.
//
// Two forms are read: the binary one ("BMDF", either byte order) and the text one ("0.3").
// Index types, 0-based: phone = context-independent phone; record = a phone, plain or in context
// (the first phones.size() records are the plain ones); state = tied state; matrix = transition
// matrix. Every index is checked. Errors: Error(kModel) with the path, what was found, what was
// expected. Thread rule: pure functions. Source: pocketsphinx bin_mdef.c, bin_mdef.h, mdef.c. Test:
// tests/models/sphinx_files_test.cpp; fuzz: tests/fuzz/sphinx_model_fuzz.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/hmm_set.h"

namespace bivox {

struct SphinxModelDefinition {
  struct Record {
    int32_t sequence = 0;                             ///< Row of `sequences`.
    int16_t matrix = 0;                               ///< Transition matrix.
    WordPosition position = WordPosition::kInternal;  ///< Of phones in context only.
    uint8_t centre = 0;
    uint8_t left = 0;  ///< Equal to centre for a plain phone.
    uint8_t right = 0;
  };

  std::vector<std::string> phones;
  std::vector<bool> is_filler;  ///< [phones]
  int silence = -1;             ///< Phone that stands for fillers in contexts; -1 if there is none.
  int num_states = 0;           ///< Tied states.
  int num_plain_states = 0;     ///< Of them, those of plain phones: the first ones.
  int states_per_hmm = 0;
  int num_matrices = 0;
  std::vector<Record> records;      ///< Plain phones first.
  std::vector<uint16_t> sequences;  ///< [sequence][states_per_hmm] tied states
};

SphinxModelDefinition read_sphinx_mdef(const std::filesystem::path& path);
SphinxModelDefinition parse_sphinx_mdef(std::string_view bytes, std::string_view name);

/// The HMM set of a definition with transition log probabilities `[matrix][from][to]`: every
/// context is bound by the rules of PocketSphinx. Exact triphone; else the same context in another
/// word position; else with SIL for what is across a word's edge; else the plain phone. Fillers are
/// SIL in contexts, and have one HMM whatever stands beside them.
HmmSet make_hmm_set(const SphinxModelDefinition& mdef, std::span<const float> transition_log_probs);

}  // namespace bivox
