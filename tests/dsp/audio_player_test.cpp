#include "dsp/audio/audio_player.h"

#include <gtest/gtest.h>

#include <vector>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// Machines that build have no loudspeaker mostly: then the error says what to do instead.
TEST(AudioPlayer, PlaysOrSaysWhyNot) {
  try {
    AudioPlayer player(16000);
    const std::vector<float> silence(1600, 0.0F);
    player.write(silence);
    player.drain();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kRuntime);
    EXPECT_NE(error.hint().find("-o"), std::string::npos) << error.hint();
  }
}

}  // namespace
}  // namespace bivox
