#include "dsp/features/front_end_options.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "dsp/core/error.h"

namespace bivox {
namespace {

TEST(FrontEndOptions, KnownConfigurationsAreValid) {
  for (const FrontEndOptions& o : {FrontEndOptions(), sphinx_front_end(), kaldi_fbank_front_end(40),
                                   kaldi_mfcc_front_end(), librosa_front_end(44100, 128)}) {
    EXPECT_NO_THROW(o.validate());
  }
  EXPECT_EQ(sphinx_front_end().frame_length(), 410);
  EXPECT_EQ(sphinx_front_end().frame_shift(), 160);
  EXPECT_EQ(sphinx_front_end().dims(), 39);
  EXPECT_EQ(kaldi_fbank_front_end(80).resolved_fft_size(), 512);
  EXPECT_EQ(kaldi_fbank_front_end(80).resolved_high_hz(), 8000.0);
}

TEST(FrontEndOptions, ErrorsNameTheOption) {
  const std::vector<std::pair<std::string, std::function<void(FrontEndOptions&)>>> faults = {
      {"sample_rate_hz", [](auto& o) { o.sample_rate_hz = 0; }},
      {"frame_length_s", [](auto& o) { o.frame_length_s = 1e9; }},
      {"frame_length_s",
       [](auto& o) { o.frame_length_s = std::numeric_limits<double>::quiet_NaN(); }},
      {"frame_shift_s", [](auto& o) { o.frame_shift_s = 0.0; }},
      {"fft_size", [](auto& o) { o.fft_size = 256; }},
      {"fft_size", [](auto& o) { o.fft_size = 513; }},
      {"fft_size", [](auto& o) { o.fft_size = 1 << 30; }},
      {"input_scale", [](auto& o) { o.input_scale = 0.0F; }},
      {"pre_emphasis", [](auto& o) { o.pre_emphasis = 1.5F; }},
      {"num_mel", [](auto& o) { o.num_mel = 0; }},
      {"num_mel", [](auto& o) { o.num_mel = 100000; }},
      {"high_hz", [](auto& o) { o.high_hz = 9000.0; }},
      {"high_hz", [](auto& o) { o.high_hz = 10.0; }},
      {"log_floor", [](auto& o) { o.log_floor = 0.0F; }},
      {"num_cepstra",
       [](auto& o) {
         o.kind = FeatureKind::kMfcc;
         o.num_cepstra = 81;
       }},
      {"use_energy", [](auto& o) { o.use_energy = true; }},
      {"splice_left", [](auto& o) { o.splice_left = -1; }},
      {"delta_order",
       [](auto& o) {
         o.deltas = DeltaKind::kRegression;
         o.delta_order = 0;
       }},
  };
  for (const auto& [option, spoil] : faults) {
    FrontEndOptions o;
    spoil(o);
    try {
      o.validate();
      ADD_FAILURE() << option << ": expected an Error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_EQ(error.message().find(option), 0U) << error.message();
    }
  }
}

}  // namespace
}  // namespace bivox
