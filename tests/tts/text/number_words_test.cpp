#include "tts/text/number_words.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

namespace bivox {
namespace {

struct Case {
  const char* text;
  const char* words;
};

template <size_t kCount, class Read>
void expect_words(const Case (&cases)[kCount], Read&& read) {
  for (const Case& one : cases) EXPECT_EQ(read(one.text), one.words) << one.text;
}

TEST(NumberWords, Cardinals) {
  const Case cases[] = {{"0", "zero"},
                        {"000", "zero"},
                        {"10", "ten"},
                        {"1234", "one thousand two hundred thirty four"},
                        {"1000000", "one million"},
                        {"1000001", "one million one"},
                        {"900019000000", "nine hundred billion nineteen million"}};
  expect_words(cases, [](const char* text) { return cardinal_words(std::string(text)); });
  EXPECT_EQ(cardinal_words(-15), "minus fifteen");
  EXPECT_EQ(cardinal_words("1" + std::string(33, '0')), "one decillion");
  EXPECT_EQ(cardinal_words(std::string(37, '1')).substr(0, 11), "one one one");
  EXPECT_THROW(cardinal_words("1,0"), std::logic_error);
}

TEST(NumberWords, Ordinals) {
  const Case cases[] = {{"1", "first"},
                        {"12", "twelfth"},
                        {"20", "twentieth"},
                        {"103", "one hundred third"},
                        {"1000", "one thousandth"}};
  expect_words(cases, [](const char* text) { return ordinal_words(std::string(text)); });
}

TEST(NumberWords, Years) {
  const Case cases[] = {{"1908", "nineteen oh eight"},
                        {"1900", "nineteen hundred"},
                        {"1999", "nineteen ninety nine"},
                        {"2000", "two thousand"},
                        {"2009", "two thousand nine"},
                        {"2026", "twenty twenty six"},
                        {"1066", "ten sixty six"},
                        {"476", "four seventy six"},
                        {"79", "seventy nine"}};
  expect_words(cases, [](const char* text) { return year_words(std::string(text)); });
}

TEST(NumberWords, Pairs) {
  const Case cases[] = {{"101", "one oh one"},
                        {"747", "seven forty seven"},
                        {"1600", "sixteen hundred"},
                        {"007", "oh oh seven"},
                        {"90210", "nine oh two one oh"}};
  expect_words(cases, [](const char* text) { return pair_words(std::string(text)); });
}

TEST(NumberWords, Digits) {
  const Case cases[] = {{"404", "four zero four"}};
  expect_words(cases, [](const char* text) { return digit_words(std::string(text)); });
}

TEST(NumberWords, Decimals) {
  const Case cases[] = {{"3.14", "three point one four"}, {".5", "zero point five"}};
  expect_words(cases, [](const char* text) { return decimal_words(std::string(text)); });
}

TEST(NumberWords, Plurals) {
  const Case cases[] = {{"nineteen ninety", "nineteen nineties"}, {"six", "sixes"}};
  expect_words(cases, [](const char* text) { return plural_words(std::string(text)); });
}

TEST(NumberWords, Fractions) {
  struct Fraction {
    const char* above;
    const char* below;
    std::optional<std::string> words;
  };
  const Fraction cases[] = {{"1", "2", "one half"},        {"3", "2", "three halves"},
                            {"3", "4", "three quarters"},  {"2", "3", "two thirds"},
                            {"1", "100", "one hundredth"}, {"5", "100", "five hundredths"},
                            {"7", "0", std::nullopt},      {"355", "113", std::nullopt}};
  for (const Fraction& one : cases) {
    EXPECT_EQ(fraction_words(one.above, one.below), one.words) << one.above << '/' << one.below;
  }
}

TEST(NumberWords, RomanNumerals) {
  struct Numeral {
    const char* text;
    std::optional<int> value;
  };
  const Numeral cases[] = {
      {"VIII", 8},          {"MCMXCIX", 1999},    {"xlii", 42},      {"IIII", std::nullopt},
      {"IC", std::nullopt}, {"Iv", std::nullopt}, {"", std::nullopt}};
  for (const Numeral& one : cases) EXPECT_EQ(roman_value(one.text), one.value) << one.text;
}

}  // namespace
}  // namespace bivox
