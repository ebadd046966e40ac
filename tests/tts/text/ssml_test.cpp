#include "tts/text/ssml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"
#include "front_end_fixture.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string spoken(const std::string& inside) { return words_of("<speak>" + inside + "</speak>"); }

TEST(Ssml, IsRecognized) {
  EXPECT_TRUE(looks_like_ssml("  <speak version=\"1.1\">"));
  EXPECT_TRUE(looks_like_ssml("<?xml version=\"1.0\"?><speak/>"));
  EXPECT_FALSE(looks_like_ssml("<speaker>"));
  EXPECT_FALSE(looks_like_ssml("speak"));
}

TEST(Ssml, TextEntitiesAndUnknownElements) {
  EXPECT_EQ(spoken("Salt &amp; <b>pepper</b> &#x41;&#49; <!-- no --><![CDATA[<x> 5]]>"),
            "salt and pepper A one X five");
  EXPECT_EQ(words_of("<?xml version='1.0'?><!DOCTYPE speak><speak xml:lang='en'>Hi</speak>"), "hi");
}

TEST(Ssml, SayAs) {
  const auto say = [](const std::string& as, const std::string& text,
                      const std::string& format = "") {
    return spoken("<say-as interpret-as=\"" + as + "\" format=\"" + format + "\">" + text +
                  "</say-as>");
  };
  EXPECT_EQ(say("characters", "AB3-x"), "A B three dash X");
  EXPECT_EQ(say("digits", "1908"), "one nine zero eight");
  EXPECT_EQ(say("cardinal", "1908"), "one thousand nine hundred eight");
  EXPECT_EQ(say("cardinal", "-5"), "minus five");
  EXPECT_EQ(say("cardinal", "XIV"), "fourteen");
  EXPECT_EQ(say("ordinal", "21"), "twenty first");
  EXPECT_EQ(say("ordinal", "VIII"), "eighth");
  EXPECT_EQ(say("fraction", "3/4"), "three quarters");
  EXPECT_EQ(say("fraction", "2+1/2"), "two and one half");
  EXPECT_EQ(say("telephone", "+1 (555) 010-2030"),
            "plus one five five five oh one oh two oh three oh");
  EXPECT_EQ(say("date", "12/25/1908"), "december twenty fifth nineteen oh eight");
  EXPECT_EQ(say("date", "25.12.1908", "dmy"), "december twenty fifth nineteen oh eight");
  EXPECT_EQ(say("date", "20201225", "ymd"), "december twenty fifth twenty twenty");
  EXPECT_EQ(say("date", "5/2020", "my"), "may twenty twenty");
  EXPECT_EQ(say("date", "99/99/99", "mdy"), words_of("99/99/99")) << "read as it is";
  EXPECT_EQ(say("time", "2:30pm"), "two thirty P M");
  EXPECT_EQ(say("something", "$5"), "five dollars");
}

TEST(Ssml, SubAndPhoneme) {
  EXPECT_EQ(spoken("The <sub alias=\"World Wide Web\">WWW</sub>, now."), "the world wide web now");
  const auto utterances = front_end().utterances(
      "<speak>A <phoneme alphabet=\"x-cmu\" ph=\"T AH0 M AA1 T OW0\">tomato</phoneme>, "
      "<phoneme ph=\"t\u0259\u02C8me\u026At\u0259\u028A\">tomato</phoneme>.</speak>");
  ASSERT_EQ(utterances.size(), 1U);
  ASSERT_EQ(utterances[0].words.size(), 3U);
  EXPECT_EQ(phones_of(utterances[0], utterances[0].words[1]), "T AH0 M AA1 T OW0");
  EXPECT_EQ(phones_of(utterances[0], utterances[0].words[2]), "T AH0 M EY1 T OW0");
  EXPECT_EQ(utterances[0].words[1].text, "tomato");
  EXPECT_EQ(utterances[0].words[1].after, Punctuation::kComma);
}

TEST(Ssml, Ipa) {
  std::string unknown;
  EXPECT_THAT(phones_of_ipa("h\u0259\u02C8lo\u028A", unknown),
              ElementsAre("HH", "AH0", "L", "OW1"));
  EXPECT_THAT(phones_of_ipa("t\u0283\u025B\u0279i", unknown), ElementsAre("CH", "EH1", "R", "IY0"));
  EXPECT_TRUE(unknown.empty());
  EXPECT_TRUE(phones_of_ipa("\u0295a", unknown).empty());
  EXPECT_EQ(unknown, "\u0295");
}

TEST(Ssml, BreaksAndMarks) {
  const auto utterances = front_end().utterances(
      "<speak><break time=\"250ms\"/>One <mark name=\"here\"/>two<break time=\"1.5s\"/> three, "
      "<break strength=\"none\"/>four.<break time='2s'/> Five.</speak>");
  ASSERT_EQ(utterances.size(), 2U);
  const Utterance& first = utterances[0];
  EXPECT_FLOAT_EQ(first.pause_before_s.value(), 0.25F);
  ASSERT_EQ(first.words.size(), 4U);
  ASSERT_EQ(first.marks.size(), 1U);
  EXPECT_EQ(first.marks[0].name, "here");
  EXPECT_EQ(first.marks[0].word, 1);
  EXPECT_FLOAT_EQ(first.words[1].pause_s.value(), 1.5F);
  EXPECT_GE(first.words[1].break_after, BreakStrength::kMinor);
  EXPECT_EQ(first.words[2].break_after, BreakStrength::kNone)
      << "strength none takes the pause of the comma";
  EXPECT_FLOAT_EQ(first.words[3].pause_s.value(), 2.0F);
}

TEST(Ssml, ProsodyNests) {
  const auto utterances = front_end().utterances(
      "<speak>a <prosody rate=\"fast\" pitch=\"+2st\">b <prosody rate=\"50%\" volume=\"+6dB\">c"
      "</prosody> d</prosody> <emphasis>e</emphasis> f</speak>");
  ASSERT_EQ(utterances.size(), 1U);
  const auto& words = utterances[0].words;
  ASSERT_EQ(words.size(), 6U);
  EXPECT_EQ(words[0].style, ProsodyStyle());
  EXPECT_FLOAT_EQ(words[1].style.rate, 1.4F);
  EXPECT_FLOAT_EQ(words[1].style.pitch_semitones, 2.0F);
  EXPECT_FLOAT_EQ(words[2].style.rate, 0.7F);
  EXPECT_FLOAT_EQ(words[2].style.volume_db, 6.0F);
  EXPECT_FLOAT_EQ(words[3].style.rate, 1.4F);
  EXPECT_TRUE(words[4].style.emphasis);
  EXPECT_EQ(words[5].style, ProsodyStyle());
}

TEST(Ssml, ParagraphsAndSentences) {
  const auto utterances =
      front_end().utterances("<speak><p><s>one two</s><s>three</s></p>four</speak>");
  ASSERT_EQ(utterances.size(), 3U);
  EXPECT_EQ(display_words(utterances[1]), "three");
}

struct Broken {
  const char* text;
  const char* message;
};

class BrokenSsml : public testing::TestWithParam<Broken> {};

TEST_P(BrokenSsml, SaysWhere) {
  try {
    front_end().utterances(GetParam().text, TextForm::kSsml);
    FAIL() << "no error: " << GetParam().text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenSsml,
    testing::Values(
        Broken{"<speak>hi", "line 1, column 1: <speak> is never closed"},
        Broken{"<speak>\n<p>hi</s></p></speak>", "line 2, column 6: </s> where </p> is expected"},
        Broken{"<speak>a & b</speak>", "column 10: '&' begins no entity"},
        Broken{"<speak>&evil;</speak>", "&evil; is no entity"},
        Broken{"<!DOCTYPE speak [<!ENTITY a \"b\">]><speak>&a;</speak>", "document types"},
        Broken{"<speak><break time=\"soon\"/></speak>", "time=\"soon\"; expected a time"},
        Broken{"<speak><break time=\"100s\"/></speak>", "at most 60s"},
        Broken{"<speak><break time=\"nans\"/></speak>", "expected a time"},
        Broken{"<speak><prosody rate=\"0\">x</prosody></speak>", "20% to 500%"},
        Broken{"<speak><prosody pitch=\"+100Hz\">x</prosody></speak>", "semitones"},
        Broken{"<speak><phoneme ph=\"x\xCC\xB4\">x</phoneme></speak>", "sounds of English"},
        Broken{"<speak><phoneme alphabet=\"x-cmu\" ph=\"K T\">x</phoneme></speak>", "a vowel"},
        Broken{"<speak><sub>x</sub></speak>", "without an alias"},
        Broken{"<speak><mark/></speak>", "without a name"},
        Broken{"<speak a=b>x</speak>", "without quotes"},
        Broken{"<speak a='b>x</speak>", "'<' in the value"},
        Broken{"<speak>x</speak>y", "text outside"}, Broken{"<speak/><speak/>", "a second <speak>"},
        Broken{"<voice>x</voice>", "outside of <speak>"},
        Broken{"<speak><!-- x</speak>", "does not end"}, Broken{"", "there is no <speak>"}));

TEST(Ssml, DepthIsBounded) {
  std::string text = "<speak>";
  for (int i = 0; i < 1000; ++i) text += "<a>";
  EXPECT_THROW(front_end().utterances(text), Error);
}

}  // namespace
}  // namespace bivox
