#include "apps/compare_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "apps/interrupt.h"
#include "apps/ordered_pool.h"
#include "apps/process_memory.h"
#include "dsp/audio/audio_file.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr double kBlock_s = 0.1;

double thread_core_s() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double clock_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What came of one utterance.
struct Outcome {
  SystemHypothesis hypothesis;
  double duration_s = 0.0;
  double core_s = SystemMeasures::kUnknown;
  double wall_s = 0.0;
  double latency_s = SystemMeasures::kUnknown;
  double multiply_adds = 0.0;
};

double end_of_speech(const TranscriptSegment& segment) {
  return segment.words.empty() ? segment.end_s : segment.words.back().end_s;
}

Outcome recognize(const UtteranceText& utterance, const NoiseSetting& noise,
                  const TextNormalization& normalization, Recognizer& recognizer) {
  Outcome outcome;
  AudioBuffer audio = read_audio(utterance.audio, recognizer.sample_rate_hz());
  outcome.duration_s = audio.duration_s();
  if (noise.pool != nullptr) {
    audio = noise.pool->mix(audio, utterance.id, noise.snr_db, noise.seed);
  }
  const auto block = static_cast<size_t>(kBlock_s * audio.sample_rate_hz);
  const auto operations_before = static_cast<double>(recognizer.scores().multiply_adds());
  const double core_before = thread_core_s();
  const double wall_before = clock_s();
  recognizer.begin(utterance.audio.string());
  for (size_t at = 0; at < audio.samples.size(); at += block) {
    const size_t count = std::min(block, audio.samples.size() - at);
    const bool waiting = recognizer.segments().empty();
    const double before = clock_s();
    recognizer.accept(audio.view().part(at, count));
    if (waiting && !recognizer.segments().empty()) {
      const double heard_s = static_cast<double>(at + count) / audio.sample_rate_hz;
      outcome.latency_s = heard_s - end_of_speech(recognizer.segments()[0]) + (clock_s() - before);
    }
  }
  const bool waiting = recognizer.segments().empty();
  const double before = clock_s();
  const Transcript transcript = recognizer.finish();
  const double now = clock_s();
  if (waiting && !transcript.segments.empty()) {
    outcome.latency_s = outcome.duration_s - end_of_speech(transcript.segments[0]) + (now - before);
  }
  outcome.wall_s = now - wall_before;
  outcome.core_s = thread_core_s() - core_before;
  outcome.multiply_adds =
      static_cast<double>(recognizer.scores().multiply_adds()) - operations_before;
  outcome.hypothesis.words = hypothesis_words(transcript, normalization);
  return outcome;
}

double bytes_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    const auto size = fs::file_size(path, ignored);
    return ignored ? 0.0 : static_cast<double>(size);
  }
  double sum = 0.0;
  for (const auto& entry : fs::recursive_directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) sum += static_cast<double>(entry.file_size(ignored));
  }
  return sum;
}

template <class Number>
Number parse_number(const std::string& text, const std::string& option) {
  try {
    size_t used = 0;
    const double value = std::stod(text, &used);
    if (used == text.size() && std::isfinite(value)) return static_cast<Number>(value);
  } catch (const std::exception&) {
    // Said below.
  }
  throw Error(ErrorCode::kUsage, fmt::format("--system: {}={} is no number", option, text));
}

void set_option(EngineSystem& system, const std::string& option, const std::string& value) {
  if (option == "engine") {
    system.engine.engine = value;
  } else if (option == "lm") {
    system.engine.language_model = value;
  } else if (option == "dict") {
    system.engine.dictionary = value;
  } else if (option == "rescore") {
    system.engine.rescoring_model = value;
  } else if (option == "words") {
    system.engine.vocabulary.words = value;
  } else if (option == "beam") {
    system.search.beam = parse_number<float>(value, option);
  } else if (option == "lm-weight") {
    system.search.language_weight = parse_number<float>(value, option);
  } else if (option == "word-penalty") {
    system.search.word_penalty = parse_number<float>(value, option);
  } else if (option == "max-active") {
    system.search.max_active = parse_number<int>(value, option);
  } else if (option == "hours") {
    system.training_hours = parse_number<double>(value, option);
  } else if (option == "run") {
    system.training_run = value;
  } else {
    throw Error(ErrorCode::kUsage, fmt::format("--system: unknown option '{}'", option),
                "use engine, lm, dict, rescore, words, beam, lm-weight, word-penalty, max-active, "
                "hours or run");
  }
}

}  // namespace

EngineSystem parse_engine_system(const std::string& text, const std::string& language_model,
                                 const std::string& dictionary) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw Error(ErrorCode::kUsage, fmt::format("--system {}: expected NAME=MODEL", text),
                "for example --system big=models/big,beam=150");
  }
  EngineSystem system;
  system.name = text.substr(0, equals);
  system.engine.language_model = language_model;
  system.engine.dictionary = dictionary;
  std::string rest = text.substr(equals + 1);
  std::vector<std::string> parts;
  for (size_t comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    parts.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
  }
  parts.push_back(rest);
  // The words "gmm" and "convnet" stand for what `bivox transcribe --engine` takes by default.
  if (parts[0] == "gmm" || parts[0] == "convnet") {
    system.engine.engine = parts[0];
  } else {
    system.engine.model = parts[0];
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t sign = parts[i].find('=');
    if (sign == std::string::npos) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("--system {}: '{}' is no option=value", system.name, parts[i]));
    }
    set_option(system, parts[i].substr(0, sign), parts[i].substr(sign + 1));
  }
  return system;
}

CompareRunner::CompareRunner(const EngineSystem& system, Console& console) : system_(system) {
  mark_peak_memory();
  memory_before_ = process_memory().resident_bytes;
  const double start = clock_s();
  engine_ = load_engine(system.engine, console);
  options_ = recognizer_options(engine_, system.search);
  load_s_ = clock_s() - start;
}

std::optional<SystemRun> CompareRunner::run(const std::vector<UtteranceText>& utterances, int jobs,
                                            const NoiseSetting& noise,
                                            const TextNormalization& normalization,
                                            const std::function<void(size_t)>& done) {
  SystemRun run;
  run.hypotheses.name = name();
  SystemMeasures& measures = run.measures;
  measures.name = name();
  measures.model = engine_.files.acoustic_model.string();
  measures.load_s = load_s_;
  measures.core_s = 0.0;
  measures.wall_s = 0.0;
  const int threads = jobs > 0 ? jobs : static_cast<int>(std::thread::hardware_concurrency());
  run_ordered<Outcome>(
      utterances.size(), threads,
      [&] {
        auto recognizer = std::make_shared<Recognizer>(engine_.model, engine_.network, options_);
        return [&, recognizer](size_t job) {
          try {
            return recognize(utterances[job], noise, normalization, *recognizer);
          } catch (const std::exception& failure) {
            const auto* error = dynamic_cast<const Error*>(&failure);
            Outcome outcome;
            outcome.hypothesis.failure = error != nullptr ? error->message() : failure.what();
            return outcome;
          }
        };
      },
      [&](size_t job, const Outcome& outcome) {
        run.hypotheses.utterances.push_back(outcome.hypothesis);
        run.durations_s.push_back(outcome.duration_s);
        run.multiply_adds.push_back(outcome.multiply_adds);
        measures.utterance_core_s.push_back(outcome.core_s);
        measures.latency_s.push_back(outcome.latency_s);
        if (outcome.hypothesis.failure.empty()) {
          measures.audio_s += outcome.duration_s;
          measures.core_s += outcome.core_s;
          measures.wall_s += outcome.wall_s;
        }
        done(job + 1);
      },
      interrupted);
  if (interrupted()) return std::nullopt;
  measures.peak_bytes = process_memory().peak_bytes - memory_before_;
  measures.model_bytes = bytes_of(engine_.files.acoustic_model);
  const auto parameters = static_cast<double>(engine_.model->num_parameters());
  if (parameters > 0.0) measures.parameters = parameters;
  double operations = 0.0;
  for (const double count : run.multiply_adds) operations += 2.0 * count;
  if (operations > 0.0 && measures.audio_s > 0.0) {
    measures.operations = operations / measures.audio_s;
  }
  for (const ModelFact& fact : engine_.model->facts()) {
    if (fact.name == "kind") measures.kind = fact.value;
  }
  return run;
}

}  // namespace bivox
