// The posteriors of states in lattices of confusions, against sums over all paths. That training on
// them raises its objective is tested with the ladder (training_test.cpp).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dsp/core/random.h"
#include "legacy/training/lattice_posteriors.h"

namespace bivox {
namespace {

// A model of three phones with random mixtures and three words: "a", "b" and "ab".
struct Toy {
  TrainingLexicon lexicon;
  GmmHmm model;

  static TrainingLexicon make_lexicon() {
    TrainingLexicon out;
    out.phones.add("SIL", true);
    out.phones.add("A");
    out.phones.add("B");
    out.lexicon = Lexicon::parse("a A\nb B\nab A B\n", out.phones, "toy");
    return out;
  }
  Toy() : lexicon(make_lexicon()), model(StateTree(lexicon.phones, 2), FeatureForm::kDeltas) {
    const std::vector<float> zeros(2, 0.0F);
    const std::vector<float> ones(2, 1.0F);
    model.mixtures = MixtureModel(model.tree.num_states(), zeros, ones);
    Random random(5);
    for (int s = 0; s < model.mixtures.num_states(); ++s) {
      for (float& m : model.mixtures.state(s).means) m = static_cast<float>(random.gaussian());
    }
  }
};

ConfusionArc arc(uint32_t from, uint32_t to, WordIndex word, float graph) {
  ConfusionArc out;
  out.from = from;
  out.to = to;
  out.word = word;
  out.graph = graph;
  return out;
}

// log of the best state path through phones for frames [begin, end), and its states.
struct Best {
  double score = -std::numeric_limits<double>::infinity();
  std::vector<int> states;
  std::vector<PhoneId> phones;
};

void extend(const Toy& toy, const HmmSet& hmms, const FeatureMatrix& features,
            const std::vector<PhoneId>& phones, int frame, int end, size_t at, int state,
            double score, Best& path, Best& best) {
  if (frame == end) {
    if (at == phones.size() && score > best.score) {
      best = path;
      best.score = score;
    }
    return;
  }
  if (at == phones.size()) return;
  const HmmId hmm = hmms.hmm(WordPosition::kSingle, phones[at], 0, 0);
  const auto row = hmms.transition_log_probs(hmms.transitions(hmm));
  EmStatistics statistics(toy.model.mixtures);
  const int tied = hmms.states(hmm)[static_cast<size_t>(state)];
  score += statistics.accumulate(tied, features.row(frame).data());
  path.states.push_back(tied);
  path.phones.push_back(phones[at]);
  for (int to = state; to <= state + 1; ++to) {
    const double step = static_cast<double>(row[static_cast<size_t>(state * 3 + to)]);
    if (to == state && frame + 1 == end) continue;
    extend(toy, hmms, features, phones, frame + 1, end, to == 2 ? at + 1 : at, to == 2 ? 0 : to,
           score + step, path, best);
  }
  path.states.pop_back();
  path.phones.pop_back();
}

TEST(LatticePosteriors, AreThoseOfAllPaths) {
  const Toy toy;
  const HmmSet hmms = toy.model.hmms();
  Random random(11);
  constexpr int kFrames = 12;
  FeatureMatrix features(kFrames, 2);
  for (Eigen::Index i = 0; i < features.size(); ++i) {
    features.data()[i] = static_cast<float>(random.gaussian());
  }
  // silence, then "a b" or "ab" over two times, then silence.
  ConfusionLattice lattice;
  lattice.frames = {0, 3, 6, 10, 12};
  lattice.arcs = {arc(0, 1, ConfusionArc::kSilenceWord, -1.0F),
                  arc(1, 2, 0, -2.0F),
                  arc(1, 3, 2, -3.5F),
                  arc(2, 3, 1, -2.5F),
                  arc(2, 3, 0, -2.2F),
                  arc(3, 4, ConfusionArc::kSilenceWord, -1.0F)};
  lattice.finals = {{4, -0.5F}, {3, -9.0F}};
  StateAlignment reference;
  for (const PhoneId phone : {0, 1, 2, 0}) {
    for (int16_t state = 0; state < 2; ++state) {
      reference.push_back({phone, state, {WordPosition::kSingle, 0, 0}, state == 0 ? 1 : 2});
    }
  }
  const LatticePosteriorOptions options{0.3F, 0.2F};
  const auto gmms = std::make_shared<const GmmSet>(toy.model.mixtures.to_parameters());
  LatticeAligner aligner(hmms, toy.lexicon.lexicon, gmms, options);
  for (int turn = 0; turn < 2; ++turn) {  // what is left of one utterance must not enter the next
    const LatticePosteriors got = aligner.posteriors(lattice, features, reference);

    std::vector<std::vector<double>> expected(
        kFrames, std::vector<double>(static_cast<size_t>(hmms.num_states()), 0.0));
    double total = 0.0;
    double errors = 0.0;
    const std::vector<std::vector<size_t>> paths = {{0, 1, 3, 5}, {0, 1, 4, 5}, {0, 2, 5},
                                                    {0, 1, 3},    {0, 1, 4},    {0, 2}};
    for (const std::vector<size_t>& path : paths) {
      double score = options.scale * static_cast<double>(path.back() == 5 ? -0.5F : -9.0F);
      double wrong = 0.0;
      std::vector<int> states;
      for (const size_t a : path) {
        const ConfusionArc& entry = lattice.arcs[a];
        std::vector<PhoneId> phones = {0};
        if (entry.word >= 0) {
          const auto spoken = toy.lexicon.lexicon.pronunciation(entry.word, 0);
          phones.assign(spoken.begin(), spoken.end());
        }
        Best best;
        Best so_far;
        extend(toy, hmms, features, phones, lattice.frames[entry.from], lattice.frames[entry.to], 0,
               0, 0.0, so_far, best);
        score += options.scale * (best.score + static_cast<double>(entry.graph));
        for (size_t i = 0; i < best.phones.size(); ++i) {
          const PhoneId said = static_cast<PhoneId>(std::vector<int>{
              0, 1, 2, 0}[(static_cast<size_t>(lattice.frames[entry.from]) + i) / 3]);
          if (best.phones[i] != 0 && best.phones[i] != said) wrong += 1.0;
        }
        states.insert(states.end(), best.states.begin(), best.states.end());
      }
      const double weight = std::exp(score + options.boost * wrong);
      total += weight;
      errors += weight * wrong;
      for (size_t t = 0; t < states.size(); ++t) {
        expected[t][static_cast<size_t>(states[t])] += weight;
      }
    }
    EXPECT_NEAR(got.log_total, std::log(total), 1e-4);
    EXPECT_NEAR(got.expected_errors, errors / total, 1e-4);
    ASSERT_EQ(got.frames.size(), static_cast<size_t>(kFrames));
    for (size_t t = 0; t < got.frames.size(); ++t) {
      std::vector<double> weights(static_cast<size_t>(hmms.num_states()), 0.0);
      for (const StateWeight& entry : got.frames[t]) {
        weights[static_cast<size_t>(entry.state)] += static_cast<double>(entry.weight);
      }
      for (size_t s = 0; s < weights.size(); ++s) {
        EXPECT_NEAR(weights[s], expected[t][s] / total, 1e-4) << t << " " << s;
      }
    }
  }
}

TEST(LatticePosteriors, WordsThatDoNotFitTheirTimeAreNoPath) {
  const Toy toy;
  const HmmSet hmms = toy.model.hmms();
  const FeatureMatrix features = FeatureMatrix::Zero(3, 2);
  ConfusionLattice lattice;
  lattice.frames = {0, 3};
  lattice.arcs = {arc(0, 1, 2, 0.0F)};  // four states in three frames
  lattice.finals = {{1, 0.0F}};
  const StateAlignment reference = {{1, 0, {WordPosition::kSingle, 0, 0}, 1},
                                    {1, 1, {WordPosition::kSingle, 0, 0}, 2}};
  const auto gmms = std::make_shared<const GmmSet>(toy.model.mixtures.to_parameters());
  LatticeAligner aligner(hmms, toy.lexicon.lexicon, gmms, {});
  EXPECT_TRUE(aligner.posteriors(lattice, features, reference).frames.empty());
  EXPECT_TRUE(aligner.posteriors({}, features, reference).frames.empty());
}

TEST(UnigramModel, IsOfTheTextsAndKeepsWordsApart) {
  TrainingCorpus corpus;
  corpus.utterances.push_back({"one", 0, {"a", "b", "a", std::string(kUnknownWord)}, {}});
  const LanguageModel lm = unigram_model(corpus);
  EXPECT_FALSE(lm.find(kUnknownWord).has_value());
  const LmWord a = lm.find("a").value();
  const LmWord b = lm.find("b").value();
  const auto first = lm.step(lm.begin_state(), a);
  EXPECT_NEAR(first.log_prob, std::log(2.0 / 4.0), 1e-5);
  const auto second = lm.step(first.next, b);
  EXPECT_NEAR(second.log_prob, std::log(1.0 / 4.0), 1e-5);
  EXPECT_NE(first.next, second.next);
  EXPECT_NEAR(lm.step(second.next, lm.sentence_end().value()).log_prob, std::log(1.0 / 4.0), 1e-5);
}

}  // namespace
}  // namespace bivox
