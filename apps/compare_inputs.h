// What `bivox compare` reads before anything is recognized: references with their traits,
// hypotheses of other programs, noises and their ratios.
//
// Errors: Error(kUsage) for options that make no sense, Error(kInput) for files. Thread rule: free
// functions. Test: tests/apps/cli_compare_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/compare_runner.h"
#include "apps/console.h"
#include "apps/noise_pool.h"
#include "asr/evaluation/comparison.h"
#include "asr/evaluation/utterance_texts.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {

/// References as they are compared. Traits: gender, and the class of age where a speaker is called
/// "0003/age6" as in speechocean762.
std::vector<ComparedUtterance> compared_utterances(const std::vector<UtteranceText>& utterances,
                                                   const TextNormalization& normalization);

/// "NAME=FILE" of `option`.
std::pair<std::string, std::string> split_name(const std::string& text, std::string_view option);

/// The hypotheses of a file, in the order of the references; warns of those that are missing.
SystemRun read_hypotheses(const std::string& name, const std::string& path,
                          const std::vector<UtteranceText>& utterances,
                          const TextNormalization& normalization, Console& console);

/// "clean,20,10": decibels; `clean` tells whether the word is among them.
std::vector<double> parse_ratios(const std::string& text, bool& clean);

/// The noises of a comparison, each at one rate; what no model was trained with stands last.
struct Noises {
  std::vector<NoisePool> pools;
  bool last_unseen = false;
};

/// `unseen_noise` is a class of `noise`, or a source of its own; either may be empty.
Noises read_noises(const std::string& noise, const std::string& unseen_noise, int rate_hz);

}  // namespace bivox
