#include "dsp/features/front_end_options.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "dsp/core/error.h"

namespace bivox {

namespace {

// Bounds against options that make no sense but would allocate without end.
constexpr int kMaxFftSize = 1 << 20;
constexpr int kMaxRate = 1'000'000;
constexpr int kMaxContext = 1000;

// `found` is in range, or the error says so. NaN is never in range.
template <class T>
void expect_range(std::string_view option, T found, T low, T high) {
  if (found >= low && found <= high) return;
  throw Error(ErrorCode::kUsage, fmt::format("{} {}: expected {} to {}", option, found, low, high));
}

}  // namespace

int FrontEndOptions::frame_length() const {
  return static_cast<int>(std::lround(frame_length_s * sample_rate_hz));
}

int FrontEndOptions::frame_shift() const {
  return static_cast<int>(std::lround(frame_shift_s * sample_rate_hz));
}

int FrontEndOptions::resolved_fft_size() const {
  if (fft_size > 0) return fft_size;
  int size = 2;
  while (size < frame_length()) size *= 2;
  return size;
}

double FrontEndOptions::resolved_high_hz() const {
  return high_hz > 0.0 ? high_hz : 0.5 * sample_rate_hz + high_hz;
}

int FrontEndOptions::base_dims() const {
  switch (kind) {
    case FeatureKind::kPowerSpectrum:
      return resolved_fft_size() / 2 + 1;
    case FeatureKind::kMel:
    case FeatureKind::kLogMel:
      return num_mel;
    case FeatureKind::kMfcc:
      return num_cepstra;
  }
  return 0;
}

int FrontEndOptions::dims() const {
  int copies = 1;
  if (deltas == DeltaKind::kRegression) copies += delta_order;
  if (deltas == DeltaKind::kSphinx1sCDDd) copies += 2;
  return base_dims() * copies * (splice_left + 1 + splice_right);
}

void FrontEndOptions::validate() const {
  expect_range("sample_rate_hz", sample_rate_hz, 100, kMaxRate);
  expect_range("frame_length_s", frame_length_s, 2.0 / sample_rate_hz, 60.0);
  expect_range("frame_shift_s", frame_shift_s, 1.0 / sample_rate_hz, 60.0);
  expect_range("frame length in samples", frame_length(), 2, kMaxFftSize);
  if (fft_size != 0) {
    expect_range("fft_size", fft_size, frame_length(), kMaxFftSize);
    if (fft_size % 2 != 0) {
      throw Error(ErrorCode::kUsage, fmt::format("fft_size {}: expected an even number", fft_size));
    }
  }
  if (!std::isfinite(input_scale) || input_scale <= 0.0F) {
    throw Error(ErrorCode::kUsage, fmt::format("input_scale {}: expected above 0", input_scale));
  }
  expect_range("dither", dither, 0.0F, 32768.0F);
  expect_range("pre_emphasis", pre_emphasis, 0.0F, 1.0F);
  expect_range("num_mel", num_mel, 1, resolved_fft_size() / 2 + 1);
  expect_range("low_hz", low_hz, 0.0, 0.5 * sample_rate_hz);
  expect_range("warp", warp, 0.5, 2.0);
  if (!(resolved_high_hz() > low_hz && resolved_high_hz() <= 0.5 * sample_rate_hz)) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("high_hz {}: expected between low_hz {} and {} Hz, half the sample rate",
                    resolved_high_hz(), low_hz, 0.5 * sample_rate_hz));
  }
  if (!std::isfinite(log_floor) || log_floor <= 0.0F) {
    throw Error(ErrorCode::kUsage, fmt::format("log_floor {}: expected above 0", log_floor));
  }
  if (kind == FeatureKind::kMfcc) {
    expect_range("num_cepstra", num_cepstra, 1, num_mel);
    expect_range("lifter", lifter, 0.0F, 1000.0F);
  }
  if (use_energy && kind != FeatureKind::kMfcc) {
    throw Error(ErrorCode::kUsage, "use_energy: expected with kind mfcc only");
  }
  if (noise_removal && kind == FeatureKind::kPowerSpectrum) {
    throw Error(ErrorCode::kUsage, "noise_removal: works on mel powers, not on a power spectrum",
                "choose kind mel, log_mel or mfcc");
  }
  cmvn.validate();
  if (deltas == DeltaKind::kRegression) {
    expect_range("delta_order", delta_order, 1, 4);
    expect_range("delta_window", delta_window, 1, kMaxContext / 4);
  }
  expect_range("splice_left", splice_left, 0, kMaxContext);
  expect_range("splice_right", splice_right, 0, kMaxContext);
}

FrontEndOptions sphinx_front_end() {
  FrontEndOptions o;
  o.frame_length_s = 0.025625;
  o.fft_size = 512;
  o.frame_placement = FramePlacement::kSphinx;
  o.remove_dc = false;
  o.pre_emphasis_prior = PreEmphasisPrior::kStream;
  o.window = WindowKind::kHamming;
  o.noise_removal = true;
  o.mel_scale = MelScale::kSphinx;
  o.mel_norm = MelNorm::kArea;
  o.num_mel = 25;
  o.low_hz = 130.0;
  o.high_hz = 6800.0;
  o.log_floor_kind = LogFloor::kAdd;
  o.log_floor = 1e-4F;
  o.kind = FeatureKind::kMfcc;
  o.cmvn.kind = CmvnKind::kUtterance;
  o.cmvn.skip_negative_c0 = true;
  o.cmvn.prior_mean = {40.0F, 3.0F, -1.0F};
  o.deltas = DeltaKind::kSphinx1sCDDd;
  return o;
}

FrontEndOptions kaldi_fbank_front_end(int num_mel) {
  FrontEndOptions o;
  o.num_mel = num_mel;
  return o;
}

FrontEndOptions kaldi_mfcc_front_end() {
  FrontEndOptions o;
  o.kind = FeatureKind::kMfcc;
  o.num_mel = 23;
  o.use_energy = true;
  return o;
}

FrontEndOptions librosa_front_end(int sample_rate_hz, int num_mel) {
  FrontEndOptions o;
  o.sample_rate_hz = sample_rate_hz;
  o.frame_length_s = 2048.0 / sample_rate_hz;
  o.frame_shift_s = 512.0 / sample_rate_hz;
  o.fft_size = 2048;
  o.frame_placement = FramePlacement::kCentreZero;
  o.input_scale = 1.0F;
  o.remove_dc = false;
  o.pre_emphasis = 0.0F;
  o.window = WindowKind::kHannPeriodic;
  o.mel_scale = MelScale::kSlaney;
  o.mel_norm = MelNorm::kArea;
  o.num_mel = num_mel;
  o.low_hz = 0.0;
  o.log_floor = 1e-10F;
  return o;
}

}  // namespace bivox
