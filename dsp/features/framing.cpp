#include "dsp/features/framing.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {

namespace {

// Index of the sample that stands for sample `i` outside [0, n); -1 means silence.
int64_t mirrored(FramePlacement placement, int64_t i, int64_t n) {
  if (placement == FramePlacement::kCentreZero) return -1;
  const bool about_edge = placement == FramePlacement::kCentre;
  if (about_edge && n == 1) return 0;
  // Repeated, for signals that are shorter than what is missing.
  while (i < 0 || i >= n) {
    if (i < 0) {
      i = about_edge ? -i : -i - 1;
    } else {
      i = about_edge ? 2 * n - 2 - i : 2 * n - 1 - i;
    }
  }
  return i;
}

}  // namespace

int64_t num_frames(const FramingOptions& options, int64_t num_samples) {
  const int64_t n = num_samples;
  const int64_t length = options.length;
  const int64_t shift = options.shift;
  if (n <= 0) return 0;
  switch (options.placement) {
    case FramePlacement::kSnip:
      return n < length ? 0 : 1 + (n - length) / shift;
    case FramePlacement::kSphinx: {
      if (n < length) return 0;
      const int64_t whole = 1 + (n - length) / shift;
      return whole * shift < n ? whole + 1 : whole;
    }
    case FramePlacement::kKaldiReflect:
      return (n + shift / 2) / shift;
    case FramePlacement::kCentre:
    case FramePlacement::kCentreZero:
      return 1 + n / shift;
  }
  return 0;
}

int64_t frame_start(const FramingOptions& options, int64_t frame) {
  const int64_t at = frame * options.shift;
  switch (options.placement) {
    case FramePlacement::kSnip:
    case FramePlacement::kSphinx:
      return at;
    case FramePlacement::kKaldiReflect:
      return at + options.shift / 2 - options.length / 2;
    case FramePlacement::kCentre:
    case FramePlacement::kCentreZero:
      return at - options.fft_size / 2 + (options.fft_size - options.length) / 2;
  }
  return at;
}

Framer::Framer(const FramingOptions& options) : options_(options) {
  BIVOX_CHECK(options.length >= 1 && options.shift >= 1 && options.fft_size >= options.length);
  reset();
}

void Framer::reset() {
  buffer_.clear();
  num_samples_ = 0;
  next_frame_ = 0;
  total_frames_ = 0;
  finished_ = false;
  // One sample before the first frame is always there.
  const bool padded = start_of(0) < 0;
  buffer_start_ = padded ? 0 : -1;
  if (!padded) buffer_.push_back(0.0F);
  padded_left_ = !padded;
}

void Framer::accept(std::span<const float> samples) {
  BIVOX_CHECK(!finished_);
  buffer_.insert(buffer_.end(), samples.begin(), samples.end());
  num_samples_ += static_cast<int64_t>(samples.size());
  // Mirroring needs as many samples as are missing, and one more when it is about the edge.
  if (!padded_left_ && num_samples_ > 1 - start_of(0)) pad_left();
}

void Framer::pad_left() {
  const int64_t missing = 1 - start_of(0);  // one more for the sample before the frame
  std::vector<float> padding(static_cast<size_t>(missing));
  for (int64_t i = 0; i < missing; ++i) {
    const int64_t from = mirrored(options_.placement, i - missing, num_samples_);
    padding[static_cast<size_t>(i)] = from < 0 ? 0.0F : buffer_[static_cast<size_t>(from)];
  }
  buffer_.insert(buffer_.begin(), padding.begin(), padding.end());
  buffer_start_ = -missing;
  padded_left_ = true;
}

void Framer::pad_right() {
  const int64_t end = start_of(total_frames_ - 1) + options_.length;
  for (int64_t i = num_samples_; i < end; ++i) {
    const int64_t from = mirrored(options_.placement, i, num_samples_);
    const float value = from < 0 ? 0.0F : buffer_[static_cast<size_t>(from - buffer_start_)];
    buffer_.push_back(value);
  }
}

void Framer::finish() {
  if (finished_) return;
  finished_ = true;
  total_frames_ = num_frames(options_, num_samples_);
  // The frames of kSnip and kSphinx never look beyond the signal.
  if (total_frames_ == 0 || options_.placement == FramePlacement::kSnip ||
      options_.placement == FramePlacement::kSphinx) {
    return;
  }
  if (!padded_left_) pad_left();
  pad_right();
}

int Framer::frames_ready() const {
  if (finished_) return static_cast<int>(total_frames_ - next_frame_);
  if (!padded_left_) return 0;
  const int64_t room = num_samples_ - start_of(next_frame_) - options_.length;
  return room < 0 ? 0 : static_cast<int>(1 + room / options_.shift);
}

Framer::Frame Framer::frame(int i) const {
  const int64_t start = start_of(next_frame_ + i);
  const auto end = buffer_start_ + static_cast<int64_t>(buffer_.size());
  return {buffer_.data() + (start - buffer_start_),
          static_cast<int>(std::min<int64_t>(options_.length, end - start))};
}

void Framer::drop(int count) {
  next_frame_ += count;
  // Keep one frame of history for the mirror at the end; move memory only now and then.
  const int64_t keep_from =
      std::min(start_of(next_frame_), num_samples_) - options_.fft_size - options_.shift - 2;
  const int64_t surplus = keep_from - buffer_start_;
  if (surplus > 0 && surplus > static_cast<int64_t>(buffer_.size()) / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + surplus);
    buffer_start_ = keep_from;
  }
}

}  // namespace bivox
