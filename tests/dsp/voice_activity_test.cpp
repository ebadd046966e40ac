#include "dsp/analysis/voice_activity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <string>

#include "dsp/analysis/voice_features.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr int kRate = 16000;
constexpr double kSeconds = 8.0;
const std::filesystem::path kAudio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";
const char* const kClips[] = {
    "librispeech-1867-154075-0005.flac",    "librispeech-1867-154075-0019.opus",
    "librispeech-533-1066-0009.opus",       "ljspeech-LJ001-0147.opus",
    "kathleen-arctic_a0045_1592747525.wav", "kathleen-arctic_b0070_1592699853.ogg",
    "commonvoice-common_voice_en_47.flac",  "commonvoice-common_voice_en_11.mp3"};

AudioBuffer make(const std::function<double(double)>& signal, double seconds = kSeconds) {
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(seconds * kRate)), kRate};
  for (size_t t = 0; t < audio.samples.size(); ++t) {
    audio.samples[t] = static_cast<float>(signal(static_cast<double>(t) / kRate));
  }
  return audio;
}

double sine(double phase_cycles) { return std::sin(2.0 * std::numbers::pi * phase_cycles); }
bool on(double t, double period) { return std::fmod(t, 2.0 * period) < period; }

void append(AudioBuffer& audio, const AudioBuffer& more) {
  audio.samples.insert(audio.samples.end(), more.samples.begin(), more.samples.end());
}

AudioBuffer silence(double seconds) {
  return make([](double) { return 0.0; }, seconds);
}

void expect_nothing(const std::string& what, const AudioBuffer& audio) {
  const std::vector<SpeechSegment> segments = find_speech(audio);
  EXPECT_TRUE(segments.empty()) << what << ": " << segments.size() << " segments, first at "
                                << (segments.empty() ? 0.0 : segments[0].start_s) << " s";
}

TEST(VoiceActivity, SilenceGivesNothing) {
  expect_nothing("digital silence", silence(kSeconds));
  expect_nothing("an empty stream", silence(0.0));
  expect_nothing("shorter than a frame", silence(0.02));
  std::mt19937 random(1);
  expect_nothing("dither", make([&](double) {
                   return std::uniform_real_distribution(-1.0, 1.0)(random) / 32768.0;
                 }));
  expect_nothing("an offset", make([](double) { return 0.3; }));
}

TEST(VoiceActivity, NoiseGivesNothing) {
  for (const double level : {0.001, 0.03, 0.3}) {
    std::mt19937 random(2);
    std::normal_distribution<double> normal(0.0, level);
    const auto white = [&](double) { return normal(random); };
    expect_nothing("white", make(white));
    // Pink by Paul Kellet's three one-pole filters, brown by a leaky integrator.
    double b0 = 0.0;
    double b1 = 0.0;
    double b2 = 0.0;
    const auto pink = [&](double) {
      const double w = normal(random);
      b0 = 0.99765 * b0 + w * 0.0990460;
      b1 = 0.96300 * b1 + w * 0.2965164;
      b2 = 0.57000 * b2 + w * 1.0526913;
      return 0.3 * (b0 + b1 + b2 + w * 0.1848);
    };
    expect_nothing("pink", make(pink));
    double brown_state = 0.0;
    expect_nothing("brown", make([&](double) {
                     brown_state = 0.99 * brown_state + normal(random);
                     return 0.3 * brown_state;
                   }));
    // Changing loudness as speech does, without its voice and its changing spectrum.
    expect_nothing("chopped", make([&](double t) { return on(t, 0.25) ? white(t) : 0.0; }));
    expect_nothing("4 Hz white", make([&](double t) { return white(t) * (1.0 + sine(4.0 * t)); }));
    expect_nothing("4 Hz pink", make([&](double t) { return pink(t) * (1.0 + sine(4.0 * t)); }));
  }
}

TEST(VoiceActivity, HumGivesNothing) {
  for (const double mains_hz : {50.0, 60.0}) {
    const auto hum = [&](double t) {
      double sum = 0.0;
      for (int k = 1; k < 12; ++k) sum += 0.1 / k * sine(k * mains_hz * t);
      return sum;
    };
    expect_nothing("hum", make(hum));
    expect_nothing("hum switched on", make([&](double t) { return t > 3.0 ? hum(t) : 0.0; }));
  }
}

TEST(VoiceActivity, TonesGiveNothing) {
  for (const double frequency_hz : {100.0, 220.0, 440.0, 1000.0, 3000.0}) {
    const auto tone = [&](double t) { return 0.3 * sine(frequency_hz * t); };
    const std::string name = std::to_string(frequency_hz) + " Hz ";
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0.0, 0.01);
    expect_nothing(name + "steady", make(tone));
    expect_nothing(name + "in noise", make([&](double t) { return tone(t) + noise(random); }));
    for (const double period : {0.15, 0.3, 1.0}) {
      expect_nothing(name + "beeps", make([&](double t) { return on(t, period) ? tone(t) : 0.0; }));
      expect_nothing(name + "beeps in noise", make([&](double t) {
                       return (on(t, period) ? tone(t) : 0.0) + noise(random);
                     }));
    }
    expect_nothing(name + "4 Hz tremolo",
                   make([&](double t) { return tone(t) * 0.5 * (1.0 + sine(4.0 * t)); }));
    expect_nothing(name + "square", make([&](double t) { return std::copysign(0.3, tone(t)); }));
    expect_nothing(name + "square beeps",
                   make([&](double t) { return on(t, 0.3) ? std::copysign(0.3, tone(t)) : 0.0; }));
  }
}

TEST(VoiceActivity, TelephoneTonesGiveNothing) {
  expect_nothing("dial", make([](double t) { return 0.2 * (sine(350 * t) + sine(440 * t)); }));
  expect_nothing("busy", make([](double t) {
                   return on(t, 0.5) ? 0.2 * (sine(480 * t) + sine(620 * t)) : 0.0;
                 }));
  const double low_hz[] = {697, 770, 852, 941};
  const double high_hz[] = {1209, 1336, 1477, 1336};
  expect_nothing("keys", make([&](double t) {
                   const auto key = static_cast<size_t>(t / 0.3) % 4;
                   return on(t, 0.15) ? 0.2 * (sine(low_hz[key] * t) + sine(high_hz[key] * t))
                                      : 0.0;
                 }));
}

TEST(VoiceActivity, SweepsGiveNothing) {
  for (const double period : {0.5, 1.0, 3.0, 8.0}) {
    // From 100 Hz up to 4000 Hz, again and again: the phase is the integral of the frequency.
    expect_nothing("sweep", make([&](double t) {
                     const double part = std::fmod(t, period) / period;
                     return 0.3 *
                            sine(100.0 * period * (std::pow(40.0, part) - 1) / std::log(40.0));
                   }));
  }
}

TEST(VoiceActivity, ClicksGiveNothing) {
  for (const double period : {0.1, 0.25, 0.5, 1.0}) {
    const auto since = [&](double t) { return std::fmod(t, period); };
    expect_nothing("clicks", make([&](double t) { return since(t) < 1.0 / kRate ? 0.8 : 0.0; }));
    expect_nothing("ringing clicks", make([&](double t) {
                     return 0.5 * std::exp(-since(t) / 0.005) * sine(700.0 * t);
                   }));
  }
}

TEST(VoiceActivity, KeepsEveryClipWhole) {
  for (const char* name : kClips) {
    SCOPED_TRACE(name);
    AudioBuffer audio = silence(2.0);
    const AudioBuffer clip = read_audio(kAudio / name, kRate);
    append(audio, clip);
    append(audio, silence(2.0));
    const std::vector<SpeechSegment> segments = find_speech(audio);
    ASSERT_EQ(segments.size(), 1U);
    // Every 20 ms within 25 dB of the loudest is inside, with 0.25 s to spare on both sides.
    const auto level_db = [&](size_t begin) {
      double sum = 1e-12;
      for (size_t t = begin; t < begin + 320; ++t) {
        sum += static_cast<double>(audio.samples[t]) * audio.samples[t];
      }
      return 10.0 * std::log10(sum);
    };
    double top_db = -1000.0;
    for (size_t t = 0; t + 320 <= audio.samples.size(); t += 320) {
      top_db = std::max(top_db, level_db(t));
    }
    for (size_t t = 0; t + 320 <= audio.samples.size(); t += 320) {
      if (level_db(t) < top_db - 25.0) continue;
      EXPECT_GT(static_cast<double>(t) / kRate, segments[0].start_s + 0.25);
      EXPECT_LT(static_cast<double>(t + 320) / kRate, segments[0].end_s - 0.25);
    }
    // And the added silence is mostly gone.
    EXPECT_GT(segments[0].start_s, 1.0);
    EXPECT_LT(segments[0].end_s, audio.duration_s() - 1.0);
  }
}

TEST(VoiceActivity, KeepsSpeechInNoiseAndAtEveryLevel) {
  const AudioBuffer clip = read_audio(kAudio / kClips[0], kRate);
  for (const float gain : {0.01F, 0.1F, 1.0F}) {
    AudioBuffer audio = clip;
    std::mt19937 random(4);
    std::normal_distribution<float> noise(0.0F, 0.005F);
    for (float& x : audio.samples) x = gain * (x + noise(random));
    const std::vector<SpeechSegment> segments = find_speech(audio);
    ASSERT_EQ(segments.size(), 1U) << gain;
    EXPECT_GT(segments[0].duration_s(), 0.8 * clip.duration_s()) << gain;
  }
}

TEST(VoiceActivity, WorksAtOtherRates) {
  for (const int rate_hz : {8000, 22050, 48000}) {
    const AudioBuffer clip = read_audio(kAudio / kClips[0], rate_hz);
    const std::vector<SpeechSegment> segments = find_speech(clip);
    ASSERT_EQ(segments.size(), 1U) << rate_hz;
    EXPECT_GT(segments[0].duration_s(), 3.0) << rate_hz;
    EXPECT_LE(segments[0].end_s, clip.duration_s()) << rate_hz;
  }
  EXPECT_THROW(VoiceActivity(4000), std::logic_error);
}

// All clips with pauses of 2 s between them.
AudioBuffer conversation() {
  AudioBuffer audio = silence(1.0);
  for (const char* name : kClips) {
    append(audio, read_audio(kAudio / name, kRate));
    append(audio, silence(2.0));
  }
  return audio;
}

TEST(VoiceActivity, FindsEachUtterance) {
  const AudioBuffer audio = conversation();
  const std::vector<SpeechSegment> segments = find_speech(audio);
  EXPECT_EQ(segments.size(), std::size(kClips));
  double last_end_s = 0.0;
  for (const SpeechSegment& segment : segments) {
    EXPECT_GE(segment.start_s, last_end_s);
    EXPECT_GT(segment.end_s, segment.start_s);
    last_end_s = segment.end_s;
  }
  EXPECT_LE(last_end_s, audio.duration_s());
}

TEST(VoiceActivity, DoesNotDependOnTheChunking) {
  const AudioBuffer audio = conversation();
  const std::vector<SpeechSegment> whole = find_speech(audio);
  for (const size_t chunk : {size_t{1}, size_t{37}, size_t{1600}, size_t{50000}}) {
    VoiceActivity detector(kRate);
    std::vector<SpeechSegment> segments;
    for (size_t begin = 0; begin < audio.samples.size(); begin += chunk) {
      const size_t count = std::min(chunk, audio.samples.size() - begin);
      detector.accept(std::span(audio.samples).subspan(begin, count));
      const double heard_s = static_cast<double>(begin + count) / kRate;
      while (const auto segment = detector.pop()) {
        segments.push_back(*segment);
        // Told soon enough, and what may be thrown away really may.
        EXPECT_LE(heard_s - segment->end_s,
                  VoiceActivity::latency_s() + 2 * 0.8 + static_cast<double>(chunk) / kRate);
      }
      const double from_s = detector.undecided_from_s();
      for (const SpeechSegment& segment : whole) {
        const bool told = segments.size() > 0 && segments.back().end_s >= segment.end_s;
        if (!told) {
          ASSERT_LE(from_s, segment.start_s + 1e-9);
          break;
        }
      }
    }
    detector.finish();
    while (const auto segment = detector.pop()) segments.push_back(*segment);
    ASSERT_EQ(segments.size(), whole.size()) << chunk;
    for (size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(segments[i].start_s, whole[i].start_s) << chunk;
      EXPECT_EQ(segments[i].end_s, whole[i].end_s) << chunk;
    }
  }
}

TEST(VoiceActivity, CutsLongSpeechWithoutLosingAny) {
  AudioBuffer audio;
  audio.sample_rate_hz = kRate;
  for (int round = 0; round < 3; ++round) {
    for (const char* name : kClips) append(audio, read_audio(kAudio / name, kRate));
  }
  VoiceActivityOptions options;
  options.max_segment_s = 10.0;
  const std::vector<SpeechSegment> segments = find_speech(audio, options);
  ASSERT_GE(segments.size(), 9U);
  double covered_s = 0.0;
  for (size_t i = 0; i < segments.size(); ++i) {
    EXPECT_LE(segments[i].duration_s(), options.max_segment_s + 0.1);
    if (i > 0) {
      EXPECT_GE(segments[i].start_s, segments[i - 1].end_s);
    }
    covered_s += segments[i].duration_s();
  }
  EXPECT_GT(covered_s, 0.93 * audio.duration_s());
}

TEST(VoiceActivity, CanStartAgain) {
  const AudioBuffer clip = read_audio(kAudio / kClips[0], kRate);
  VoiceActivity detector(kRate);
  for (int round = 0; round < 2; ++round) {
    detector.accept(clip.samples);
    detector.finish();
    const auto segment = detector.pop();
    ASSERT_TRUE(segment.has_value());
    EXPECT_EQ(segment->start_s, find_speech(clip)[0].start_s);
    EXPECT_FALSE(detector.pop().has_value());
    EXPECT_THROW(detector.accept(clip.samples), std::logic_error);
    detector.reset();
  }
}

TEST(VoiceActivity, SensitivityOrdersWhatIsKept) {
  // A word cut short: the strict detector drops it, the eager one keeps it.
  const AudioBuffer clip = read_audio(kAudio / kClips[0], kRate);
  double strict_s = 0.0;
  double eager_s = 0.0;
  for (size_t begin = 0; begin + 4800 <= clip.samples.size(); begin += 1600) {
    AudioBuffer audio = silence(1.0);
    audio.samples.insert(audio.samples.end(), clip.samples.begin() + static_cast<ptrdiff_t>(begin),
                         clip.samples.begin() + static_cast<ptrdiff_t>(begin + 4800));
    append(audio, silence(1.0));
    VoiceActivityOptions options;
    options.sensitivity = 0.0;
    for (const SpeechSegment& s : find_speech(audio, options)) strict_s += s.duration_s();
    options.sensitivity = 1.0;
    for (const SpeechSegment& s : find_speech(audio, options)) eager_s += s.duration_s();
  }
  EXPECT_LT(strict_s, 0.8 * eager_s);
}

TEST(VoiceActivity, RefusesOptionsOutOfRange) {
  VoiceActivityOptions options;
  options.sensitivity = 1.5;
  EXPECT_THROW(VoiceActivity(kRate, options), Error);
  options.sensitivity = NAN;
  EXPECT_THROW(VoiceActivity(kRate, options), Error);
  options = {};
  options.max_segment_s = 0.0;
  EXPECT_THROW(VoiceActivity(kRate, options), Error);
}

TEST(VoiceFeatures, MeasureWhatTheySay) {
  VoiceFeatures features(kRate);
  const auto size = static_cast<size_t>(features.window_samples());
  const auto frame_of = [&](const std::function<double(double)>& signal) {
    AudioBuffer audio = make(signal, 0.1);
    return features.analyze(std::span(audio.samples).first(size));
  };
  const VoiceFrame quiet = frame_of([](double) { return 0.0; });
  EXPECT_FLOAT_EQ(quiet.energy_db, kSilenceDb);
  EXPECT_EQ(quiet.voicing, 0.0F);
  // A sine of amplitude 0.1 has a mean square of 0.005: -23.01 dB.
  const VoiceFrame tone = frame_of([](double t) { return 0.1 * sine(1000.0 * t); });
  EXPECT_NEAR(tone.energy_db, 10.0 * std::log10(0.005), 0.05);
  EXPECT_GT(tone.dominance_db, 40.0F);
  const VoiceFrame pulses = frame_of([](double t) {
    double sum = 0.0;
    for (int k = 1; k < 30; ++k) sum += 0.05 * sine(120.0 * k * t);
    return sum;
  });
  EXPECT_GT(pulses.voicing, 0.95F);
  EXPECT_LT(pulses.dominance_db, 3.0F);
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0.0, 0.1);
  const VoiceFrame noise = frame_of([&](double) { return normal(random); });
  EXPECT_LT(noise.voicing, 0.55F);
  EXPECT_LT(noise.dominance_db, 12.0F);
}

}  // namespace
}  // namespace bivox
