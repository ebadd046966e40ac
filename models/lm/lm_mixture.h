// Linear interpolation of language models, as one back-off model.
//
//   P(w | h) = sum_i lambda_i P_i(w | h),   lambda_i >= 0, sum_i lambda_i = 1
//
// for every n-gram that one of the models lists; the back-off weights are set so that all sums are
// 1. Where no model lists (h, w), the result backs off, which is close to the interpolation and not
// the same. The vocabulary is the union; a model gives no probability to the words that it lacks
// and goes on as after its <unk>.
// The weights: given, or those that make a held-out text most likely, by expectation maximization:
//   lambda_i <- 1/n sum_t lambda_i P_i(w_t | h_t) / sum_j lambda_j P_j(w_t | h_t)
// which is concave and has one maximum. Words that no model has are left out.
// Thread rule: free functions; the models may be shared. Errors: Error(kInput) for a held-out text
// without known words; Error(kUsage) for weights that are no distribution. Sources: Jelinek &
// Mercer 1980; Dempster et al. 1977. Test: tests/models/lm_mixture_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/lm/backoff_trie.h"
#include "models/lm/ngram.h"
#include "models/lm/text_lines.h"

namespace bivox {

using LanguageModels = std::span<const std::shared_ptr<const NgramModel>>;

BackoffTrie mix_models(LanguageModels models, std::span<const double> weights);

struct MixtureWeights {
  std::vector<double> weights;
  double perplexity = 0.0;       ///< Of the held-out text by the interpolation itself.
  std::vector<double> of_model;  ///< Perplexity by each alone, words it lacks at 1e-10.
  int iterations = 0;
};
MixtureWeights tune_mixture(LanguageModels models, TextLines& held_out, bool lower_case = false);

}  // namespace bivox
