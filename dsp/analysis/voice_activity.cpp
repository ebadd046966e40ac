#include "dsp/analysis/voice_activity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <utility>

#include "dsp/analysis/voice_features.h"
#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// Frames of 10 ms.
constexpr int64_t kFloorPast = 400;
constexpr int64_t kFloorFuture = 30;
constexpr int64_t kSmooth = 2;  // on either side
constexpr int64_t kWindowHalf = 40;
constexpr int64_t kWindowStep = 10;
constexpr int64_t kReach = 100;  // how far from a speech-like window active frames count as speech
constexpr int64_t kQuietHalf = 10;

constexpr float kLowestFloorDb = -80.0F;
constexpr float kLowestActiveDb = -70.0F;
constexpr float kShapeRangeDb = 35.0F;
constexpr float kVoicedFrom = 0.6F;
constexpr float kFewLinesDb = 18.0F;
// A vowel lasts; the ringing of a click does not.
constexpr int kMinVoicedRun = 6;
constexpr int kMinActiveFrames = 8;
constexpr double kMaxFewLinesShare = 0.5;
constexpr double kMaxShapeChangeDb = 10.0;
// Windows with plenty of voiced frames may move a little less: noise fills the valleys of the
// spectrum.
constexpr double kVoicedBonusDb = 0.04;
constexpr double kVoicedBonusFrames = 12.0;

struct Frame {
  float energy_db = kSilenceDb;
  float smooth_db = kSilenceDb;
  bool active = false;
  bool voiced = false;
  bool few_lines = false;
  std::array<float, kVoiceBands> shape{};  // bands less their mean
};

void check_options(const VoiceActivityOptions& options) {
  const auto check = [](double value, double low, double high, const char* name) {
    if (!(value >= low && value <= high)) {
      throw Error(ErrorCode::kUsage, fmt::format("voice activity: {} is {}, expected {} to {}",
                                                 name, value, low, high));
    }
  };
  check(options.sensitivity, 0.0, 1.0, "sensitivity");
  check(options.active_db, 0.0, 60.0, "active_db");
  check(options.min_speech_s, 0.0, 60.0, "min_speech_s");
  check(options.min_silence_s, 0.05, 60.0, "min_silence_s");
  check(options.padding_s, 0.0, 5.0, "padding_s");
  check(options.max_segment_s, 1.0, 3600.0, "max_segment_s");
}

int64_t frames_of(double seconds) { return std::llround(seconds / kVoiceFrameShiftS); }

}  // namespace

struct VoiceActivity::State {
  State(int sample_rate_hz, const VoiceActivityOptions& wanted)
      : rate_hz(sample_rate_hz), options(wanted), features(sample_rate_hz) {
    check_options(options);
  }

  const int rate_hz;
  const VoiceActivityOptions options;
  VoiceFeatures features;

  // Everything below changes with the stream; reset() starts it anew.
  struct Stream {
    std::vector<float> pending;  // samples from the start of frame `frame_count` on
    int64_t samples = 0;
    bool finished = false;

    // Stages, each a number of frames done; each waits for the look-ahead of the one before.
    std::deque<Frame> frames;  // from frame `first` on
    int64_t first = 0;
    int64_t frame_count = 0;
    int64_t smoothed = 0;
    int64_t judged = 0;  // frames with `active` known
    bool last_like = false;
    int64_t next_window = 0;                       // centre of the window to be judged next
    int64_t decided = 0;                           // frames passed on to the segments
    std::deque<std::pair<int64_t, float>> minima;  // of smooth_db, for the noise floor
    std::deque<int64_t> speech_windows;            // centres

    // The open segment.
    bool open = false;
    bool continues = false;  // it begins where a long one was cut: no padding there
    int64_t begin = 0;
    int64_t last = 0;  // last speech frame
    int64_t sound = 0;
    std::deque<float> levels_db;  // energy of each frame from `begin` on
    double last_end_s = 0.0;
    std::deque<SpeechSegment> ready;
  } s;

  Frame& at(int64_t frame) { return s.frames[static_cast<size_t>(frame - s.first)]; }

  void analyze(std::span<const float> samples) {
    s.samples += static_cast<int64_t>(samples.size());
    s.pending.insert(s.pending.end(), samples.begin(), samples.end());
    const auto window = static_cast<size_t>(features.window_samples());
    const auto shift = static_cast<size_t>(features.shift_samples());
    size_t begin = 0;
    for (; begin + window <= s.pending.size(); begin += shift) {
      const VoiceFrame found = features.analyze(std::span(s.pending).subspan(begin, window));
      Frame frame;
      frame.energy_db = found.energy_db;
      frame.few_lines = found.dominance_db > kFewLinesDb;
      frame.voiced = found.voicing > kVoicedFrom && !frame.few_lines;
      const float top = *std::max_element(found.bands_db.begin(), found.bands_db.end());
      float mean = 0.0F;
      for (size_t k = 0; k < kVoiceBands; ++k) {
        frame.shape[k] = std::max(found.bands_db[k], top - kShapeRangeDb);
        mean += frame.shape[k];
      }
      mean /= static_cast<float>(kVoiceBands);
      for (float& level : frame.shape) level -= mean;
      s.frames.push_back(frame);
      ++s.frame_count;
      advance();
    }
    s.pending.erase(s.pending.begin(), s.pending.begin() + static_cast<ptrdiff_t>(begin));
  }

  // Runs every stage as far as its look-ahead allows.
  void advance() {
    const auto ready_to = [this](int64_t done, int64_t look_ahead) {
      return s.finished ? s.frame_count : done - look_ahead;
    };
    for (; s.smoothed < ready_to(s.frame_count, kSmooth); ++s.smoothed) smooth(s.smoothed);
    for (; s.judged < ready_to(s.smoothed, kFloorFuture); ++s.judged) judge(s.judged);
    for (; s.next_window < ready_to(s.judged, kWindowHalf - 1); s.next_window += kWindowStep) {
      const bool like = speech_like(s.next_window);
      // Two in a row: what is speech in one window only is the edge of something else.
      if (like && s.last_like) {
        if (s.speech_windows.empty() || s.speech_windows.back() < s.next_window - kWindowStep) {
          s.speech_windows.push_back(s.next_window - kWindowStep);
        }
        s.speech_windows.push_back(s.next_window);
      }
      s.last_like = like;
    }
    for (; s.decided < ready_to(s.next_window - kWindowStep, kReach); ++s.decided)
      decide(s.decided);
    const int64_t keep = std::min(s.decided, s.next_window - kWindowHalf);
    for (; s.first < keep; ++s.first) s.frames.pop_front();
  }

  void smooth(int64_t frame) {
    const int64_t begin = std::max(s.first, frame - kSmooth);
    const int64_t end = std::min(s.frame_count, frame + kSmooth + 1);
    float sum = 0.0F;
    for (int64_t i = begin; i < end; ++i) sum += at(i).energy_db;
    const float level = sum / static_cast<float>(end - begin);
    at(frame).smooth_db = level;
    while (!s.minima.empty() && s.minima.back().second >= level) s.minima.pop_back();
    s.minima.emplace_back(frame, level);
  }

  void judge(int64_t frame) {
    while (s.minima.front().first < frame - kFloorPast) s.minima.pop_front();
    const float floor_db = std::max(s.minima.front().second, kLowestFloorDb);
    Frame& here = at(frame);
    here.active = here.energy_db > floor_db + static_cast<float>(options.active_db) &&
                  here.energy_db > kLowestActiveDb;
  }

  bool speech_like(int64_t centre) {
    const int64_t begin = std::max<int64_t>(s.first, centre - kWindowHalf);
    const int64_t end = std::min(s.frame_count, centre + kWindowHalf);
    int active = 0;
    int run = 0;
    int voiced = 0;
    int few_lines = 0;
    std::array<float, kVoiceBands> sum{};
    std::array<float, kVoiceBands> square_sum{};
    for (int64_t i = begin; i < end; ++i) {
      const Frame& frame = at(i);
      if (!frame.active) {
        run = 0;
        continue;
      }
      ++active;
      run = frame.voiced ? run + 1 : 0;
      if (run == kMinVoicedRun) voiced += kMinVoicedRun;
      if (run > kMinVoicedRun) ++voiced;
      few_lines += frame.few_lines ? 1 : 0;
      for (size_t k = 0; k < kVoiceBands; ++k) {
        sum[k] += frame.shape[k];
        square_sum[k] += frame.shape[k] * frame.shape[k];
      }
    }
    if (active < kMinActiveFrames) return false;
    float variance = 0.0F;
    for (size_t k = 0; k < kVoiceBands; ++k) {
      const float mean = sum[k] / static_cast<float>(active);
      variance += square_sum[k] / static_cast<float>(active) - mean * mean;
    }
    const double change_db = std::sqrt(std::max(0.0F, variance / kVoiceBands));
    const double caution = 0.5 - options.sensitivity;
    const double min_voiced = 6.0 + 8.0 * caution;
    const double bonus_db =
        kVoicedBonusDb * std::clamp(voiced - min_voiced, 0.0, kVoicedBonusFrames);
    return voiced >= min_voiced && few_lines <= kMaxFewLinesShare * active &&
           change_db >= 3.6 + 1.2 * caution - bonus_db && change_db <= kMaxShapeChangeDb;
  }

  void decide(int64_t frame) {
    while (!s.speech_windows.empty() && s.speech_windows.front() < frame - kReach) {
      s.speech_windows.pop_front();
    }
    const bool near = !s.speech_windows.empty() && s.speech_windows.front() <= frame + kReach;
    const bool speech = near && at(frame).active;
    if (s.open && frame - s.last > tolerated_pause()) close();
    if (speech && !s.open) {
      s.open = true;
      s.continues = false;
      s.begin = frame;
      s.sound = 0;
      s.levels_db.clear();
    }
    if (!s.open) return;
    s.levels_db.push_back(at(frame).energy_db);
    if (speech) {
      s.last = frame;
      ++s.sound;
    }
    if (frame - s.begin >= frames_of(options.max_segment_s - 2.0 * padding_s())) cut();
  }

  int64_t tolerated_pause() const {
    const bool young = s.last - s.begin < frames_of(options.max_segment_s / 2.0);
    return frames_of(options.min_silence_s * (young ? 2.0 : 1.0));
  }

  // Padding counts into the longest segment, so it may not fill it.
  double padding_s() const { return std::min(options.padding_s, options.max_segment_s / 4.0); }

  // Ends the open segment at the quietest fifth of a second in its second half; the rest goes on.
  void cut() {
    const auto count = static_cast<int64_t>(s.levels_db.size());
    int64_t quietest = count / 2 + kQuietHalf;
    float lowest = 1e9F;
    for (int64_t i = count / 2 + kQuietHalf; i + kQuietHalf < count; ++i) {
      float sum = 0.0F;
      for (int64_t j = i - kQuietHalf; j <= i + kQuietHalf; ++j) {
        sum += s.levels_db[static_cast<size_t>(j)];
      }
      if (sum < lowest) {
        lowest = sum;
        quietest = i;
      }
    }
    const int64_t place = s.begin + quietest;
    // The frame's middle, two shifts after its start.
    emit(static_cast<double>(place + 2) * kVoiceFrameShiftS);
    s.levels_db.erase(s.levels_db.begin(), s.levels_db.begin() + static_cast<ptrdiff_t>(quietest));
    s.begin = place;
    s.continues = true;
    s.sound = std::max<int64_t>(0, s.last - place);
    if (s.last <= place) s.open = false;  // only the pause was left
  }

  void close() {
    // The last frame ends four shifts after its start.
    if (s.sound >= frames_of(options.min_speech_s)) {
      emit(static_cast<double>(s.last + 4) * kVoiceFrameShiftS + padding_s());
    }
    s.open = false;
  }

  void emit(double end_s) {
    double start_s = static_cast<double>(s.begin) * kVoiceFrameShiftS - padding_s();
    if (s.continues) start_s = s.last_end_s;
    start_s = std::max(start_s, s.last_end_s);
    end_s = std::min(end_s, static_cast<double>(s.samples) / rate_hz);
    if (end_s <= start_s) return;
    s.last_end_s = end_s;
    s.ready.push_back({start_s, end_s});
  }
};

VoiceActivity::VoiceActivity(int sample_rate_hz, const VoiceActivityOptions& options)
    : state_(std::make_unique<State>(sample_rate_hz, options)) {}
VoiceActivity::~VoiceActivity() = default;
VoiceActivity::VoiceActivity(VoiceActivity&&) noexcept = default;
VoiceActivity& VoiceActivity::operator=(VoiceActivity&&) noexcept = default;

void VoiceActivity::accept(std::span<const float> samples) {
  BIVOX_CHECK(!state_->s.finished);
  // In pieces, so that what is pending stays small.
  constexpr size_t kPiece = 16000;
  while (!samples.empty()) {
    const size_t count = std::min(kPiece, samples.size());
    state_->analyze(samples.first(count));
    samples = samples.subspan(count);
  }
}

void VoiceActivity::finish() {
  State& state = *state_;
  BIVOX_CHECK(!state.s.finished);
  state.s.finished = true;
  state.advance();
  if (state.s.open) state.close();
}

void VoiceActivity::reset() { state_->s = State::Stream(); }

std::optional<SpeechSegment> VoiceActivity::pop() {
  std::deque<SpeechSegment>& ready = state_->s.ready;
  if (ready.empty()) return std::nullopt;
  const SpeechSegment segment = ready.front();
  ready.pop_front();
  return segment;
}

double VoiceActivity::undecided_from_s() const {
  const State& state = *state_;
  if (!state.s.ready.empty()) return state.s.ready.front().start_s;
  const int64_t from = state.s.open ? state.s.begin : state.s.decided;
  return std::max(state.s.last_end_s,
                  static_cast<double>(from) * kVoiceFrameShiftS - state.padding_s());
}

double VoiceActivity::latency_s() {
  return kVoiceFrameShiftS *
         static_cast<double>(kSmooth + kFloorFuture + kWindowHalf + 2 * kWindowStep + kReach + 4);
}

std::vector<SpeechSegment> find_speech(AudioView audio, const VoiceActivityOptions& options) {
  VoiceActivity detector(audio.sample_rate_hz, options);
  detector.accept(audio.samples);
  detector.finish();
  std::vector<SpeechSegment> segments;
  while (const std::optional<SpeechSegment> segment = detector.pop()) segments.push_back(*segment);
  return segments;
}

}  // namespace bivox
