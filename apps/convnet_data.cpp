#include "apps/convnet_data.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>

#include "apps/dictionary_words.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/kept_apart.h"
#include "asr/convnet/targets.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "dsp/core/random.h"
#include "dsp/features/front_end.h"
#include "legacy/hmm/alignment.h"
#include "legacy/hmm/tree_building.h"
#include "legacy/training/blocks.h"
#include "legacy/training/corpus.h"
#include "legacy/training/state_alignment.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAlignmentsFile = "alignments.txt";
constexpr const char* kTreeFile = "tree.json";
constexpr const char* kAlignmentsMagic = "bivox-alignments 1";
constexpr int kMaxNoise_s = 30;

using Runs = std::vector<PhoneRun>;

// alignments.txt: the magic, what they are of, then a line an utterance:
//   id <TAB> phone position left right frames <TAB> ...      (no phones: could not be aligned)
void write_alignments(const fs::path& path, const std::string& description,
                      std::span<const UtteranceText> utterances, std::span<const Runs> runs,
                      const PhoneSet& phones) {
  AtomicFile file(path);
  file.stream() << kAlignmentsMagic << '\n' << description << '\n';
  for (size_t u = 0; u < utterances.size(); ++u) {
    file.stream() << utterances[u].id;
    for (const PhoneRun& run : runs[u]) {
      file.stream() << fmt::format(
          "\t{} {} {} {} {}", phones.name(run.phone), static_cast<int>(run.context.position),
          phones.name(run.context.left), phones.name(run.context.right), run.frames);
    }
    file.stream() << '\n';
  }
  file.commit();
}

// Nothing where the file is of other data, or damaged: then alignments are made anew.
std::optional<std::vector<Runs>> read_alignments(const fs::path& path,
                                                 const std::string& description,
                                                 std::span<const UtteranceText> utterances,
                                                 const PhoneSet& phones) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  std::istringstream lines(read_file(path));
  std::string line;
  if (!std::getline(lines, line) || line != kAlignmentsMagic) return std::nullopt;
  if (!std::getline(lines, line) || line != description) return std::nullopt;
  std::vector<Runs> all;
  while (std::getline(lines, line)) {
    if (all.size() == utterances.size()) return std::nullopt;
    std::istringstream fields(line);
    std::string field;
    std::getline(fields, field, '\t');
    if (field != utterances[all.size()].id) return std::nullopt;
    Runs runs;
    while (std::getline(fields, field, '\t')) {
      std::istringstream values(field);
      std::string phone;
      std::string left;
      std::string right;
      int position = 0;
      PhoneRun run;
      if (!(values >> phone >> position >> left >> right >> run.frames)) return std::nullopt;
      const auto centre = phones.find(phone);
      const auto before = phones.find(left);
      const auto after = phones.find(right);
      if (!centre || !before || !after || position < 0 || position > 3 || run.frames < 1) {
        return std::nullopt;
      }
      run.phone = *centre;
      run.context = {static_cast<WordPosition>(position), *before, *after};
      runs.push_back(run);
    }
    all.push_back(std::move(runs));
  }
  if (all.size() != utterances.size()) return std::nullopt;
  return all;
}

// One recording on its way; several threads do blocks of them.
class Preparation {
 public:
  Preparation(std::span<const UtteranceText> utterances, const AcousticModel& aligner,
              const Lexicon& lexicon, const ConvNetDataOptions& options, Console& console)
      : utterances_(utterances),
        aligner_(aligner),
        lexicon_(lexicon),
        options_(options),
        console_(console),
        augmenter_(options.audio, {}),
        tree_front_end_(training_front_end(FeatureForm::kDeltas)),
        runs(utterances.size()),
        examples(utterances.size()),
        seconds(utterances.size(), 0.0),
        faults(utterances.size()) {
    for (const FillerWord& filler : aligner.fillers()) {
      if (filler.phone == aligner.hmms().phones().silence()) fillers_.push_back(filler);
    }
  }

  void run(bool with_alignment, std::vector<ContextStatistics>* statistics) {
    run_blocks(kTrainingBlocks, options_.threads, [&](int block) {
      const auto [first, last] = block_range(block, utterances_.size());
      const std::unique_ptr<AcousticScores> scores = aligner_.make_scores();
      for (size_t u = first; u < last; ++u) {
        try {
          prepare(u, with_alignment, *scores,
                  statistics == nullptr ? nullptr : &(*statistics)[static_cast<size_t>(block)]);
        } catch (const Error& error) {
          faults[u] = error.message();
        }
        const size_t done = ++done_;
        console_.progress(done, utterances_.size(), "preparing");
        if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted");
      }
    });
    console_.progress(0, 0, "");
  }

 private:
  void prepare(size_t u, bool with_alignment, AcousticScores& scores,
               ContextStatistics* statistics) {
    if (!with_alignment && runs[u].empty()) {
      faults[u] = "its text does not fit its audio";
      return;
    }
    const AudioBuffer audio = read_audio(utterances_[u].audio, options_.front_end.sample_rate_hz);
    if (with_alignment) runs[u] = align(u, audio, scores);
    if (runs[u].empty()) {
      faults[u] = "its text does not fit its audio";
      return;
    }
    if (statistics != nullptr) collect(u, audio, *statistics);
    examples[u] = make_example(audio, runs[u], options_.front_end, options_.renderings, &augmenter_,
                               mix_seeds(options_.seed, utterance_hash(utterances_[u].id)));
    seconds[u] = audio.duration_s();
  }

  Runs align(size_t u, const AudioBuffer& audio, AcousticScores& scores) const {
    const std::vector<std::string> words = spell_words(utterances_[u].text, lexicon_);
    if (words.empty()) return {};
    for (const std::string& word : words) {
      if (!lexicon_.find(word)) throw Error(ErrorCode::kInput, fmt::format("no word \"{}\"", word));
    }
    const FeatureMatrix rows = compute_features(aligner_.front_end(), audio);
    AlignmentOptions alignment;
    alignment.frame_shift_s = aligner_.frame_shift_s();
    alignment.silence_penalty = -1.0F;
    const AlignmentGraph graph(aligner_.hmms(), lexicon_, fillers_, words);
    const auto path = best_state_path(aligner_.hmms(), graph, alignment, rows, scores);
    if (!path) return {};
    return phone_runs(to_state_alignment(*path, graph, aligner_.hmms(), scores.frames_ready()));
  }

  // The tree is grown on cepstra with differences, whatever the aligner hears, at 10 ms.
  void collect(size_t u, const AudioBuffer& audio, ContextStatistics& statistics) const {
    const FeatureMatrix rows = compute_features(tree_front_end_, audio);
    const Runs scaled = subsampled_runs(runs[u], static_cast<int>(rows.rows()), 1);
    Eigen::Index t = 0;
    for (const StateRun& run : split_states(scaled, options_.states_per_phone)) {
      for (int i = 0; i < run.frames; ++i, ++t) {
        statistics.add(run.phone, run.state, run.context, rows.row(t).data());
      }
    }
  }

  std::span<const UtteranceText> utterances_;
  const AcousticModel& aligner_;
  const Lexicon& lexicon_;
  const ConvNetDataOptions& options_;
  Console& console_;
  AudioAugmenter augmenter_;
  FrontEndOptions tree_front_end_;
  std::vector<FillerWord> fillers_;
  std::atomic<size_t> done_ = 0;

 public:
  // By utterance.
  std::vector<Runs> runs;
  std::vector<ConvNetExample> examples;
  std::vector<double> seconds;
  std::vector<std::string> faults;
};

StateTree grow(std::vector<ContextStatistics>& parts, const PhoneSet& phones,
               const ConvNetDataOptions& options) {
  for (size_t block = 1; block < parts.size(); ++block) parts[0].add(parts[block]);
  TreeOptions growing;
  growing.max_states = options.states;
  return grow_state_tree(parts[0], phones, options.states_per_phone, growing);
}

}  // namespace

ConvNetData make_convnet_data(std::span<const UtteranceText> utterances,
                              const AcousticModel& aligner, const Lexicon& lexicon,
                              const StateTree* tree, const ConvNetDataOptions& options,
                              Console& console) {
  const PhoneSet& phones = aligner.hmms().phones();
  std::error_code failure;
  fs::create_directories(options.folder, failure);
  if (failure) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: cannot be made: {}", options.folder.string(), failure.message()));
  }
  Preparation work(utterances, aligner, lexicon, options, console);
  auto kept =
      read_alignments(options.folder / kAlignmentsFile, options.description, utterances, phones);
  std::optional<StateTree> kept_tree;
  const fs::path tree_path = options.folder / kTreeFile;
  if (tree != nullptr) {
    kept_tree = *tree;
  } else if (kept && fs::exists(tree_path, failure)) {
    HmmFile hmm = parse_hmm_json(read_file(tree_path), tree_path.string());
    if (hmm.tree.states_per_hmm() == options.states_per_phone) kept_tree = std::move(hmm.tree);
  }
  std::vector<ContextStatistics> statistics;
  if (!kept_tree) {
    const int dims = training_front_end(FeatureForm::kDeltas).dims();
    statistics.assign(kTrainingBlocks, ContextStatistics(phones, dims));
  }
  if (kept) work.runs = std::move(*kept);
  work.run(!kept, kept_tree ? nullptr : &statistics);
  if (!kept) {
    write_alignments(options.folder / kAlignmentsFile, options.description, utterances, work.runs,
                     phones);
  }
  if (!kept_tree) {
    kept_tree = grow(statistics, phones, options);
    AtomicFile file(tree_path);
    file.stream() << write_hmm_json(HmmFile(*kept_tree));
    file.commit();
  }

  ConvNetData data{{}, {}, std::move(*kept_tree), 0.0, {}};
  for (size_t u = 0; u < utterances.size(); ++u) {
    if (!work.faults[u].empty()) {
      data.left_out.push_back(fmt::format("{}: {}", utterances[u].id, work.faults[u]));
      continue;
    }
    const bool is_dev = is_kept_apart(utterances[u].id);
    (is_dev ? data.dev : data.train).push_back(std::move(work.examples[u]));
    data.audio_s += work.seconds[u];
  }
  if (data.train.empty()) {
    throw Error(ErrorCode::kInput, "no utterance to train on",
                data.left_out.empty() ? "name data with texts" : data.left_out.front());
  }
  return data;
}

std::vector<Rendering> make_noises(std::span<const std::string> sources,
                                   const FrontEndOptions& front_end) {
  std::vector<Rendering> noises;
  if (sources.empty()) return noises;
  FrontEndOptions plain = front_end;
  plain.cmvn = {};
  for (const InputFile& file : expand_inputs(sources)) {
    AudioBuffer audio = read_audio(file.path, front_end.sample_rate_hz);
    const auto most = static_cast<size_t>(kMaxNoise_s * front_end.sample_rate_hz);
    if (audio.samples.size() > most) audio.samples.resize(most);
    Rendering noise = Rendering::pack(compute_features(plain, audio));
    if (noise.frames > 0) noises.push_back(std::move(noise));
  }
  return noises;
}

ConvNetExample silent_example(const Rendering& noise, const PhoneSet& phones) {
  const PhoneId silence = phones.silence();
  ConvNetExample example;
  example.phones = {{silence, {WordPosition::kSingle, silence, silence}, noise.frames}};
  example.renderings = {noise};
  return example;
}

}  // namespace bivox
