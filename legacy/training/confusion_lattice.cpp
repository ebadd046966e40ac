#include "legacy/training/confusion_lattice.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "dsp/core/check.h"
#include "legacy/training/blocks.h"
#include "models/lm/ngram_builder.h"

namespace bivox {
namespace {

DecoderOptions decoder_options(const ConfusionOptions& options) {
  DecoderOptions out;
  // Language model scores count as they are once the path's score is scaled.
  out.language_weight = 1.0F / options.scale;
  out.word_penalty = 0.0F;
  out.pronunciation_weight = out.language_weight;
  out.beam = options.beam;
  out.word_beam = options.word_beam;
  out.leaf_beam = options.beam;
  out.max_active = options.max_active;
  out.minimum_bayes_risk = false;
  return out;
}

ConfusionLattice to_confusions(const Lattice& lattice, const SearchNetwork& network,
                               const ConfusionOptions& options) {
  const std::vector<double> posterior = arc_posteriors(lattice, static_cast<double>(options.scale));
  const PhoneId silence = network.tree().silence();
  const auto phones_of = [&](TreeWord word) -> std::span<const PhoneId> {
    if (network.tree().is_filler(word)) return {&silence, 1};
    const PrefixTree::Word& entry = network.tree().word(word);
    return network.lexicon().pronunciation(entry.word, entry.pronunciation);
  };
  std::vector<PhoneId> left(lattice.nodes.size(), silence);
  std::vector<PhoneId> right(lattice.nodes.size(), silence);
  std::vector<bool> is_kept(lattice.nodes.size(), false);
  is_kept[0] = true;
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    if (posterior[a] < options.min_posterior) continue;
    const LatticeArc& arc = lattice.arcs[a];
    left[arc.to] = phones_of(arc.word).back();
    right[arc.from] = phones_of(arc.word).front();
    is_kept[arc.to] = true;
  }
  ConfusionLattice out;
  std::vector<uint32_t> number(lattice.nodes.size(), 0);
  for (size_t n = 0; n < lattice.nodes.size(); ++n) {
    if (!is_kept[n]) continue;
    number[n] = static_cast<uint32_t>(out.frames.size());
    out.frames.push_back(lattice.nodes[n].frame);
  }
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    if (posterior[a] < options.min_posterior) continue;
    const LatticeArc& arc = lattice.arcs[a];
    ConfusionArc entry;
    entry.from = number[arc.from];
    entry.to = number[arc.to];
    if (!network.tree().is_filler(arc.word)) {
      entry.word = network.tree().word(arc.word).word;
      entry.pronunciation = network.tree().word(arc.word).pronunciation;
    }
    entry.left = left[arc.from];
    entry.right = right[arc.to];
    entry.graph = lattice.language_weight * arc.language + arc.penalty;
    out.arcs.push_back(entry);
  }
  for (const Lattice::Final& final : lattice.finals) {
    if (is_kept[final.node]) out.finals.push_back({number[final.node], final.score});
  }
  return out;
}

}  // namespace

LanguageModel unigram_model(const TrainingCorpus& corpus) {
  std::map<std::string, int64_t> counts;
  int64_t total = 0;
  for (const TrainingUtterance& utterance : corpus.utterances) {
    for (const std::string& word : utterance.words) {
      if (word == kUnknownWord) continue;
      ++counts[word];
      ++total;
    }
  }
  const auto sentences = static_cast<int64_t>(corpus.utterances.size());
  total += sentences;
  counts["</s>"] = sentences;
  counts["<s>"] = 0;
  NgramTables tables;
  uint32_t end = 0;
  for (const auto& [word, count] : counts) {
    if (word == "</s>") end = static_cast<uint32_t>(tables.word_ends.size());
    tables.word_bytes += word;
    tables.word_ends.push_back(static_cast<uint32_t>(tables.word_bytes.size()));
    tables.unigram_log_probs.push_back(
        count == 0 ? -100.0F
                   : static_cast<float>(
                         std::log(static_cast<double>(count) / static_cast<double>(total))));
    tables.unigram_backoffs.push_back(0.0F);
  }
  // Each word followed by the sentence's end, as likely as ever.
  NgramLevel& pairs = tables.levels.emplace_back();
  pairs.codebook = {tables.unigram_log_probs[end]};
  pairs.words.assign(counts.size(), end);
  pairs.probs.assign(counts.size(), 0);
  for (uint32_t context = 0; context <= counts.size(); ++context) pairs.begins.push_back(context);
  return {build_ngram_model(tables, "unigrams of the training texts")};
}

std::vector<ConfusionLattice> find_confusions(const GmmHmm& model, const TrainingCorpus& corpus,
                                              const Lexicon& lexicon,
                                              const std::vector<FeatureMatrix>& features,
                                              const ConfusionOptions& options, int threads,
                                              Communicator* communicator) {
  BIVOX_CHECK(features.size() == corpus.utterances.size());
  const auto hmms = std::make_shared<const HmmSet>(model.hmms());
  const auto gmms = std::make_shared<const GmmSet>(model.mixtures.to_parameters());
  const auto network = std::make_shared<const SearchNetwork>(
      hmms, std::vector<FillerWord>{{"<sil>", hmms->phones().silence()}}, lexicon,
      unigram_model(corpus));
  const int rank = communicator ? communicator->rank() : 0;
  const int ranks = communicator ? communicator->ranks() : 1;
  std::vector<ConfusionLattice> out(features.size());
  run_blocks(kTrainingBlocks, threads, [&](int block) {
    if (block % ranks != rank) return;
    Decoder decoder(network, decoder_options(options));
    GmmScores scores(gmms);
    const auto [first, last] = block_range(block, features.size());
    for (size_t u = first; u < last; ++u) {
      scores.reset();
      scores.accept(features[u]);
      scores.finish();
      const DecoderResult result = decoder.decode(scores);
      if (result.complete) out[u] = to_confusions(result.lattice, *network, options);
    }
  });
  return out;
}

}  // namespace bivox
