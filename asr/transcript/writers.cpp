#include "asr/transcript/writers.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "asr/transcript/captions.h"
#include "asr/transcript/textgrid.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// Keeps the order in which keys are written: the text before the long lists.
using Json = nlohmann::ordered_json;

struct FormatEntry {
  TranscriptFormat format;
  std::string_view name;
  std::string_view extension;
};

constexpr std::array kFormats = {
    FormatEntry{TranscriptFormat::kText, "txt", ".txt"},
    FormatEntry{TranscriptFormat::kJson, "json", ".json"},
    FormatEntry{TranscriptFormat::kSrt, "srt", ".srt"},
    FormatEntry{TranscriptFormat::kVtt, "vtt", ".vtt"},
    FormatEntry{TranscriptFormat::kCtm, "ctm", ".ctm"},
    FormatEntry{TranscriptFormat::kTextGrid, "textgrid", ".TextGrid"},
};

const FormatEntry& entry_of(TranscriptFormat format) {
  for (const FormatEntry& entry : kFormats) {
    if (entry.format == format) return entry;
  }
  throw Error(ErrorCode::kUsage, "unknown transcript format");
}

// Shortest decimal that is right to 1 ms: 1.23, not 1.2300000190734863.
double rounded_ms(double seconds) { return std::round(seconds * 1e3) / 1e3; }

Json label_json(const TimedLabel& label, const char* key) {
  Json object;
  object[key] = label.name;
  object["start_s"] = rounded_ms(label.start_s);
  object["end_s"] = rounded_ms(label.end_s);
  return object;
}

Json word_json(const TranscriptWord& word) {
  Json object = label_json(word, "word");
  object["confidence"] = std::round(static_cast<double>(word.confidence) * 1e4) / 1e4;
  if (word.phones.empty()) return object;
  Json phones = Json::array();
  for (const TimedPhone& phone : word.phones) {
    Json entry = label_json(phone, "phone");
    for (const TimedLabel& state : phone.states) {
      entry["states"].push_back(label_json(state, "state"));
    }
    phones.push_back(std::move(entry));
  }
  object["phones"] = std::move(phones);
  return object;
}

Json segment_json(const TranscriptSegment& segment) {
  Json object;
  object["start_s"] = rounded_ms(segment.start_s);
  object["end_s"] = rounded_ms(segment.end_s);
  object["text"] = segment.text();
  object["log_score"] = rounded_ms(segment.log_score);
  object["words"] = Json::array();
  for (const TranscriptWord& word : segment.words) object["words"].push_back(word_json(word));
  if (!segment.tags.empty()) object["tags"] = segment.tags;
  if (!segment.nbest.empty()) {
    for (const Hypothesis& hypothesis : segment.nbest) {
      Json entry;
      entry["text"] = hypothesis.text;
      entry["log_score"] = rounded_ms(hypothesis.log_score);
      object["nbest"].push_back(std::move(entry));
    }
  }
  return object;
}

void write_json(std::ostream& out, const Transcript& transcript) {
  Json object;
  object["source"] = transcript.source;
  object["duration_s"] = rounded_ms(transcript.duration_s);
  object["text"] = transcript.text();
  object["segments"] = Json::array();
  for (const TranscriptSegment& segment : transcript.segments) {
    object["segments"].push_back(segment_json(segment));
  }
  object["unknown_words"] = transcript.unknown_words;
  for (const PronouncedWord& word : transcript.pronounced) {
    Json entry;
    entry["word"] = word.word;
    entry["phones"] = word.phones;
    entry["confidence"] = std::round(static_cast<double>(word.confidence) * 1e4) / 1e4;
    object["pronounced"].push_back(std::move(entry));
  }
  if (!transcript.rejected.empty()) {
    object["rejected"] = true;
    for (const TimeSpan& span : transcript.rejected) {
      object["rejected_spans"].push_back(
          {{"start_s", rounded_ms(span.start_s)}, {"end_s", rounded_ms(span.end_s)}});
    }
  }
  out << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void write_text(std::ostream& out, const Transcript& transcript) {
  for (const TranscriptSegment& segment : transcript.segments) {
    const std::string text = segment.text();
    if (!text.empty()) out << text << '\n';
  }
}

void write_ctm(std::ostream& out, const Transcript& transcript) {
  // The first column is one word to its readers: blanks would shift the others.
  std::string file = std::filesystem::path(transcript.source).stem().string();
  for (char& c : file) {
    if (c == ' ' || c == '\t') c = '_';
  }
  if (file.empty()) file = "-";
  for (const TranscriptSegment& segment : transcript.segments) {
    for (const TranscriptWord& word : segment.words) {
      out << fmt::format("{} 1 {:.2f} {:.2f} {} {:.3f}\n", file, word.start_s,
                         word.end_s - word.start_s, word.name, word.confidence);
    }
  }
}

}  // namespace

TranscriptFormat parse_transcript_format(std::string_view name) {
  for (const FormatEntry& entry : kFormats) {
    if (entry.name == name) return entry.format;
  }
  throw Error(ErrorCode::kUsage, fmt::format("unknown transcript format '{}'", name),
              fmt::format("use one of: {}", transcript_format_names()));
}

std::string_view transcript_format_name(TranscriptFormat format) { return entry_of(format).name; }

std::string_view transcript_extension(TranscriptFormat format) {
  return entry_of(format).extension;
}

std::string transcript_format_names() {
  std::string names;
  for (const FormatEntry& entry : kFormats) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

void write_transcript(std::ostream& out, const Transcript& transcript, TranscriptFormat format) {
  switch (format) {
    case TranscriptFormat::kText:
      return write_text(out, transcript);
    case TranscriptFormat::kJson:
      return write_json(out, transcript);
    case TranscriptFormat::kSrt:
      return write_srt(out, make_captions(transcript));
    case TranscriptFormat::kVtt:
      return write_vtt(out, make_captions(transcript));
    case TranscriptFormat::kCtm:
      return write_ctm(out, transcript);
    case TranscriptFormat::kTextGrid:
      return write_textgrid(out, transcript);
  }
}

}  // namespace bivox
