// bivox align: when each word of a known text is said.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "apps/dictionary_words.h"
#include "apps/engine.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/ordered_pool.h"
#include "apps/program.h"
#include "apps/unknown_words.h"
#include "apps/usage_meter.h"
#include "apps/verbs.h"
#include "asr/transcript/writers.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/file_io.h"
#include "legacy/hmm/alignment.h"
#include "models/lexicon/lexicon.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> files;
  std::optional<std::string> text;
  std::string text_file;
  EngineOptions engine;
  std::string format = "textgrid";
  std::string output_dir;
  int jobs = 1;
  float beam = AlignmentOptions{}.beam;
  bool fillers = false;
};

struct Outcome {
  std::string text;  // for standard output
  double audio_s = 0.0;
  int code = 0;
};

// What all threads share.
struct Job {
  const Options& options;
  const Engine& engine;
  const Lexicon& lexicon;
  const Aligner& aligner;
  TranscriptFormat format;
  std::vector<InputFile> inputs;
  std::vector<fs::path> outputs;  // empty: standard output
  std::vector<PronouncedWord> pronounced;
};

std::string text_of(const Options& options, const InputFile& input) {
  if (options.text) return *options.text;
  fs::path beside = input.path;
  beside.replace_extension(".txt");
  std::error_code ignored;
  if (input.path == "-" || !fs::exists(beside, ignored)) {
    throw Error(ErrorCode::kInput, fmt::format("{}: no text to align with", input.path.string()),
                input.path == "-"
                    ? "give it with --text or --text-file"
                    : fmt::format("give it with --text or --text-file, or put it into {}",
                                  beside.string()));
  }
  return read_file(beside);
}

std::vector<std::string> words_of(const Job& job, const InputFile& input) {
  DictionaryWords found = find_dictionary_words(text_of(job.options, input), job.lexicon);
  if (!found.unknown.empty()) {
    std::string names;
    for (const std::string& word : found.unknown) names += (names.empty() ? "" : ", ") + word;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: not in the dictionary: {}", input.path.string(), names),
                "list them with their pronunciations in a file and name it with --words");
  }
  if (found.words.empty()) {
    throw Error(ErrorCode::kInput, fmt::format("{}: the text has no words", input.path.string()));
  }
  return found.words;
}

// Pronounces the words of all texts that the dictionary lacks. A text that cannot be read is
// reported when its turn comes.
std::vector<PronouncedWord> complete(const Options& options, const std::vector<InputFile>& inputs,
                                     const PhoneSet& phones, Lexicon& lexicon, Console& console) {
  std::vector<PronouncedWord> pronounced =
      add_listed_words(options.engine.vocabulary, phones, lexicon);
  std::vector<std::string> unknown;
  for (const InputFile& input : inputs) {
    try {
      for (std::string& word : find_dictionary_words(text_of(options, input), lexicon).unknown) {
        unknown.push_back(std::move(word));
      }
    } catch (const Error&) {
      continue;
    }
  }
  try {
    for (PronouncedWord& word : complete_lexicon(lexicon, phones, unknown).pronounced) {
      pronounced.push_back(std::move(word));
    }
  } catch (const Error& error) {
    console.warning(error.what());  // the files with such words fail, the others need no model
  }
  return pronounced;
}

Transcript align_file(const Job& job, const InputFile& input, AcousticScores& scores) {
  const std::vector<std::string> words = words_of(job, input);
  const FrontEndOptions& front_end = job.engine.model->front_end();
  const AudioBuffer audio = read_audio(input.path, front_end.sample_rate_hz);
  const FeatureMatrix features = compute_features(front_end, audio);
  Alignment alignment;
  try {
    alignment = job.aligner.align(words, features, scores, audio.duration_s());
  } catch (const Error& error) {
    // The aligner does not know the file's name.
    throw Error(error.code(), fmt::format("{}: {}", input.path.string(), error.message()),
                error.hint());
  }
  Transcript transcript;
  transcript.source = input.path.string();
  transcript.duration_s = audio.duration_s();
  for (const PronouncedWord& word : job.pronounced) {
    if (std::ranges::find(words, word.word) != words.end()) transcript.pronounced.push_back(word);
  }
  TranscriptSegment segment;
  segment.words = std::move(alignment.words);
  segment.log_score = alignment.log_likelihood;
  if (!segment.words.empty()) {
    segment.start_s = segment.words.front().start_s;
    segment.end_s = segment.words.back().end_s;
  }
  transcript.segments.push_back(std::move(segment));
  return transcript;
}

Outcome do_file(const Job& job, size_t index, AcousticScores& scores, Console& console) {
  Outcome outcome;
  const InputFile& input = job.inputs[index];
  try {
    const Transcript transcript = align_file(job, input, scores);
    if (interrupted()) return outcome;
    outcome.audio_s = transcript.duration_s;
    if (job.outputs.empty()) {
      std::ostringstream out;
      write_transcript(out, transcript, job.format);
      outcome.text = out.str();
    } else {
      AtomicFile file(job.outputs[index]);
      write_transcript(file.stream(), transcript, job.format);
      file.commit();
    }
  } catch (const Error& error) {
    console.error(error);
    outcome.code = static_cast<int>(error.code());
  } catch (const std::exception& error) {
    console.error(fmt::format("{}: {}", input.path.string(), error.what()));
    outcome.code = static_cast<int>(ErrorCode::kRuntime);
  }
  return outcome;
}

void check_options(const Options& options, size_t num_inputs) {
  if (options.text && !options.text_file.empty()) {
    throw Error(ErrorCode::kUsage, "--text and --text-file exclude each other");
  }
  if (num_inputs < 2) return;
  if (options.text || !options.text_file.empty()) {
    throw Error(ErrorCode::kUsage, "one text cannot fit several recordings",
                "put the text of talk.wav into talk.txt, and leave --text out");
  }
  if (options.output_dir.empty()) {
    throw Error(ErrorCode::kUsage, "aligning several files needs --output-dir",
                "each file then gets its own");
  }
}

int run_align(Options options, Console& console) {
  const UsageMeter meter;
  const TranscriptFormat format = parse_transcript_format(options.format);
  std::vector<InputFile> inputs = expand_inputs(options.files);
  check_options(options, inputs.size());
  // Once: it may be a pipe.
  if (!options.text_file.empty()) options.text = read_file(options.text_file);
  std::vector<fs::path> outputs;
  if (!options.output_dir.empty()) {
    outputs = output_paths(inputs, options.output_dir, transcript_extension(format));
  }
  const Engine engine = load_acoustic_engine(options.engine, false);
  const PhoneSet& phones = engine.model->hmms().phones();
  Lexicon lexicon = load_lexicon(engine);
  std::vector<PronouncedWord> pronounced = complete(options, inputs, phones, lexicon, console);
  say_pronounced(pronounced, console);
  AlignmentOptions alignment;
  alignment.frame_shift_s = engine.model->frame_shift_s();
  alignment.window_lead_s = window_lead_s(*engine.model);
  alignment.beam = options.beam;
  alignment.include_fillers = options.fillers;
  const Aligner aligner(engine.model->hmms(), lexicon, engine.model->fillers(), alignment);
  const Job job = {options,
                   engine,
                   lexicon,
                   aligner,
                   format,
                   std::move(inputs),
                   std::move(outputs),
                   std::move(pronounced)};

  int code = 0;
  double audio_s = 0.0;
  size_t finished = 0;
  const int threads =
      options.jobs > 0 ? options.jobs : static_cast<int>(std::thread::hardware_concurrency());
  run_ordered<Outcome>(
      job.inputs.size(), threads,
      [&] {
        const std::shared_ptr<AcousticScores> scores = engine.model->make_scores();
        return [&, scores](size_t index) { return do_file(job, index, *scores, console); };
      },
      [&](size_t index, const Outcome& outcome) {
        if (code == 0) code = outcome.code;
        audio_s += outcome.audio_s;
        ++finished;
        std::cout << outcome.text;
        if (job.inputs.size() > 1) {
          console.progress(finished, job.inputs.size(), job.inputs[index].path.string());
        }
      },
      interrupted);
  console.progress(0, 0, "");
  if (interrupted()) {
    console.warning(
        fmt::format("interrupted: {} of {} files are done", finished, job.inputs.size()));
    return kInterruptedExitCode;
  }
  console.detail(fmt::format("bivox: {}", meter.report(finished, audio_s)));
  return code;
}

}  // namespace

void add_align_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb =
      program.add_verb("align",
                       "Find when each word, phone and state of a known text is said (forced "
                       "alignment). The text is\n"
                       "given, or lies beside the recording: talk.wav with talk.txt.",
                       "  bivox align talk.wav --text \"hello world\" > talk.TextGrid\n"
                       "  bivox align talk.wav --text-file script.txt --format json\n"
                       "  bivox align recordings/ --output-dir aligned --jobs 4",
                       [options](Console& console) { return run_align(*options, console); });
  verb.add_option("AUDIO", options->files,
                  "Audio files, folders, patterns, or - for standard input")
      ->required();
  verb.add_option("--text", options->text, "The words that are said (one recording)");
  verb.add_option("--text-file", options->text_file, "File with these words (one recording)");
  verb.add_option("--format", options->format, "textgrid, json, ctm, srt, vtt, txt");
  verb.add_option("--output-dir", options->output_dir,
                  "Write one file a recording here (default: standard output)");
  add_engine_options(verb, options->engine, false);
  verb.add_option("--jobs", options->jobs, "Files at a time; 0: one a processor")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--beam", options->beam, "Beam, natural log; widened by itself when it fails")
      ->check(CLI::PositiveNumber);
  verb.add_flag("--fillers", options->fillers, "Put silence and noises into the result too");
}

}  // namespace bivox
