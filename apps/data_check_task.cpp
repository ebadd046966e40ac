#include "apps/data_check_task.h"

#include <fmt/format.h>

#include <thread>

#include "apps/dictionary_words.h"
#include "apps/interrupt.h"
#include "apps/ordered_pool.h"
#include "apps/unknown_words.h"
#include "dsp/audio/audio_file.h"
#include "dsp/audio/resample.h"
#include "models/lexicon/lexicon.h"

namespace bivox {
namespace {

// Below this there is nothing to align: digital silence with rounding noise.
constexpr double kNothingDb = -90.0;

struct Job {
  const std::vector<UtteranceText>& utterances;
  const AcousticModel& model;
  const Lexicon& lexicon;
  const TextFitter& fitter;
  const std::vector<DictionaryWords>& texts;  // before unknown words were pronounced
};

UtteranceFacts measure(const Job& job, size_t index, AcousticScores& scores) {
  const UtteranceText& utterance = job.utterances[index];
  UtteranceFacts facts;
  facts.id = utterance.id;
  facts.speaker = utterance.speaker;
  facts.text = utterance.text;
  facts.unknown = job.texts[index].unknown;
  facts.words = find_dictionary_words(utterance.text, job.lexicon).words;
  const FrontEndOptions& front_end = job.model.front_end();
  AudioBuffer audio;
  try {
    const AudioBuffer original = read_audio(utterance.audio);
    audio = resample(original, front_end.sample_rate_hz);
    facts.audio = audio_facts(original, audio);
  } catch (const Error& error) {
    facts.unreadable = error.message();
    return facts;
  }
  if (facts.words.empty() || facts.audio.speech_level_db <= kNothingDb) return facts;
  try {
    facts.fit = job.fitter.fit(facts.words, compute_features(front_end, audio), scores);
  } catch (const Error& error) {
    facts.unfit = error.message();
  }
  return facts;
}

}  // namespace

DataSetCheck check_data_set(const std::vector<UtteranceText>& utterances,
                            const EngineOptions& engine_options, DataCheckOptions options, int jobs,
                            Console& console) {
  const Engine engine = load_acoustic_engine(engine_options, false);
  const PhoneSet& phones = engine.model->hmms().phones();
  Lexicon lexicon = Lexicon::load(engine.files.dictionary, phones);
  add_listed_words(engine_options.vocabulary, phones, lexicon);
  std::vector<DictionaryWords> texts;
  std::vector<std::string> unknown;
  for (const UtteranceText& utterance : utterances) {
    const DictionaryWords& words =
        texts.emplace_back(find_dictionary_words(utterance.text, lexicon));
    unknown.insert(unknown.end(), words.unknown.begin(), words.unknown.end());
  }
  try {
    complete_lexicon(lexicon, phones, unknown);
  } catch (const Error& error) {
    console.warning(error.what());  // such words are then left out of the alignment
  }
  TextFitOptions fit;
  fit.alignment.frame_shift_s = engine.model->front_end().frame_shift_s;
  const TextFitter fitter(engine.model->hmms(), lexicon, engine.model->fillers(), fit);
  const Job job = {utterances, *engine.model, lexicon, fitter, texts};

  DataSetCheck check;
  options.frame_shift_s = fit.alignment.frame_shift_s;
  options.model_rate_hz = engine.model->front_end().sample_rate_hz;
  check.options = options;
  const int threads = jobs > 0 ? jobs : static_cast<int>(std::thread::hardware_concurrency());
  run_ordered<UtteranceFacts>(
      utterances.size(), threads,
      [&] {
        const std::shared_ptr<AcousticScores> scores = engine.model->make_scores();
        return [&job, scores](size_t index) { return measure(job, index, *scores); };
      },
      [&](size_t index, const UtteranceFacts& facts) {
        check.audio_s += facts.audio.duration_s;
        check.facts.push_back(facts);
        console.progress(index + 1, utterances.size(), facts.id);
      },
      interrupted);
  console.progress(0, 0, "");
  check.complete = check.facts.size() == utterances.size();
  if (check.complete) check.checked = check_data(check.facts, check.options);
  return check;
}

}  // namespace bivox
