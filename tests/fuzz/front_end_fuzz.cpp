// Arbitrary options and samples: either an Error, or as many finite rows as were promised, whatever
// the chunking.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "dsp/core/error.h"
#include "dsp/features/front_end.h"

namespace {

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  template <class T>
  T take() {
    T value{};
    const size_t n = std::min(sizeof(T), size_);
    std::memcpy(&value, data_, n);
    data_ += n;
    size_ -= n;
    return value;
  }
  int number(int count) { return take<uint8_t>() % count; }
  bool flag() { return take<uint8_t>() % 2 != 0; }
  std::vector<float> rest() const {
    std::vector<float> samples(size_ / sizeof(float));
    // An empty vector has no address to copy to.
    if (!samples.empty()) std::memcpy(samples.data(), data_, samples.size() * sizeof(float));
    return samples;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

bivox::FrontEndOptions options_from(Bytes& bytes) {
  using namespace bivox;
  FrontEndOptions o;
  const int preset = bytes.number(4);
  if (preset == 1) o = sphinx_front_end();
  if (preset == 2) o = kaldi_mfcc_front_end();
  if (preset == 3) o = librosa_front_end(16000, 40);
  if (bytes.flag()) o.frame_length_s = bytes.take<double>();
  if (bytes.flag()) o.frame_shift_s = bytes.take<double>();
  // Large sizes are allowed but slow; that they are bounded is tested elsewhere.
  o.frame_length_s = std::min(o.frame_length_s, 0.1);
  if (bytes.flag()) o.fft_size = bytes.take<int16_t>();
  o.frame_placement = static_cast<FramePlacement>(bytes.number(5));
  o.window = static_cast<WindowKind>(bytes.number(6));
  o.mel_scale = static_cast<MelScale>(bytes.number(4));
  o.kind = static_cast<FeatureKind>(bytes.number(4));
  o.cmvn.kind = static_cast<CmvnKind>(bytes.number(4));
  o.cmvn.variance = bytes.flag();
  o.deltas = static_cast<DeltaKind>(bytes.number(3));
  if (bytes.flag()) o.num_mel = bytes.take<int16_t>();
  if (bytes.flag()) o.num_cepstra = bytes.take<int16_t>();
  if (bytes.flag()) o.low_hz = bytes.take<float>();
  if (bytes.flag()) o.high_hz = bytes.take<float>();
  if (bytes.flag()) o.pre_emphasis = bytes.take<float>();
  o.delta_order = bytes.number(6);
  o.splice_left = bytes.number(8);
  o.splice_right = bytes.number(8);
  return o;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const bivox::FrontEndOptions options = options_from(bytes);
  const size_t chunk = static_cast<size_t>(bytes.number(200)) + 1;
  const std::vector<float> samples = bytes.rest();
  try {
    bivox::FrontEnd front_end(options);
    for (size_t at = 0; at < samples.size(); at += chunk) {
      const size_t n = std::min(chunk, samples.size() - at);
      front_end.accept({{samples.data() + at, n}, options.sample_rate_hz});
    }
    front_end.finish();
    const int promised = front_end.frames_ready();
    const bivox::FeatureMatrix rows = front_end.pop();
    if (rows.rows() != promised || rows.cols() != options.dims() || !rows.allFinite()) {
      throw std::logic_error("rows are not as promised");
    }
  } catch (const bivox::Error&) {  // NOLINT(bugprone-empty-catch): refused options are fine
  }
  return 0;
}
