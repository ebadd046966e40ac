#include "asr/evaluation/utterance_texts.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"

namespace bivox {
namespace {

TEST(UtteranceTexts, ReadsTrn) {
  const auto texts =
      parse_utterance_texts(";; comment\nhello (quoted) world (s1-u1)\n (u2)\n", "x");
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0].id, "s1-u1");
  EXPECT_EQ(texts[0].text, "hello (quoted) world");
  EXPECT_EQ(texts[1].text, "");
}

TEST(UtteranceTexts, ReadsIdAndText) {
  for (const char* content : {"u-a\thello there\nu-b\t\n", "u1 hello there\r\nu2\r\n"}) {
    const auto texts = parse_utterance_texts(content, "x");
    ASSERT_EQ(texts.size(), 2U) << content;
    EXPECT_EQ(texts[0].text, "hello there");
    EXPECT_EQ(texts[1].text, "");
  }
}

TEST(UtteranceTexts, ReadsPlainLines) {
  const auto texts = parse_utterance_texts("the cat\n\nthe dog\n", "x");
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[2].id, "3");
  EXPECT_EQ(texts[2].text, "the dog");
}

constexpr const char* kManifest =
    "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n"
    "a\tdev/a.opus\tdev\ts1\tf\t1.0\tHello.\n"
    "b\ttest/b.opus\ttest\t\t\t2.0\tWorld.\n";

TEST(UtteranceTexts, ReadsAManifestAndItsSplits) {
  EXPECT_EQ(parse_utterance_texts(kManifest, "corpus/manifest.tsv").size(), 2U);
  const auto dev =
      parse_utterance_texts(kManifest, "corpus/manifest.tsv", UtteranceForm::kAuto, "dev");
  ASSERT_EQ(dev.size(), 1U);
  EXPECT_EQ(dev[0].speaker, "s1");
  EXPECT_EQ(dev[0].audio, "corpus/dev/a.opus");
  EXPECT_THROW(parse_utterance_texts(kManifest, "m", UtteranceForm::kAuto, "train"), Error);
}

TEST(UtteranceTexts, ErrorsNameTheLine) {
  const auto message = [](std::string_view content, UtteranceForm form) {
    try {
      parse_utterance_texts(content, "file", form);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInput);
      return error.message();
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("a (1)\nb\n", UtteranceForm::kTrn), "file:2: expected the form `text (id)`");
  EXPECT_EQ(message("a (1)\nb (1)\n", UtteranceForm::kTrn), "file:2: the id 1 comes a second time");
  EXPECT_EQ(message("id\ttext\nonly\n", UtteranceForm::kManifest), "file:2: 1 columns, expected 2");
  EXPECT_THROW(parse_utterance_form("stm"), Error);
}

TEST(UtteranceTexts, EmptyContentIsNoUtterances) {
  EXPECT_TRUE(parse_utterance_texts("", "x").empty());
}

}  // namespace
}  // namespace bivox
