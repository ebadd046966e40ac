#include "models/io/hmm_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;
using Subject = ContextQuestion::Subject;
using ::testing::HasSubstr;

HmmFile example() {
  PhoneSet phones;
  phones.add("SIL", true);
  phones.add("\xC3\x84");
  phones.add("B");
  phones.add("SPN", true);
  StateTree tree(phones, 2);
  tree.add_question({Subject::kLeft, {false, true, true, false}});
  tree.add_question({Subject::kRight, {true, false, false, false}});
  tree.add_question({Subject::kPosition, {false, true, false, true}});
  const auto [yes, no] = tree.split(2, 0, 0, 2);
  tree.split(1, 1, 0, 0);
  tree.split(2, 0, no, 1);
  HmmFile hmm(std::move(tree));
  hmm.transitions[0] = std::log(0.3F);
  hmm.transitions[2] = std::log(0.123456F);  // a skip of the first state of SIL
  hmm.fillers.push_back({"[noise]", 3});
  hmm.score_scale.language_weight = 12.3F;
  hmm.score_scale.confidence_offset = -0.1F;
  return hmm;
}

std::string refusal(const std::string& text) {
  try {
    parse_hmm_json(text, "hmm.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

// The refusal of the example with one value changed.
std::string refusal_with(const char* pointer, const Json& value) {
  Json json = Json::parse(write_hmm_json(example()));
  json[Json::json_pointer(pointer)] = value;
  return refusal(json.dump());
}

TEST(HmmFile, ComesBackWithTheSameStates) {
  const HmmFile hmm = example();
  const std::string text = write_hmm_json(hmm);
  const HmmFile again = parse_hmm_json(text, "copy");
  EXPECT_EQ(write_hmm_json(again), text);
  EXPECT_EQ(again.tree.num_states(), hmm.tree.num_states());
  EXPECT_EQ(again.transitions, hmm.transitions);
  EXPECT_EQ(again.score_scale.language_weight, 12.3F);
  EXPECT_EQ(again.score_scale.word_penalty, ScoreScale{}.word_penalty);
  ASSERT_EQ(again.fillers.size(), 2U);
  EXPECT_EQ(again.fillers[1].name, "[noise]");
  EXPECT_EQ(again.fillers[1].phone, 3);
  EXPECT_TRUE(again.tree.phones().is_filler(3));
  for (PhoneId centre = 0; centre < 4; ++centre) {
    for (int state = 0; state < 2; ++state) {
      for (int position = 0; position < 4; ++position) {
        for (PhoneId left = 0; left < 4; ++left) {
          for (PhoneId right = 0; right < 4; ++right) {
            const PhoneContext context = {static_cast<WordPosition>(position), left, right};
            EXPECT_EQ(again.tree.tied_state(centre, state, context),
                      hmm.tree.tied_state(centre, state, context));
          }
        }
      }
    }
  }
  EXPECT_TRUE(again.hmms().complete());
}

TEST(HmmFile, RefusesWhatIsNoModel) {
  EXPECT_THAT(refusal("[]"), HasSubstr("object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("phones"));
  EXPECT_THAT(refusal_with("/phones/1", "B"), HasSubstr("twice"));
  EXPECT_THAT(refusal_with("/phones", Json::array()), HasSubstr("phones"));
  EXPECT_THAT(refusal_with("/filler_phones", Json::array()), HasSubstr("silence"));
  EXPECT_THAT(refusal_with("/filler_phones/0", "X"), HasSubstr("not among the phones"));
  EXPECT_THAT(refusal_with("/states_per_hmm", 0), HasSubstr("1 to 32"));
  EXPECT_THAT(refusal_with("/states_per_hmm", 3), HasSubstr("rows"));
  EXPECT_THAT(refusal_with("/questions/0", {{"middle", {"B"}}}), HasSubstr("position"));
  EXPECT_THAT(refusal_with("/questions/0", {{"left", {"Q"}}}), HasSubstr("not among the phones"));
  EXPECT_THAT(refusal_with("/questions/2/position/0", "start"), HasSubstr("unknown position"));
  EXPECT_THAT(refusal_with("/splits/0/0", "SIL"), HasSubstr("no such leaf"));
  EXPECT_THAT(refusal_with("/splits/0/1", 2), HasSubstr("no such leaf"));
  EXPECT_THAT(refusal_with("/splits/2/2", 9), HasSubstr("no such leaf"));
  EXPECT_THAT(refusal_with("/splits/2/3", 3), HasSubstr("no such leaf"));
  EXPECT_THAT(refusal_with("/splits/2/3", -1), HasSubstr("whole number"));
  EXPECT_THAT(refusal_with("/transitions/B/0/0", 0.5), HasSubstr("probability"));
  EXPECT_THAT(refusal_with("/transitions/B/1/2", -1), HasSubstr("out of the HMM"));
  EXPECT_THAT(refusal_with("/transitions/B/1/1", nullptr), HasSubstr("never left"));
  EXPECT_THAT(refusal_with("/filler_words/0/phone", "B"), HasSubstr("filler phone"));
  EXPECT_THAT(refusal_with("/score_scale/beam", 0), HasSubstr("above 0"));
  EXPECT_THAT(refusal_with("/score_scale/beams", 10), HasSubstr("unknown"));
  EXPECT_THAT(refusal_with("/score_scale/beam", "wide"), HasSubstr("finite number"));
}

}  // namespace
}  // namespace bivox
