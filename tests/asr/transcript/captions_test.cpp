#include "asr/transcript/captions.h"

#include <gtest/gtest.h>

#include <random>

namespace bivox {
namespace {

Transcript of_words(const std::vector<std::string>& words, double seconds_a_word) {
  TranscriptSegment segment;
  for (size_t i = 0; i < words.size(); ++i) {
    TranscriptWord word;
    word.name = words[i];
    word.start_s = static_cast<double>(i) * seconds_a_word;
    word.end_s = static_cast<double>(i + 1) * seconds_a_word;
    segment.words.push_back(word);
  }
  Transcript transcript;
  transcript.segments = {segment};
  transcript.duration_s = seconds_a_word * static_cast<double>(words.size());
  return transcript;
}

TEST(Captions, KeepLinesAndDurationsShort) {
  std::mt19937 generator(3);
  std::vector<std::string> words;
  for (int i = 0; i < 500; ++i) words.emplace_back(generator() % 14 + 1, 'x');
  for (const double seconds : {0.1, 0.4, 1.5}) {
    const Transcript transcript = of_words(words, seconds);
    std::string text;
    double last_end = 0.0;
    for (const Caption& caption : make_captions(transcript)) {
      EXPECT_LE(caption.lines.size(), 2U);
      EXPECT_LE(caption.end_s - caption.start_s, 7.0 + 1e-9);
      EXPECT_GE(caption.start_s, last_end);
      last_end = caption.end_s;
      for (const std::string& line : caption.lines) {
        EXPECT_LE(line.size(), 42U);
        if (!text.empty()) text += ' ';
        text += line;
      }
    }
    EXPECT_EQ(text, transcript.text());
  }
}

TEST(Captions, LinesAreEven) {
  const auto captions = make_captions(
      of_words({"the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dogs"}, 0.3));
  ASSERT_EQ(captions.size(), 1U);
  EXPECT_EQ(captions[0].lines,
            (std::vector<std::string>{"the quick brown fox", "jumps over the lazy dogs"}));
}

TEST(Captions, LongWordsAndLongPausesBearTheLimits) {
  const auto captions = make_captions(of_words({std::string(60, 'w'), "short"}, 20.0));
  ASSERT_EQ(captions.size(), 2U);
  EXPECT_EQ(captions[0].lines[0].size(), 60U);
  EXPECT_DOUBLE_EQ(captions[0].end_s, 7.0);
}

}  // namespace
}  // namespace bivox
