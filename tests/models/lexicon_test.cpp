#include "models/lexicon/lexicon.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

PhoneSet make_phones() {
  PhoneSet phones;
  for (const char* name : {"AH", "AA", "R", "T", "D", "EY"}) phones.add(name);
  return phones;
}

std::string spell(const Lexicon& lexicon, const PhoneSet& phones, std::string_view word, int i) {
  std::string text;
  for (const PhoneId phone : lexicon.pronunciation(lexicon.find(word).value(), i)) {
    text += phones.name(phone) + ' ';
  }
  return text;
}

TEST(Lexicon, CmudictForm) {
  const PhoneSet phones = make_phones();
  const Lexicon lexicon = Lexicon::parse(
      ";;; a comment\n"
      "a AH0\n"
      "a(2) EY1\n"
      "art  AA1 R\tT # one word\n"
      "\n"
      "data D EY1 T AH0\r\n"
      "a(3) AA\n"
      "# also a comment\n"
      "rat R AH T",
      phones, "test");
  EXPECT_EQ(lexicon.num_words(), 4);
  EXPECT_EQ(lexicon.num_pronunciations(), 6);
  EXPECT_EQ(lexicon.find("a"), 0);
  EXPECT_EQ(lexicon.find("data"), 2);
  EXPECT_EQ(lexicon.word(1), "art");
  EXPECT_FALSE(lexicon.find("a(2)"));
  EXPECT_FALSE(lexicon.find(""));
  ASSERT_EQ(lexicon.num_pronunciations(0), 3);
  EXPECT_EQ(spell(lexicon, phones, "a", 0), "AH ");
  EXPECT_EQ(spell(lexicon, phones, "a", 1), "EY ");
  EXPECT_EQ(spell(lexicon, phones, "a", 2), "AA ");
  EXPECT_EQ(spell(lexicon, phones, "art", 0), "AA R T ");
  EXPECT_EQ(spell(lexicon, phones, "data", 0), "D EY T AH ");
  EXPECT_EQ(spell(lexicon, phones, "rat", 0), "R AH T ");
}

TEST(Lexicon, StressIsKeptWhereThePhonesHaveIt) {
  PhoneSet phones = make_phones();
  const PhoneId stressed = phones.add("AA1");
  const Lexicon lexicon = Lexicon::parse("art AA1 R T\ncart AA2 R T\n", phones, "test");
  EXPECT_EQ(lexicon.pronunciation(0, 0)[0], stressed);
  EXPECT_EQ(lexicon.pronunciation(1, 0)[0], phones.find("AA"));
}

TEST(Lexicon, EqualPronunciationsAreKeptOnce) {
  const PhoneSet phones = make_phones();
  const Lexicon lexicon = Lexicon::parse("a AH0\na(2) AH1\na(3) EY\n", phones, "test");
  EXPECT_EQ(lexicon.num_pronunciations(0), 2);
  EXPECT_EQ(spell(lexicon, phones, "a", 1), "EY ");
}

TEST(Lexicon, BracketsThatAreNoAlternates) {
  const PhoneSet phones = make_phones();
  const Lexicon lexicon =
      Lexicon::parse("(2) T\na() T\nb(x) T\n) T\nc(12) T\nd(2)e T\n", phones, "test");
  for (const char* word : {"(2)", "a()", "b(x)", ")", "c", "d(2)e"}) {
    EXPECT_TRUE(lexicon.find(word)) << word;
  }
}

TEST(Lexicon, Add) {
  const PhoneSet phones = make_phones();
  Lexicon lexicon;
  EXPECT_FALSE(lexicon.find("a"));
  const std::vector<PhoneId> first = {0};
  const std::vector<PhoneId> second = {5};
  EXPECT_EQ(lexicon.add("a", first), 0);
  EXPECT_EQ(lexicon.add("eh", second), 1);
  EXPECT_EQ(lexicon.add("a", second), 0);
  EXPECT_EQ(lexicon.add("a", first), 0);
  EXPECT_EQ(lexicon.num_pronunciations(0), 2);
  EXPECT_THAT(lexicon.pronunciation(0, 1), ElementsAre(5));
  EXPECT_THROW(lexicon.add("b", {}), Error);
  EXPECT_THROW(lexicon.add("", first), Error);
  // Past several sizes of the table.
  for (int i = 0; i < 5000; ++i) lexicon.add(fmt::format("word{}", i), first);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(lexicon.find(fmt::format("word{}", i)), i + 2);
  }
}

TEST(Lexicon, OpenReadingLearnsThePhones) {
  PhoneSet phones;
  const Lexicon lexicon = Lexicon::parse_open("ah AH0\neh EY1 AH0\n", phones, "test");
  EXPECT_EQ(phones.size(), 2);
  EXPECT_EQ(phones.name(1), "EY1");
  EXPECT_THAT(lexicon.pronunciation(1, 0), ElementsAre(1, 0));
}

std::string error_of(std::string_view text) {
  try {
    Lexicon::parse(text, make_phones(), "my.dict");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  return "no error";
}

TEST(Lexicon, ErrorsNameLineWordAndPhone) {
  EXPECT_THAT(error_of("a AH\n\nb B\n"), StartsWith("my.dict:3: word 'b' has phone 'B', which"));
  EXPECT_THAT(error_of("a AH\nb\n"), StartsWith("my.dict:2: word 'b' has no phones"));
  EXPECT_THAT(error_of("a AH\nb # T\n"), StartsWith("my.dict:2: word 'b' has no phones"));
  EXPECT_THAT(error_of(std::string_view("a AH\n\0\0 T\n", 10)),
              StartsWith("my.dict:2: a zero byte"));
}

TEST(Lexicon, LoadRefusesWhatIsNoFile) {
  const PhoneSet phones = make_phones();
  EXPECT_THROW(Lexicon::load(std::filesystem::temp_directory_path(), phones), Error);
  EXPECT_THROW(Lexicon::load("absent.dict", phones), Error);
}

TEST(Lexicon, DebianEnglish) {
  const std::filesystem::path path = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  PhoneSet phones;
  const Lexicon lexicon = Lexicon::load_open(path, phones);
  EXPECT_EQ(lexicon.num_pronunciations(), 134723);
  EXPECT_EQ(phones.size(), 39);
  EXPECT_EQ(spell(lexicon, phones, "speech", 0), "S P IY CH ");
}

}  // namespace
}  // namespace bivox
