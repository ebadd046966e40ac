#include "legacy/training/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <sstream>

#include "dsp/audio/audio_file.h"
#include "dsp/augment/speed.h"
#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/features/front_end.h"
#include "dsp/features/splice.h"
#include "legacy/training/blocks.h"
#include "models/lexicon/text_normalization.h"

namespace bivox {
namespace {

constexpr int kSplice = 3;  // frames on either side

// Nothing shorter holds a word.
constexpr int kMinFrames = 20;

/// "AH" for "AH0".
std::string without_stress(std::string name) {
  if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())) != 0) name.pop_back();
  return name;
}

std::vector<std::string> words_of(std::string_view text, const Lexicon& lexicon, int64_t& unknown) {
  std::vector<std::string> words;
  std::istringstream tokens(normalize_text(text));
  for (std::string word; tokens >> word;) {
    if (!lexicon.find(word)) {
      ++unknown;
      word = kUnknownWord;
    }
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

FrontEndOptions training_front_end(FeatureForm form) {
  FrontEndOptions options = kaldi_mfcc_front_end();
  options.num_mel = 30;
  options.cmvn.kind = CmvnKind::kUtterance;
  if (form == FeatureForm::kDeltas) {
    options.deltas = DeltaKind::kRegression;
  } else {
    options.splice_left = kSplice;
    options.splice_right = kSplice;
  }
  return options;
}

FeatureMatrix expand_features(const FeatureMatrix& cepstra, FeatureForm form) {
  const FrontEndOptions options = training_front_end(form);
  const auto dims = static_cast<int>(cepstra.cols());
  RowQueue in(dims);
  for (Eigen::Index t = 0; t < cepstra.rows(); ++t) in.push(cepstra.data() + t * cepstra.cols());
  RowQueue out(options.dims());
  if (form == FeatureForm::kDeltas) {
    DeltaStage stage(options.deltas, dims, options.delta_order, options.delta_window);
    stage.accept(in, out);
    stage.finish(out);
  } else {
    SpliceStage stage(dims, options.splice_left, options.splice_right);
    stage.accept(in, out);
    stage.finish(out);
  }
  return Eigen::Map<const FeatureMatrix>(out.row(0), out.size(), out.dims());
}

TrainingCorpus load_training_corpus(const std::vector<UtteranceText>& utterances,
                                    const Lexicon& lexicon, int threads,
                                    const std::function<void(size_t, size_t)>& progress,
                                    const std::vector<double>& speeds) {
  FrontEndOptions front_end = training_front_end(FeatureForm::kDeltas);
  front_end.deltas = DeltaKind::kNone;
  BIVOX_CHECK(!speeds.empty());
  const size_t count = utterances.size() * speeds.size();
  const auto mark = [&speeds](size_t i) {
    const double speed = speeds[i % speeds.size()];
    return speed == 1.0 ? std::string() : fmt::format("@{:g}", speed);
  };
  std::vector<TrainingUtterance> loaded(count);
  std::vector<std::string> problems(count);
  std::vector<int64_t> unknown(count, 0);
  size_t done = 0;
  std::mutex mutex;
  run_blocks(static_cast<int>(count), threads, [&](int index) {
    const auto i = static_cast<size_t>(index);
    try {
      TrainingUtterance& to = loaded[i];
      const UtteranceText& from = utterances[i / speeds.size()];
      const double speed = speeds[i % speeds.size()];
      to.id = from.id + mark(i);
      to.words = words_of(from.text, lexicon, unknown[i]);
      AudioBuffer audio = read_audio(from.audio, front_end.sample_rate_hz);
      if (speed != 1.0) audio = change_speed(audio, speed);
      to.cepstra = compute_features(front_end, audio);
      if (to.words.empty()) problems[i] = "no text";
      if (to.cepstra.rows() < kMinFrames) problems[i] = "shorter than 0.2 s";
    } catch (const Error& error) {
      problems[i] = error.message();
    }
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, count);
  });

  TrainingCorpus corpus;
  std::map<std::string, int> speakers;
  for (size_t i = 0; i < count; ++i) {
    if (!problems[i].empty()) {
      corpus.skipped.push_back(
          fmt::format("{}: {}", utterances[i / speeds.size()].id + mark(i), problems[i]));
      continue;
    }
    const UtteranceText& from = utterances[i / speeds.size()];
    const std::string speaker = (from.speaker.empty() ? from.id : from.speaker) + mark(i);
    const auto [entry, added] = speakers.emplace(speaker, static_cast<int>(speakers.size()));
    if (added) corpus.speakers.push_back(speaker);
    loaded[i].speaker = entry->second;
    corpus.num_frames += loaded[i].cepstra.rows();
    corpus.num_words += static_cast<int64_t>(loaded[i].words.size());
    corpus.num_unknown += unknown[i];
    corpus.utterances.push_back(std::move(loaded[i]));
  }
  if (corpus.utterances.empty()) {
    throw Error(
        ErrorCode::kInput,
        fmt::format("none of {} utterances can be used{}", count,
                    corpus.skipped.empty() ? "" : ", the first because " + corpus.skipped[0]));
  }
  if (corpus.num_unknown == corpus.num_words) {
    throw Error(ErrorCode::kInput,
                fmt::format("the dictionary has none of the {} words", corpus.num_words),
                "check its language and that its words are in lower case");
  }
  return corpus;
}

TrainingLexicon load_training_lexicon(const std::filesystem::path& dictionary) {
  PhoneSet found;
  const Lexicon open = Lexicon::load_open(dictionary, found);
  TrainingLexicon out;
  out.phones.add("SIL", true);
  const PhoneId unknown = out.phones.add("SPN", true);
  // Without the stress digits; in the order of the alphabet, whatever the dictionary's order.
  std::vector<std::string> names;
  for (PhoneId p = 0; p < found.size(); ++p) {
    std::string name = without_stress(found.name(p));
    if (name != "SIL") names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  for (const std::string& name : names) out.phones.add(name);
  std::vector<PhoneId> phones;
  for (WordIndex w = 0; w < open.num_words(); ++w) {
    for (int i = 0; i < open.num_pronunciations(w); ++i) {
      phones.clear();
      for (const PhoneId p : open.pronunciation(w, i)) {
        phones.push_back(*out.phones.find(without_stress(found.name(p))));
      }
      out.lexicon.add(open.word(w), phones);
    }
  }
  out.lexicon.add(kUnknownWord, std::vector<PhoneId>{unknown});
  return out;
}

}  // namespace bivox
