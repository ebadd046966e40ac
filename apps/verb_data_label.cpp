// bivox data label: recordings without texts become training data by what a recognizer heard.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/training_data.h"
#include "apps/verb_data.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> sources;
  std::string transcripts;
  std::string output = "-";
  std::string split = "labelled";
  double confidence = 0.8;
  size_t words = 3;
};

// What was heard in one recording.
struct Label {
  std::string text;
  double confidence = 0.0;  // mean over the words
  size_t words = 0;
  double seconds = 0.0;
};

Label label_of(const nlohmann::json& transcript) {
  Label label;
  label.text = transcript.at("text").get<std::string>();
  label.seconds = transcript.at("duration_s").get<double>();
  for (const auto& segment : transcript.at("segments")) {
    for (const auto& word : segment.at("words")) {
      label.confidence += word.at("confidence").get<double>();
      ++label.words;
    }
  }
  if (label.words > 0) label.confidence /= static_cast<double>(label.words);
  return label;
}

// By the path that each names, in the form that training data have; `transcribe` writes one document
// after the other.
std::map<std::string, Label> read_labels(const std::string& path) {
  std::map<std::string, Label> labels;
  std::istringstream in(read_file(path));
  try {
    while (in >> std::ws && !in.eof()) {
      nlohmann::json transcript;
      in >> transcript;
      const fs::path source = transcript.at("source").get<std::string>();
      labels[fs::absolute(source).lexically_normal().string()] = label_of(transcript);
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: not what bivox transcribe --format json writes", path),
                error.what());
  }
  return labels;
}

int run_label(const Options& options, Console& console) {
  const std::vector<UtteranceText> utterances = read_training_data(options.sources);
  const std::map<std::string, Label> labels = read_labels(options.transcripts);
  const bool to_stdout = options.output == "-";
  const fs::path folder = to_stdout ? fs::path() : fs::absolute(options.output).parent_path();
  std::string table = "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\tconfidence\n";
  size_t kept = 0;
  size_t heard = 0;
  double seconds = 0.0;
  for (const UtteranceText& utterance : utterances) {
    const auto found = labels.find(utterance.audio.string());
    if (found == labels.end()) continue;
    ++heard;
    const Label& label = found->second;
    if (label.words < options.words || label.confidence < options.confidence) continue;
    ++kept;
    seconds += label.seconds;
    // A manifest's paths are relative to its folder.
    const fs::path path =
        to_stdout ? utterance.audio : fs::relative(fs::absolute(utterance.audio), folder);
    table += fmt::format("{}\t{}\t{}\t{}\t{}\t{:.2f}\t{}\t{:.3f}\n", utterance.id, path.string(),
                         options.split, utterance.speaker, utterance.gender, label.seconds,
                         label.text, label.confidence);
  }
  if (heard == 0) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: none of the {} recordings is in it", options.transcripts,
                            utterances.size()),
                "give transcribe and label the recordings by the same path");
  }
  if (to_stdout) {
    std::cout << table;
  } else {
    AtomicFile file(options.output);
    file.stream() << table;
    file.commit();
  }
  console.report(fmt::format("bivox: {} of {} recordings are labelled, {:.2f} hours", kept, heard,
                             seconds / 3600.0));
  return 0;
}

}  // namespace

void add_data_label_verb(CLI::App& data, const LmAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_lm_subverb(
      data, "label",
      "Make training data of recordings without texts: those that a recognizer heard with\n"
      "confidence become a manifest (self-training). The transcripts are the output of\n"
      "bivox transcribe --format json.",
      "  bivox transcribe --manifest corpus/manifest.tsv --split new --format json > heard.json\n"
      "  bivox data label corpus/manifest.tsv:new --transcripts heard.json -o "
      "corpus/labelled.tsv\n"
      "  bivox train gmm corpus:train corpus/labelled.tsv:labelled",
      action, [options](Console& console) { return run_label(*options, console); });
  verb.add_option("SOURCE", options->sources,
                  "The recordings: manifests, lists or folders; PATH:SPLIT takes one split")
      ->required();
  verb.add_option("--transcripts", options->transcripts, "What was heard, JSON")
      ->required()
      ->check(CLI::ExistingFile);
  verb.add_option("-o,--output", options->output, "Manifest to write; -: standard output");
  verb.add_option("--split", options->split, "Name of the split in the manifest");
  verb.add_option("--confidence", options->confidence, "Least mean confidence of the words")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--min-words", options->words, "Fewest words of a recording to keep");
}

}  // namespace bivox
