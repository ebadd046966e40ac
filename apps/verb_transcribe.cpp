// bivox transcribe: recordings to text.
#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>

#include "apps/adapting_recognizer.h"
#include "apps/engine.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/ordered_pool.h"
#include "apps/program.h"
#include "apps/search_options.h"
#include "apps/usage_meter.h"
#include "apps/verbs.h"
#include "asr/evaluation/utterance_texts.h"
#include "asr/transcript/writers.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> files;
  std::string manifest;
  std::string split;
  EngineOptions engine;
  std::string format;
  std::string output_dir;
  int jobs = 1;
  int nbest = 0;
  int rate_hz = 0;
  std::string encoding = "s16le";
  int channels = 1;
  bool no_vad = false;
  SearchOverrides search;
};

// One recording to do; id is what tsv and trn lines call it.
struct Task {
  InputFile input;
  std::string id;
  fs::path output;      // empty: standard output
  std::string speaker;  // empty: unknown
};

// How results are written: a transcript format, or one line an utterance for scoring.
enum class LineForm { kNone, kTsv, kTrn };

struct Plan {
  std::vector<Task> tasks;
  LineForm line_form = LineForm::kNone;
  TranscriptFormat format = TranscriptFormat::kText;
};

struct Outcome {
  std::string text;  // for standard output
  double audio_s = 0.0;
  int code = 0;
};

std::vector<Task> manifest_tasks(const Options& options) {
  if (!options.files.empty()) {
    throw Error(ErrorCode::kUsage, "files and --manifest exclude each other");
  }
  std::vector<Task> tasks;
  for (const UtteranceText& utterance :
       read_utterance_texts(options.manifest, UtteranceForm::kManifest, options.split)) {
    if (utterance.audio.empty()) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: utterance {} has no path", options.manifest, utterance.id));
    }
    // Ids are unique within a manifest, names of files need not be.
    tasks.push_back(
        {{utterance.audio, utterance.id + ".audio"}, utterance.id, {}, utterance.speaker});
  }
  return tasks;
}

std::vector<Task> file_tasks(const Options& options) {
  if (options.files.empty()) {
    throw Error(ErrorCode::kUsage, "nothing to transcribe",
                "name files, folders or - for standard input, or give --manifest");
  }
  std::vector<Task> tasks;
  for (InputFile& input : expand_inputs(options.files)) {
    std::string id = input.relative.stem().string();
    tasks.push_back({std::move(input), std::move(id), {}, {}});
  }
  return tasks;
}

Plan make_plan(const Options& options) {
  Plan plan;
  const bool from_manifest = !options.manifest.empty();
  const std::string format = !options.format.empty()                       ? options.format
                             : from_manifest && options.output_dir.empty() ? "tsv"
                                                                           : "txt";
  if (format == "tsv") {
    plan.line_form = LineForm::kTsv;
  } else if (format == "trn") {
    plan.line_form = LineForm::kTrn;
  } else {
    plan.format = parse_transcript_format(format);
  }
  plan.tasks = from_manifest ? manifest_tasks(options) : file_tasks(options);
  const bool many_to_stdout = plan.tasks.size() > 1 && options.output_dir.empty();
  if (many_to_stdout && plan.line_form == LineForm::kNone &&
      (plan.format == TranscriptFormat::kSrt || plan.format == TranscriptFormat::kVtt ||
       plan.format == TranscriptFormat::kTextGrid)) {
    throw Error(ErrorCode::kUsage, fmt::format("{} of several files needs --output-dir", format),
                "each file then gets its own");
  }
  if (!options.output_dir.empty()) {
    if (plan.line_form != LineForm::kNone) {
      throw Error(ErrorCode::kUsage, fmt::format("{} is written to standard output", format),
                  "leave out --output-dir");
    }
    std::vector<InputFile> inputs;
    for (const Task& task : plan.tasks) inputs.push_back(task.input);
    const auto outputs =
        output_paths(inputs, options.output_dir, transcript_extension(plan.format));
    for (size_t i = 0; i < outputs.size(); ++i) plan.tasks[i].output = outputs[i];
  }
  return plan;
}

RecognizerOptions setup_of(const Options& options, const Engine& engine) {
  RecognizerOptions setup = recognizer_options(engine, options.search);
  setup.segment = !options.no_vad;
  setup.nbest = options.nbest;
  return setup;
}

std::optional<RawPcmOptions> raw_options(const Options& options) {
  const auto encoding = pcm_encoding_from_name(options.encoding);
  if (!encoding) {
    throw Error(ErrorCode::kUsage, fmt::format("unknown encoding '{}'", options.encoding),
                "use one of: s16le, f32le, u8, s24le, s32le");
  }
  if (options.rate_hz == 0) return std::nullopt;
  return RawPcmOptions{options.rate_hz, options.channels, *encoding};
}

// Streams a file through the recognizer second by second, so that memory does not grow with it and
// Ctrl-C is heard soon. `live` is called when segments may have been added. Empty when interrupted.
std::optional<Transcript> transcribe_file(const Task& task, const std::optional<RawPcmOptions>& raw,
                                          Recognizer& recognizer,
                                          const std::function<void()>& live) {
  const int rate_hz = recognizer.sample_rate_hz();
  AudioReader reader =
      raw ? AudioReader(task.input.path, *raw, rate_hz) : AudioReader(task.input.path, rate_hz);
  std::vector<float> block(static_cast<size_t>(rate_hz));
  recognizer.begin(task.input.path.string());
  while (const size_t count = reader.read(block)) {
    if (interrupted()) return std::nullopt;
    recognizer.accept({{block.data(), count}, rate_hz});
    live();
  }
  return recognizer.finish();
}

// Prints the segments of a pipe as they come: a microphone never ends.
class LiveText {
 public:
  LiveText(bool enabled, const Recognizer& recognizer)
      : enabled_(enabled), recognizer_(recognizer) {}

  void print_new() {
    if (!enabled_) return;
    const std::vector<TranscriptSegment>& segments = recognizer_.segments();
    if (printed_ == segments.size()) return;
    for (; printed_ < segments.size(); ++printed_) std::cout << segments[printed_].text() << '\n';
    flush_stdout();
  }
  /// Takes out of the finished transcript what was printed.
  void remove_printed(Transcript& transcript) const {
    transcript.segments.erase(transcript.segments.begin(),
                              transcript.segments.begin() + static_cast<std::ptrdiff_t>(printed_));
  }

 private:
  bool enabled_;
  const Recognizer& recognizer_;
  size_t printed_ = 0;
};

// Texts of tsv and trn lines must stay on one line.
std::string line_of(const Task& task, const std::string& text, LineForm form) {
  return form == LineForm::kTrn ? fmt::format("{} ({})\n", text, task.id)
                                : fmt::format("{}\t{}\n", task.id, text);
}

std::string text_for_stdout(const Plan& plan, const Task& task, const Transcript& transcript) {
  if (plan.line_form != LineForm::kNone) return line_of(task, transcript.text(), plan.line_form);
  std::ostringstream out;
  write_transcript(out, transcript, plan.format);
  if (plan.format != TranscriptFormat::kText || plan.tasks.size() == 1) return out.str();
  // Of several files each line says which one it is from.
  const std::string prefix = task.input.path.string() + ": ";
  std::istringstream lines(out.str());
  std::string prefixed;
  for (std::string line; std::getline(lines, line);) prefixed += prefix + line + '\n';
  return prefixed.empty() ? prefix + '\n' : prefixed;
}

bool is_live(const Plan& plan, const Task& task) {
  return plan.tasks.size() == 1 && plan.line_form == LineForm::kNone &&
         plan.format == TranscriptFormat::kText && task.output.empty() && task.input.path == "-";
}

// What becomes of a finished transcript.
Outcome write_out(const Plan& plan, const Task& task, Transcript transcript, const Engine& engine,
                  Console& console) {
  Outcome outcome;
  for (const TimeSpan& span : transcript.rejected) {
    const bool command = engine.grammar != nullptr;
    console.log(command ? LogLevel::kNotice : LogLevel::kDebug,
                fmt::format("{}: {:.2f} to {:.2f} s: {}", task.input.path.string(), span.start_s,
                            span.end_s, command ? "not of the grammar" : "taken for no speech"));
  }
  transcript.pronounced = engine.pronounced;
  outcome.audio_s = transcript.duration_s;
  if (task.output.empty()) {
    outcome.text = text_for_stdout(plan, task, transcript);
  } else {
    AtomicFile file(task.output);
    write_transcript(file.stream(), transcript, plan.format);
    file.commit();
  }
  return outcome;
}

// Runs `work`; what it throws becomes a message and an exit code.
Outcome guarded(const Plan& plan, const Task& task, Console& console,
                const std::function<Outcome()>& work) {
  Outcome outcome;
  try {
    return work();
  } catch (const Error& error) {
    if (interrupted()) return outcome;  // a read that the signal broke off
    console.error(error);
    outcome.code = static_cast<int>(error.code());
  } catch (const std::exception& error) {
    console.error(fmt::format("{}: {}", task.input.path.string(), error.what()));
    outcome.code = static_cast<int>(ErrorCode::kRuntime);
  }
  // A recording that failed is scored as one in which nothing was heard, never left out.
  if (plan.line_form != LineForm::kNone) outcome.text = line_of(task, "", plan.line_form);
  return outcome;
}

Outcome do_task(const Plan& plan, const Task& task, const std::optional<RawPcmOptions>& raw,
                const Engine& engine, Recognizer& recognizer, Console& console) {
  return guarded(plan, task, console, [&]() -> Outcome {
    LiveText live(is_live(plan, task), recognizer);
    std::optional<Transcript> transcript =
        transcribe_file(task, raw, recognizer, [&] { live.print_new(); });
    if (!transcript || interrupted()) return {};
    live.remove_printed(*transcript);
    return write_out(plan, task, std::move(*transcript), engine, console);
  });
}

// Outcomes by the number of their task.
using Outcomes = std::vector<std::pair<size_t, Outcome>>;

// Two passes over the recordings of one speaker, which are held in memory.
Outcomes do_speaker(const Plan& plan, const std::vector<size_t>& tasks,
                    const std::optional<RawPcmOptions>& raw, const Engine& engine,
                    AdaptingRecognizer& recognizer, Console& console) {
  const int rate_hz = recognizer.sample_rate_hz();
  Outcomes outcomes;
  std::vector<size_t> read;
  std::vector<std::vector<float>> audio;
  for (const size_t i : tasks) {
    const Task& task = plan.tasks[i];
    outcomes.emplace_back(i, guarded(plan, task, console, [&]() -> Outcome {
                            AudioReader reader = raw ? AudioReader(task.input.path, *raw, rate_hz)
                                                     : AudioReader(task.input.path, rate_hz);
                            std::vector<float> samples;
                            std::vector<float> block(static_cast<size_t>(rate_hz));
                            while (const size_t count = reader.read(block)) {
                              if (interrupted()) return {};
                              samples.insert(samples.end(), block.begin(),
                                             block.begin() + static_cast<std::ptrdiff_t>(count));
                            }
                            read.push_back(outcomes.size());
                            audio.push_back(std::move(samples));
                            return {};
                          }));
  }
  std::vector<AdaptingRecognizer::Recording> recordings;
  for (size_t r = 0; r < read.size(); ++r) {
    const Task& task = plan.tasks[tasks[read[r]]];
    recordings.push_back({{audio[r], rate_hz}, task.input.path.string()});
  }
  std::vector<Transcript> transcripts = recognizer.transcribe(recordings, interrupted);
  for (size_t r = 0; r < transcripts.size(); ++r) {
    auto& [number, outcome] = outcomes[read[r]];
    const Task& task = plan.tasks[number];
    outcome = guarded(plan, task, console, [&] {
      return write_out(plan, task, std::move(transcripts[r]), engine, console);
    });
  }
  return outcomes;
}

// Tasks of one speaker together, in the order of their first ones; one by one where unknown.
std::vector<std::vector<size_t>> by_speaker(const std::vector<Task>& tasks) {
  std::vector<std::vector<size_t>> groups;
  std::map<std::string, size_t> known;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const std::string& speaker = tasks[i].speaker;
    const auto found = speaker.empty() ? known.end() : known.find(speaker);
    if (found != known.end()) {
      groups[found->second].push_back(i);
      continue;
    }
    if (!speaker.empty()) known[speaker] = groups.size();
    groups.push_back({i});
  }
  return groups;
}

int run_transcribe(const Options& options, Console& console) {
  if (options.engine.command.rejection != "off" &&
      (options.search.language_weight || options.search.word_penalty)) {
    throw Error(ErrorCode::kUsage, "--rejection excludes --lm-weight and --word-penalty",
                "its costs are set with the weights of the model");
  }
  const UsageMeter meter;
  const Plan plan = make_plan(options);
  const std::optional<RawPcmOptions> raw = raw_options(options);
  EngineOptions wanted = options.engine;
  // Mixtures alone can be adapted.
  if (wanted.adapt && wanted.model.empty()) wanted.engine = "gmm";
  const Engine engine = load_engine(wanted, console);
  const RecognizerOptions setup = setup_of(options, engine);
  const int threads =
      options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());

  int code = 0;
  double audio_s = 0.0;
  size_t finished = 0;
  const auto emit = [&](size_t task, const Outcome& outcome) {
    if (code == 0) code = outcome.code;
    audio_s += outcome.audio_s;
    ++finished;
    console.progress(0, 0, "");
    std::cout << outcome.text;
    flush_stdout();
    if (plan.tasks.size() > 1) {
      console.progress(finished, plan.tasks.size(), plan.tasks[task].id);
    }
  };
  if (options.engine.adapt) {
    const RecognizerOptions second = setup_of(options, *engine.adapted);
    const std::vector<std::vector<size_t>> speakers = by_speaker(plan.tasks);
    std::map<size_t, Outcome> waiting;  // those before which a task is not done yet
    run_ordered<Outcomes>(
        speakers.size(), threads,
        [&] {
          auto recognizer = std::make_shared<AdaptingRecognizer>(engine, setup, second);
          return [&, recognizer](size_t job) {
            return do_speaker(plan, speakers[job], raw, engine, *recognizer, console);
          };
        },
        [&](size_t, const Outcomes& outcomes) {
          waiting.insert(outcomes.begin(), outcomes.end());
          for (auto next = waiting.begin(); next != waiting.end() && next->first == finished;
               next = waiting.erase(next)) {
            emit(next->first, next->second);
          }
        },
        interrupted);
  } else {
    run_ordered<Outcome>(
        plan.tasks.size(), threads,
        [&] {
          auto recognizer = std::make_shared<Recognizer>(engine.model, engine.network, setup);
          return [&, recognizer](size_t job) {
            return do_task(plan, plan.tasks[job], raw, engine, *recognizer, console);
          };
        },
        emit, interrupted);
  }
  console.progress(0, 0, "");
  if (interrupted()) {
    console.warning(
        fmt::format("interrupted: {} of {} files are done", finished, plan.tasks.size()));
    return kInterruptedExitCode;
  }
  console.detail(fmt::format("bivox: {}", meter.report(finished, audio_s)));
  return code;
}

}  // namespace

void add_transcribe_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "transcribe",
      "Write down what is said in recordings: text on standard output, or one file an input.",
      "  bivox transcribe talk.wav\n"
      "  bivox transcribe recordings/ --format srt --output-dir subtitles --jobs 4\n"
      "  bivox transcribe meeting.mp3 --words names.txt --boost \"ronicky drew\"\n"
      "  arecord -f S16_LE -r 16000 -t raw | bivox transcribe - --rate 16000\n"
      "  bivox transcribe --grammar commands.jsgf take.wav --format json\n"
      "  bivox transcribe lecture.flac --model my-gmm --adapt\n"
      "  bivox transcribe --manifest corpus/manifest.tsv --split dev --format trn > dev.trn",
      [options](Console& console) { return run_transcribe(*options, console); });
  verb.add_option("FILES", options->files,
                  "Audio files, folders (searched for audio), patterns, or - for standard input");
  verb.add_option("--manifest", options->manifest,
                  "Tab-separated list with the columns id, path, text (and split, speaker, ...)");
  verb.add_option("--split", options->split, "Only this split of the manifest (default: all)");
  verb.add_option("--format", options->format,
                  "txt, json, srt, vtt, ctm, textgrid; tsv (id, tab, text) or trn for scoring\n"
                  "(default: txt, with --manifest tsv)");
  verb.add_option("--output-dir", options->output_dir,
                  "Write one file an input here, under its own name (default: standard output)");
  options->engine.engine = "convnet";
  add_engine_options(verb, options->engine, true);
  verb.add_option("--jobs", options->jobs, "Files at a time; 0: one a processor")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--nbest", options->nbest, "Length of the n-best lists (format json)")
      ->check(CLI::Range(0, 1000));
  CLI::Option* rate =
      verb.add_option("--rate", options->rate_hz,
                      "Inputs are raw PCM of this sample rate, Hz; 0: they are audio files")
          ->check(CLI::Range(0, 768'000));
  verb.add_option("--encoding", options->encoding, "Of raw PCM: s16le, f32le, u8, s24le, s32le")
      ->needs(rate);
  verb.add_option("--channels", options->channels, "Of raw PCM, interleaved; they are averaged")
      ->check(CLI::Range(1, 256))
      ->needs(rate);
  verb.add_flag("--adapt", options->engine.adapt,
                "Two passes: the second hears features moved towards the model for each speaker of "
                "the\nmanifest, else for each file (models of `bivox train gmm`)");
  verb.add_flag("--no-vad", options->no_vad,
                "Recognize everything, not only what voice activity detection finds");
  verb.add_option("--beam", options->search.beam,
                  "Beam, natural log: wider is slower and more right (default: the model's)")
      ->check(CLI::PositiveNumber);
  verb.add_option("--lm-weight", options->search.language_weight,
                  "Weight of the language model's log probabilities (default: the model's)")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--word-penalty", options->search.word_penalty,
                  "Added for each word, natural log; below 0 gives fewer words (default: the "
                  "model's)");
  verb.add_option("--max-active", options->search.max_active,
                  "Most HMMs a frame (default: that of the search)")
      ->check(CLI::PositiveNumber);
}

}  // namespace bivox
