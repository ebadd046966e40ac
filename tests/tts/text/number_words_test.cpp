#include "tts/text/number_words.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace bivox {
namespace {

TEST(NumberWords, Cardinals) {
  EXPECT_EQ(cardinal_words("0"), "zero");
  EXPECT_EQ(cardinal_words("000"), "zero");
  EXPECT_EQ(cardinal_words("10"), "ten");
  EXPECT_EQ(cardinal_words("1234"), "one thousand two hundred thirty four");
  EXPECT_EQ(cardinal_words("1000000"), "one million");
  EXPECT_EQ(cardinal_words("1000001"), "one million one");
  EXPECT_EQ(cardinal_words("900019000000"), "nine hundred billion nineteen million");
  EXPECT_EQ(cardinal_words(-15), "minus fifteen");
  EXPECT_EQ(cardinal_words("1" + std::string(33, '0')), "one decillion");
  EXPECT_EQ(cardinal_words(std::string(37, '1')).substr(0, 11), "one one one");
  EXPECT_THROW(cardinal_words("1,0"), std::logic_error);
}

TEST(NumberWords, Ordinals) {
  EXPECT_EQ(ordinal_words("1"), "first");
  EXPECT_EQ(ordinal_words("12"), "twelfth");
  EXPECT_EQ(ordinal_words("20"), "twentieth");
  EXPECT_EQ(ordinal_words("103"), "one hundred third");
  EXPECT_EQ(ordinal_words("1000"), "one thousandth");
}

TEST(NumberWords, Years) {
  EXPECT_EQ(year_words("1908"), "nineteen oh eight");
  EXPECT_EQ(year_words("1900"), "nineteen hundred");
  EXPECT_EQ(year_words("1999"), "nineteen ninety nine");
  EXPECT_EQ(year_words("2000"), "two thousand");
  EXPECT_EQ(year_words("2009"), "two thousand nine");
  EXPECT_EQ(year_words("2026"), "twenty twenty six");
  EXPECT_EQ(year_words("1066"), "ten sixty six");
  EXPECT_EQ(year_words("476"), "four seventy six");
  EXPECT_EQ(year_words("79"), "seventy nine");
}

TEST(NumberWords, PairsAndDigits) {
  EXPECT_EQ(pair_words("101"), "one oh one");
  EXPECT_EQ(pair_words("747"), "seven forty seven");
  EXPECT_EQ(pair_words("1600"), "sixteen hundred");
  EXPECT_EQ(pair_words("007"), "oh oh seven");
  EXPECT_EQ(pair_words("90210"), "nine oh two one oh");
  EXPECT_EQ(digit_words("404"), "four zero four");
}

TEST(NumberWords, Fractions) {
  EXPECT_EQ(fraction_words("1", "2"), "one half");
  EXPECT_EQ(fraction_words("3", "2"), "three halves");
  EXPECT_EQ(fraction_words("3", "4"), "three quarters");
  EXPECT_EQ(fraction_words("2", "3"), "two thirds");
  EXPECT_EQ(fraction_words("1", "100"), "one hundredth");
  EXPECT_EQ(fraction_words("5", "100"), "five hundredths");
  EXPECT_EQ(fraction_words("7", "0"), std::nullopt);
  EXPECT_EQ(fraction_words("355", "113"), std::nullopt);
  EXPECT_EQ(decimal_words("3.14"), "three point one four");
  EXPECT_EQ(decimal_words(".5"), "zero point five");
  EXPECT_EQ(plural_words("nineteen ninety"), "nineteen nineties");
  EXPECT_EQ(plural_words("six"), "sixes");
}

TEST(NumberWords, RomanNumerals) {
  EXPECT_EQ(roman_value("VIII"), 8);
  EXPECT_EQ(roman_value("MCMXCIX"), 1999);
  EXPECT_EQ(roman_value("xlii"), 42);
  EXPECT_EQ(roman_value("IIII"), std::nullopt);
  EXPECT_EQ(roman_value("IC"), std::nullopt);
  EXPECT_EQ(roman_value("Iv"), std::nullopt);
  EXPECT_EQ(roman_value(""), std::nullopt);
}

}  // namespace
}  // namespace bivox
