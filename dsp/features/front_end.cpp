#include "dsp/features/front_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

#include "dsp/analysis/noise_removal.h"
#include "dsp/core/error.h"
#include "dsp/features/fft.h"
#include "dsp/features/splice.h"

namespace bivox {

namespace {

using kernels::kBlock;

// Audio is worked through in pieces of this many samples, so that memory does not grow with the
// length of one accept().
constexpr size_t kPiece = 16384;

MelFilterbankOptions mel_options(const FrontEndOptions& o) {
  MelFilterbankOptions mel{o.mel_scale, o.mel_norm, o.sample_rate_hz,    o.resolved_fft_size(),
                           o.num_mel,   o.low_hz,   o.resolved_high_hz()};
  mel.warp = o.warp;
  // Below 13 kHz or so the usual cutoff would leave no room above it.
  mel.warp_cutoff_hz = std::min(mel.warp_cutoff_hz, 0.3 * o.sample_rate_hz);
  return mel;
}

kernels::FrameShaping shaping_options(const FrontEndOptions& o) {
  kernels::FrameShaping shaping;
  shaping.remove_dc = o.remove_dc;
  shaping.pre_emphasis = o.pre_emphasis;
  shaping.prior = o.pre_emphasis_prior;
  if (o.use_energy) {
    shaping.energy = o.raw_energy ? kernels::FrameEnergy::kRaw : kernels::FrameEnergy::kWindowed;
  }
  return shaping;
}

}  // namespace

struct FrontEnd::Impl {
  FrontEndOptions options;
  kernels::FrameShaping shaping;
  Framer framer;
  std::vector<float> window;
  RealFft fft;
  int power_stride;
  AlignedBuffer power;      // [kBlock x power_stride]
  AlignedBuffer transpose;  // [power_stride x kBlock]
  std::vector<MelFilter> filters;
  AlignedBuffer mel;  // [kBlock x num_mel]
  std::optional<NoiseRemoval> noise;
  std::optional<CepstrumTransform> cepstrum;
  AlignedBuffer cepstra;
  std::vector<float> scaled;
  std::mt19937 random;
  std::normal_distribution<float> gaussian;
  float energy[kBlock] = {};

  // Each stage takes all rows of the queue before it; absent stages are passed over.
  RowQueue base;
  std::optional<CmvnStage> cmvn;
  RowQueue normalised;
  std::optional<DeltaStage> deltas;
  RowQueue with_deltas;
  std::optional<SpliceStage> splice;
  RowQueue spliced;
  bool finished = false;

  static FrontEndOptions validated(const FrontEndOptions& o) {
    o.validate();
    return o;
  }

  explicit Impl(const FrontEndOptions& o)
      : options(validated(o)),
        shaping(shaping_options(o)),
        framer({o.frame_length(), o.frame_shift(), o.resolved_fft_size(), o.frame_placement}),
        window(make_window(o.window, o.frame_length())),
        fft(o.resolved_fft_size(), kBlock),
        power_stride(AlignedBuffer::padded(fft.bins())),
        power(static_cast<size_t>(power_stride) * kBlock),
        base(o.base_dims()),
        normalised(o.base_dims()),
        with_deltas(o.dims() / (o.splice_left + 1 + o.splice_right)),
        spliced(o.dims()) {
    if (o.kind != FeatureKind::kPowerSpectrum) {
      filters = make_mel_filterbank(mel_options(o));
      transpose = AlignedBuffer(static_cast<size_t>(power_stride) * kBlock);
      mel = AlignedBuffer(static_cast<size_t>(o.num_mel) * kBlock);
      if (o.noise_removal) noise.emplace(o.num_mel);
    }
    if (o.kind == FeatureKind::kMfcc) {
      cepstrum.emplace(MfccOptions{o.num_mel, o.num_cepstra, o.dct, o.lifter});
      cepstra = AlignedBuffer(static_cast<size_t>(cepstrum->padded_cepstra()));
    }
    if (o.cmvn.kind != CmvnKind::kNone) cmvn.emplace(o.cmvn, o.base_dims());
    if (o.deltas != DeltaKind::kNone) {
      deltas.emplace(o.deltas, o.base_dims(), o.delta_order, o.delta_window);
    }
    if (o.splice_left + o.splice_right > 0) {
      splice.emplace(with_deltas.dims(), o.splice_left, o.splice_right);
    }
    scaled.reserve(kPiece);
    random.seed(o.dither_seed);
  }

  RowQueue& after_cmvn() { return cmvn ? normalised : base; }
  RowQueue& after_deltas() { return deltas ? with_deltas : after_cmvn(); }
  RowQueue& output() { return splice ? spliced : after_deltas(); }

  void accept(std::span<const float> samples) {
    while (!samples.empty()) {
      const auto piece = samples.first(std::min(samples.size(), kPiece));
      samples = samples.subspan(piece.size());
      scaled.resize(piece.size());
      kernels::scale_samples(piece, options.input_scale, options.round_to_int16, scaled.data());
      if (options.dither > 0.0F) {
        for (float& x : scaled) x += options.dither * gaussian(random);
      }
      framer.accept(scaled);
      process_frames();
    }
  }

  void process_frames() {
    for (;;) {
      const int count = std::min(framer.frames_ready(), kBlock);
      if (count == 0) return;
      for (int f = 0; f < count; ++f) {
        const Framer::Frame frame = framer.frame(f);
        float* row = fft.batch_input() + static_cast<ptrdiff_t>(f) * fft.input_stride();
        energy[f] = kernels::shape_frame(frame.samples, frame.length, window.data(), shaping, row,
                                         fft.size());
      }
      framer.drop(count);
      fft.forward_batch(count);
      for (int f = 0; f < count; ++f) {
        kernels::power_spectrum(
            fft.batch_output() + static_cast<ptrdiff_t>(f) * fft.output_stride(), fft.bins(),
            !options.power, power.data() + static_cast<ptrdiff_t>(f) * power_stride);
      }
      emit(count);
      run_stages();
    }
  }

  /// Spectra of `count` frames to base rows.
  void emit(int count) {
    if (options.kind == FeatureKind::kPowerSpectrum) {
      for (int f = 0; f < count; ++f) {
        base.push(power.data() + static_cast<ptrdiff_t>(f) * power_stride);
      }
      return;
    }
    kernels::mel_block(filters, power.data(), power_stride, fft.bins(), transpose.data(),
                       mel.data());
    const ptrdiff_t num_mel = options.num_mel;
    if (noise) {
      for (int f = 0; f < count; ++f) {
        noise->process({mel.data() + f * num_mel, static_cast<size_t>(num_mel)});
      }
    }
    if (options.kind != FeatureKind::kMel) {
      kernels::log_in_place(mel.data(), static_cast<int>(num_mel) * kBlock, options.log_floor_kind,
                            options.log_floor);
    }
    for (int f = 0; f < count; ++f) {
      const float* row = mel.data() + f * num_mel;
      if (!cepstrum) {
        base.push(row);
        continue;
      }
      cepstrum->apply(row, cepstra.data());
      float* target = base.push();
      std::copy_n(cepstra.data(), options.num_cepstra, target);
      if (options.use_energy) {
        const float floor = std::max(options.energy_floor, std::numeric_limits<float>::epsilon());
        target[0] = std::log(std::max(energy[f], floor));
      }
    }
  }

  void run_stages() {
    if (cmvn) cmvn->accept(base, normalised);
    if (deltas) deltas->accept(after_cmvn(), with_deltas);
    if (splice) splice->accept(after_deltas(), spliced);
  }

  void finish() {
    if (finished) return;
    finished = true;
    framer.finish();
    process_frames();
    if (cmvn) cmvn->finish(normalised);
    if (deltas) {
      deltas->accept(after_cmvn(), with_deltas);
      deltas->finish(with_deltas);
    }
    if (splice) {
      splice->accept(after_deltas(), spliced);
      splice->finish(spliced);
    }
  }

  void reset() {
    framer.reset();
    if (noise) noise->reset();
    for (RowQueue* queue : {&base, &normalised, &with_deltas, &spliced}) queue->clear();
    if (cmvn) cmvn->reset();
    if (deltas) deltas->reset();
    if (splice) splice->reset();
    random.seed(options.dither_seed);
    gaussian.reset();
    finished = false;
  }
};

FrontEnd::FrontEnd(const FrontEndOptions& options) : impl_(std::make_unique<Impl>(options)) {}
FrontEnd::~FrontEnd() = default;
FrontEnd::FrontEnd(FrontEnd&& other) noexcept = default;
FrontEnd& FrontEnd::operator=(FrontEnd&& other) noexcept = default;

void FrontEnd::accept(AudioView audio) {
  if (audio.samples.empty()) return;
  if (audio.sample_rate_hz != impl_->options.sample_rate_hz) {
    throw Error(ErrorCode::kInput,
                fmt::format("audio at {} Hz: the front end expects {} Hz", audio.sample_rate_hz,
                            impl_->options.sample_rate_hz),
                "resample it first");
  }
  impl_->accept(audio.samples);
}

void FrontEnd::finish() { impl_->finish(); }
void FrontEnd::reset() { impl_->reset(); }
void FrontEnd::reset_prior() {
  impl_->reset();
  if (impl_->cmvn) impl_->cmvn->forget();
}

int FrontEnd::dims() const { return impl_->options.dims(); }
int FrontEnd::frames_ready() const { return impl_->output().size(); }

FeatureMatrix FrontEnd::pop() {
  RowQueue& rows = impl_->output();
  FeatureMatrix result(rows.size(), rows.dims());
  if (rows.size() > 0) std::copy_n(rows.row(0), result.size(), result.data());
  rows.drop(rows.size());
  return result;
}

const FrontEndOptions& FrontEnd::options() const { return impl_->options; }

FeatureMatrix compute_features(const FrontEndOptions& options, AudioView audio) {
  FrontEnd front_end(options);
  front_end.accept(audio);
  front_end.finish();
  return front_end.pop();
}

}  // namespace bivox
