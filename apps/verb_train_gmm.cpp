// bivox train gmm: Gaussian mixtures and hidden Markov models, rung after rung.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "apps/interrupt.h"
#include "apps/training_data.h"
#include "apps/training_lexicon.h"
#include "apps/verb_train.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "legacy/training/ladder.h"
#include "legacy/training/pronunciation_counts.h"
#include "legacy/training/trained_model.h"
#include "models/io/model_folder.h"
#include "models/lexicon/pronunciation_probabilities.h"

namespace bivox {
namespace {

constexpr const char* kRungs[] = {"mono", "tri", "lda-mllt", "sat", "bmmi"};
constexpr const char* kDictionaryFile = "words.dict";

struct Options {
  std::vector<std::string> data;
  std::string output = "gmm-model";
  std::string run_folder;
  std::string dictionary;
  std::string upto = "sat";
  std::string card_note;
  std::string command;
  LadderOptions ladder;
  int states = LadderOptions{}.sat_states;
  int gaussians = LadderOptions{}.sat_gaussians;
  int threads = 0;
  bool no_g2p = false;
};

// Thrown out of the ladder between two passes; what is done is kept in the run folder.
struct Interruption {};

double hours(int64_t frames) {
  return static_cast<double>(frames) * training_front_end(FeatureForm::kDeltas).frame_shift_s /
         3600.0;
}

std::string card_of(const Options& options, const TrainingCorpus& corpus, const TextLexicon& words,
                    const GmmModel& model, const std::vector<TrainingPass>& passes) {
  std::string rungs;
  for (size_t i = 0; i < passes.size(); ++i) {
    const TrainingPass& pass = passes[i];
    if (i + 1 < passes.size() && passes[i + 1].rung == pass.rung) continue;
    rungs += fmt::format("| {} | {} | {} | {} | {:.3f} |\n", pass.rung, pass.pass + 1,
                         pass.num_states, pass.num_gaussians, pass.log_likelihood_per_frame);
  }
  return fmt::format(
      "# Gaussian mixtures, hidden Markov models\n\n"
      "Recognizes speech at {} Hz: {} tied states, {} Gaussians of {} dimensions, rung "
      "\"{}\"{}.\n\n"
      "## Training\n\n"
      "    {}\n\n"
      "- Data: {}: {:.2f} hours, {} utterances, {} words, {} speakers.\n"
      "- Left out: {} utterances that could not be read or had no text.\n"
      "- Dictionary: {}; {} words pronounced by their letters, {} words unknown.\n"
      "- Seed {}.\n\n"
      "| rung | passes | states | Gaussians | log-likelihood a frame |\n|---|---|---|---|---|\n{}\n"
      "Likelihoods of rungs with different features cannot be compared.\n\n"
      "## Licence\n\n{}\n",
      model.front_end.sample_rate_hz, model.mixtures.num_states(), model.mixtures.num_gaussians(),
      model.mixtures.dims(), model.rung,
      model.wants_adaptation() ? fmt::format(", with a model of {} Gaussians for speech that is "
                                             "not adapted",
                                             model.unadapted().mixtures.num_gaussians())
                               : "",
      options.command, source_names(options.data), hours(corpus.num_frames),
      corpus.utterances.size(), corpus.num_words, corpus.speakers.size(), corpus.skipped.size(),
      options.dictionary.empty() ? kTrainingDictionary : words.path.filename().string(),
      words.pronounced, corpus.num_unknown, options.ladder.seed, rungs,
      options.card_note.empty() ? "That of the recordings it was trained on." : options.card_note);
}

void write_model(const Options& options, const TrainingCorpus& corpus, const TextLexicon& words,
                 GmmModel model, const Ladder& ladder, const std::vector<TrainingPass>& passes) {
  const std::string name = std::filesystem::path(options.output).filename().string();
  ModelFolderWriter writer(options.output, kGmmModelKind, name);
  if (options.dictionary.empty()) {
    model.dictionary = kTrainingDictionary;
  } else {
    model.dictionary = kDictionaryFile;
    writer.add_file(kDictionaryFile, read_file(words.path));
  }
  const Lexicon& lexicon = words.training.lexicon;
  const PhoneSet& phones = words.training.phones;
  save_pronunciation_probabilities(
      writer.new_file(kPronunciationsFile), phones,
      pronunciation_probabilities(
          lexicon, count_pronunciations(corpus, ladder.alignments(), lexicon, phones.silence())));
  save_gmm_model(model, writer);
  writer.set_card(card_of(options, corpus, words, model, passes));
  writer.commit();
}

// Climbs as far as wanted.
GmmModel climb(Ladder& ladder, const std::string& upto) {
  const GmmHmm& mono = ladder.train_mono();
  if (upto == kRungs[0]) return make_gmm_model(mono, upto);
  const GmmHmm& tri = ladder.train_tri();
  if (upto == kRungs[1]) return make_gmm_model(tri, upto);
  GmmHmm first = ladder.train_lda_mllt();
  if (upto == kRungs[2]) return make_gmm_model(first, upto);
  const GmmHmm* last = &ladder.train_sat();
  if (upto == kRungs[4]) last = &ladder.train_bmmi(first);
  return make_gmm_model(*last, upto,
                        std::make_shared<const GmmModel>(make_gmm_model(first, kRungs[2])));
}

int run_train_gmm(Options options, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  options.output = checked_model_output(options.output);
  options.ladder.threads = resolved_threads(options.threads);
  options.ladder.lda_states = options.ladder.sat_states = options.states;
  options.ladder.lda_gaussians = options.ladder.sat_gaussians = options.gaussians;
  options.ladder.folder = options.run_folder.empty() ? options.output + ".run" : options.run_folder;

  const std::vector<UtteranceText> data = read_training_data(options.data);
  TextLexicon words = load_text_lexicon(options.dictionary, data, !options.no_g2p, console);
  try {
    const TrainingCorpus corpus = load_training_corpus(
        data, words.training.lexicon, options.ladder.threads, [&](size_t done, size_t total) {
          console.progress(done, total, "reading");
          if (interrupted()) throw Interruption{};
        });
    console.progress(0, 0, "");
    for (const std::string& problem : corpus.skipped) console.log(LogLevel::kNotice, problem);
    console.report(
        fmt::format("bivox: {:.2f} hours, {} utterances, {} speakers, {} words, {} "
                    "unknown",
                    hours(corpus.num_frames), corpus.utterances.size(), corpus.speakers.size(),
                    corpus.num_words, corpus.num_unknown));
    Ladder ladder(corpus, words.training, options.ladder, [&](const TrainingPass& pass) {
      console.report(fmt::format(
          "{:8} pass {:2}: log-likelihood/frame {:8.3f}, {} states, {} Gaussians, {} aligned, "
          "{:.1f} s",
          pass.rung, pass.pass + 1, pass.log_likelihood_per_frame, pass.num_states,
          pass.num_gaussians, pass.num_aligned, pass.seconds));
      if (interrupted()) throw Interruption{};
    });
    GmmModel model = climb(ladder, options.upto);
    write_model(options, corpus, words, std::move(model), ladder,
                load_passes(options.ladder.folder / "passes.tsv"));
  } catch (const Interruption&) {
    console.progress(0, 0, "");
    console.warning("interrupted: the same command goes on from the last passes that were saved");
    return kInterruptedExitCode;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  console.report(fmt::format("bivox: model {} after {:.0f} s; passes in {}", options.output,
                             took.count(), (options.ladder.folder / "passes.tsv").string()));
  return 0;
}

// The command to put into the card: as it was given, but without paths of this machine.
std::string command_text(const Options& options) {
  std::string text = "bivox train gmm " + source_names(options.data);
  const LadderOptions& l = options.ladder;
  text +=
      fmt::format(" --upto {} --tri-states {} --tri-gaussians {} --states {} --gaussians {}",
                  options.upto, l.tri_states, l.tri_gaussians, options.states, options.gaussians);
  return text + fmt::format(" --seed {}", l.seed);
}

}  // namespace

void add_train_gmm_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "gmm",
      "Train Gaussian mixtures and hidden Markov models from audio and text: phones alone (mono), "
      "phones\n"
      "in context tied by a tree (tri), discriminative features (lda-mllt), adaptation to speakers "
      "(sat),\n"
      "and mixtures that tell what was said from what could have been heard (bmmi).\n"
      "DATA are PATH or PATH:SPLIT: a manifest.tsv (id path split speaker gender seconds text) or "
      "its\n"
      "folder, or a folder of recordings with a .txt file beside each. One line a pass goes to "
      "standard\n"
      "error; the folder of the run holds them as passes.tsv, and what an interrupted run goes on "
      "from.",
      "  bivox train gmm recordings/ -o my-gmm\n"
      "  bivox train gmm librispeech/:train-clean-5 --upto tri -o quick-gmm\n"
      "  bivox train gmm librispeech/:train-clean-5 speechocean762/:train --gaussians 25000 -o "
      "large-gmm",
      action, [options](Console& console) {
        Options given = *options;
        given.command = command_text(given);
        return run_train_gmm(std::move(given), console);
      });
  verb.add_option("DATA", options->data, "Recordings with texts")->required();
  verb.add_option("-o,--output", options->output, "Model folder to write");
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of the run's states and log (default: OUTPUT.run)");
  verb.add_option("--dict", options->dictionary,
                  "Dictionary in CMUdict form, kept with the model (default: that of en-small)");
  verb.add_flag("--no-g2p", options->no_g2p,
                "Take words that the dictionary lacks as unknown instead of pronouncing them");
  verb.add_option("--upto", options->upto, "Last rung")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kRungs), std::end(kRungs))));
  LadderOptions& ladder = options->ladder;
  const auto size = [](int least) { return CLI::Range(least, 1000000); };
  verb.add_option("--mono-gaussians", ladder.mono_gaussians, "Gaussians of the rung mono")
      ->check(size(1));
  verb.add_option("--tri-states", ladder.tri_states, "Tied states of the rung tri")->check(size(1));
  verb.add_option("--tri-gaussians", ladder.tri_gaussians, "Gaussians of the rung tri")
      ->check(size(1));
  verb.add_option("--states", options->states, "Tied states of the rungs lda-mllt and sat")
      ->check(size(1));
  verb.add_option("--gaussians", options->gaussians, "Gaussians of the rungs lda-mllt and sat")
      ->check(size(1));
  verb.add_option("--lda-dims", ladder.lda_dims, "Dimensions that LDA keeps")
      ->check(CLI::Range(2, 91));
  verb.add_option("--card-note", options->card_note,
                  "Licence and origin of the data, for the model card");
  verb.add_option("--seed", ladder.seed, "The same seed gives the same model");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
}

}  // namespace bivox
