#include "asr/transcript/writers.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Two segments; the first as forced alignment gives it, the second as recognition does.
Transcript sample() {
  TranscriptWord hello;
  hello.name = "hello";
  hello.start_s = 0.25;
  hello.end_s = 0.7;
  hello.confidence = 0.875F;
  TimedPhone hh;
  hh.name = "HH";
  hh.start_s = 0.25;
  hh.end_s = 0.4;
  hh.states = {{"12", 0.25, 0.3}, {"13", 0.3, 0.4}};
  TimedPhone ow;
  ow.name = "OW";
  ow.start_s = 0.4;
  ow.end_s = 0.7;
  ow.states = {{"40", 0.4, 0.7}};
  hello.phones = {hh, ow};
  TranscriptWord quote;
  quote.name = "\"world\"";
  quote.start_s = 0.7;
  quote.end_s = 1.2300000190734863;
  quote.confidence = 0.5F;
  TranscriptWord again;
  again.name = "again";
  again.start_s = 2.0;
  again.end_s = 2.5;

  Transcript transcript;
  transcript.source = "clips/my talk.wav";
  transcript.duration_s = 3.0;
  transcript.segments.push_back({0.2, 1.3, {hello, quote}, {}, -1234.5678});
  transcript.segments.push_back({1.9, 2.6, {again}, {{"again", -10.0}, {"a gain", -12.5}}, -10.0});
  transcript.unknown_words = {"zyzzyva"};
  return transcript;
}

std::string written(const Transcript& transcript, TranscriptFormat format) {
  std::ostringstream out;
  write_transcript(out, transcript, format);
  return out.str();
}

class WritersGolden : public testing::TestWithParam<const char*> {};

TEST_P(WritersGolden, EqualsTheFile) {
  const TranscriptFormat format = parse_transcript_format(GetParam());
  std::ifstream golden(std::filesystem::path(BIVOX_TEST_DATA) / "transcript" /
                       ("sample" + std::string(transcript_extension(format))));
  std::ostringstream expected;
  expected << golden.rdbuf();
  ASSERT_FALSE(expected.str().empty());
  EXPECT_EQ(written(sample(), format), expected.str());
}

INSTANTIATE_TEST_SUITE_P(AllFormats, WritersGolden,
                         testing::Values("txt", "json", "srt", "vtt", "ctm", "textgrid"));

TEST(Writers, EveryFormatBearsAnEmptyTranscript) {
  for (const char* name : {"txt", "json", "srt", "vtt", "ctm", "textgrid"}) {
    Transcript empty;
    empty.duration_s = 1.0;
    EXPECT_NO_THROW(written(empty, parse_transcript_format(name))) << name;
  }
  EXPECT_EQ(written({}, TranscriptFormat::kText), "");
}

TEST(Writers, UnknownFormatListsTheValidOnes) {
  try {
    parse_transcript_format("doc");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_EQ(error.hint(), "use one of: txt, json, srt, vtt, ctm, textgrid");
  }
}

TEST(Writers, JsonIsValidWhateverTheBytes) {
  Transcript transcript = sample();
  transcript.segments[0].words[0].name = "\xFF\"\n";
  const auto parsed = nlohmann::json::parse(written(transcript, TranscriptFormat::kJson));
  EXPECT_EQ(parsed["segments"][0]["words"].size(), 2U);
  EXPECT_DOUBLE_EQ(parsed["segments"][0]["words"][1]["end_s"], 1.23);
}

// Praat refuses a tier whose intervals leave gaps or overlap.
TEST(Writers, TextGridTilesTheWholeDuration) {
  Transcript transcript = sample();
  transcript.segments[0].words[1].start_s = 0.65;  // overlaps the word before
  transcript.segments[1].words[0].end_s = 3.5;     // past the end of the file
  transcript.duration_s = 3.2;
  std::istringstream lines(written(transcript, TranscriptFormat::kTextGrid));
  double cursor = 0.0;
  double xmin = -1.0;
  double total = 0.0;
  int intervals = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool of_interval = line.starts_with("            ");
    std::istringstream words(line);
    std::string key;
    std::string equals;
    double value = 0.0;
    words >> key >> equals;
    if (key == "intervals:") cursor = 0.0;
    if (!(words >> value)) continue;
    if (key == "xmax" && !of_interval) total = value;
    if (key == "xmin" && of_interval) {
      xmin = value;
      EXPECT_EQ(xmin, cursor);
    }
    if (key == "xmax" && of_interval) {
      EXPECT_GT(value, xmin);
      EXPECT_LE(value, total);
      cursor = value;
      ++intervals;
    }
  }
  EXPECT_EQ(cursor, total);
  EXPECT_GT(intervals, 10);
}

}  // namespace
}  // namespace bivox
