#include "models/io/front_end_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

std::string refusal(const std::string& json) {
  try {
    front_end_from_json(Json::parse(json), "config.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

// Every field different from its default, and still valid.
FrontEndOptions unusual() {
  FrontEndOptions o;
  o.sample_rate_hz = 22050;
  o.frame_length_s = 0.0301;
  o.frame_shift_s = 0.0101;
  o.fft_size = 2048;
  o.frame_placement = FramePlacement::kCentreZero;
  o.input_scale = 0.1F;
  o.round_to_int16 = true;
  o.dither = 0.3F;
  o.dither_seed = 4000000000U;
  o.remove_dc = false;
  o.pre_emphasis = 0.9F;
  o.pre_emphasis_prior = PreEmphasisPrior::kStream;
  o.window = WindowKind::kBlackman;
  o.power = false;
  o.noise_removal = true;
  o.mel_scale = MelScale::kHtkHz;
  o.mel_norm = MelNorm::kArea;
  o.num_mel = 31;
  o.low_hz = 33.3;
  o.high_hz = -400.5;
  o.warp = 1.07;
  o.log_floor_kind = LogFloor::kAdd;
  o.log_floor = 1e-30F;
  o.kind = FeatureKind::kMfcc;
  o.num_cepstra = 14;
  o.dct = DctKind::kSphinxLegacy;
  o.lifter = 0.0F;
  o.use_energy = true;
  o.raw_energy = false;
  o.energy_floor = 1.1F;
  o.cmvn = {CmvnKind::kSliding, true, true, 77, {40.1F, -3.3F, 1e-7F}, 12};
  o.deltas = DeltaKind::kRegression;
  o.delta_order = 1;
  o.delta_window = 3;
  o.splice_left = 4;
  o.splice_right = 5;
  return o;
}

TEST(FrontEndJson, DefaultsAreEmpty) {
  EXPECT_EQ(front_end_to_json({}).dump(), "{}");
  EXPECT_EQ(front_end_to_json(front_end_from_json(Json::object(), "x")).dump(), "{}");
}

TEST(FrontEndJson, EveryFieldComesBack) {
  const FrontEndOptions options = unusual();
  const Json json = front_end_to_json(options);
  // One key for each field: 35 and the object of CMVN with its 6.
  EXPECT_EQ(json.size(), 36U);
  EXPECT_EQ(json["cmvn"].size(), 6U);
  EXPECT_EQ(json["pre_emphasis"].dump(), "0.9");
  const FrontEndOptions again = front_end_from_json(Json::parse(json.dump()), "copy");
  EXPECT_EQ(front_end_to_json(again), json);
  EXPECT_EQ(again.sample_rate_hz, options.sample_rate_hz);
  EXPECT_EQ(again.frame_length_s, options.frame_length_s);
  EXPECT_EQ(again.input_scale, options.input_scale);
  EXPECT_EQ(again.dither_seed, options.dither_seed);
  EXPECT_EQ(again.window, options.window);
  EXPECT_EQ(again.high_hz, options.high_hz);
  EXPECT_EQ(again.log_floor, options.log_floor);
  EXPECT_EQ(again.lifter, options.lifter);
  EXPECT_EQ(again.cmvn.prior_mean, options.cmvn.prior_mean);
  EXPECT_EQ(again.cmvn.kind, options.cmvn.kind);
  EXPECT_EQ(again.splice_right, options.splice_right);
}

TEST(FrontEndJson, EveryEnumeratorHasAName) {
  const auto comes_back = [](auto change) {
    FrontEndOptions options = unusual();
    change(options);
    const Json json = front_end_to_json(options);
    EXPECT_EQ(front_end_to_json(front_end_from_json(json, "copy")), json);
    EXPECT_EQ(json.dump().find("null"), std::string::npos) << json;
  };
  for (int i = 0; i < 6; ++i) {
    comes_back([i](FrontEndOptions& o) { o.window = static_cast<WindowKind>(i); });
  }
  for (int i = 0; i < 5; ++i) {
    comes_back([i](FrontEndOptions& o) { o.frame_placement = static_cast<FramePlacement>(i); });
  }
  for (int i = 0; i < 4; ++i) {
    comes_back([i](FrontEndOptions& o) { o.mel_scale = static_cast<MelScale>(i); });
    comes_back([i](FrontEndOptions& o) {
      o.cmvn.variance = false;
      o.cmvn.kind = static_cast<CmvnKind>(i);
    });
    comes_back([i](FrontEndOptions& o) {
      o.use_energy = false;
      o.noise_removal = false;
      o.kind = static_cast<FeatureKind>(i);
    });
  }
  for (int i = 0; i < 3; ++i) {
    comes_back([i](FrontEndOptions& o) { o.dct = static_cast<DctKind>(i); });
    comes_back([i](FrontEndOptions& o) { o.deltas = static_cast<DeltaKind>(i); });
  }
}

TEST(FrontEndJson, RefusalsNameKeyFindingAndExpectation) {
  EXPECT_THAT(refusal(R"({"num_mels": 40})"), HasSubstr("unknown option \"num_mels\""));
  EXPECT_THAT(refusal(R"({"cmvn": {"mean": true}})"), HasSubstr("front_end.cmvn"));
  EXPECT_THAT(refusal(R"({"window": "hanning"})"),
              HasSubstr("\"window\": found \"hanning\", expected one of \"rectangular\""));
  EXPECT_THAT(refusal(R"({"num_mel": 40.5})"), HasSubstr("found 40.5, expected a whole number"));
  EXPECT_THAT(refusal(R"({"num_mel": 99999999999})"), HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"dither_seed": -1})"), HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"power": 1})"), HasSubstr("true or false"));
  EXPECT_THAT(refusal(R"({"dither": 1e99})"), HasSubstr("finite"));
  EXPECT_THAT(refusal(R"({"cmvn": 3})"), HasSubstr("object"));
  EXPECT_THAT(refusal(R"({"cmvn": {"prior_mean": ["a"]}})"), HasSubstr("prior_mean"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("object"));
  // Valid JSON, absurd options.
  EXPECT_THAT(refusal(R"({"frame_shift_s": -1})"), HasSubstr("frame_shift_s"));
}

}  // namespace
}  // namespace bivox
