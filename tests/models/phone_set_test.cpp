#include "models/lexicon/phone_set.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"

namespace bivox {
namespace {

TEST(PhoneSet, AddFindName) {
  PhoneSet phones;
  const PhoneId aa = phones.add("AA");
  const PhoneId noise = phones.add("+NSN+", true);
  EXPECT_EQ(aa, 0);
  EXPECT_EQ(noise, 1);
  EXPECT_EQ(phones.add("AA", true), aa);
  EXPECT_EQ(phones.size(), 2);
  EXPECT_EQ(phones.find("+NSN+"), noise);
  EXPECT_FALSE(phones.find("A"));
  EXPECT_FALSE(phones.find(""));
  EXPECT_EQ(phones.name(noise), "+NSN+");
  EXPECT_FALSE(phones.is_filler(aa));
  EXPECT_TRUE(phones.is_filler(noise));
}

TEST(PhoneSet, SilenceIsTheFillerOfThatNameOrTheFirst) {
  PhoneSet phones;
  phones.add("AA");
  EXPECT_THROW(phones.silence(), Error);
  phones.add("+NSN+", true);
  EXPECT_EQ(phones.silence(), 1);
  phones.add("SIL", true);
  EXPECT_EQ(phones.silence(), 2);
}

TEST(PhoneSet, SpeechPhoneNamedSilIsNoSilence) {
  PhoneSet phones;
  phones.add("SIL");
  EXPECT_THROW(phones.silence(), Error);
  phones.add("sil", true);
  EXPECT_EQ(phones.silence(), 1);
}

TEST(PhoneSet, RefusesEmptyNamesAndTooMany) {
  PhoneSet phones;
  EXPECT_THROW(phones.add(""), Error);
  for (int i = 0; i < 32767; ++i) phones.add(std::to_string(i));
  EXPECT_EQ(phones.size(), 32767);
  EXPECT_THROW(phones.add("one more"), Error);
  EXPECT_EQ(phones.add("7"), 7);
}

}  // namespace
}  // namespace bivox
