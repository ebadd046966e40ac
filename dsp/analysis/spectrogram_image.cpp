#include "dsp/analysis/spectrogram_image.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/features/fft.h"
#include "dsp/features/window.h"

namespace bivox {
namespace {

constexpr int kColours = 64;
constexpr float kSmallestPower = 1e-12F;
constexpr int kMaxPixels = 16384;  // of a side

void validate(const SpectrogramImageOptions& o, int sample_rate_hz) {
  const auto refuse = [](const char* option, double value, const char* expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("spectrogram {} {}: expected {}", option, value, expected));
  };
  BIVOX_CHECK(sample_rate_hz > 0);
  if (!(o.window_s > 0.0 && o.window_s <= 1.0)) refuse("window_s", o.window_s, "0 to 1 s");
  if (!(o.frame_shift_s > 0.0)) refuse("frame_shift_s", o.frame_shift_s, "more than 0 s");
  if (o.height < 1 || o.height > kMaxPixels) refuse("height", o.height, "1 to 16384 pixels");
  if (o.max_width < 1 || o.max_width > kMaxPixels) {
    refuse("max_width", o.max_width, "1 to 16384 pixels");
  }
  if (!(o.range_db > 0.0)) refuse("range_db", o.range_db, "more than 0 dB");
  if (!(o.high_hz >= 0.0)) refuse("high_hz", o.high_hz, "0 Hz or more");
}

/// The bins that a row of pixels covers, as fractions: [low, high], low < high.
struct Band {
  double low;
  double high;
};

std::vector<Band> rows_of(const SpectrogramImageOptions& o, int sample_rate_hz, int fft_size) {
  const double nyquist_hz = sample_rate_hz / 2.0;
  const double top_hz = o.high_hz > 0.0 ? std::min(o.high_hz, nyquist_hz) : nyquist_hz;
  const auto edge_hz = [&](int edge) {  // edge 0 is the top
    const double share = 1.0 - static_cast<double>(edge) / o.height;
    if (!o.mel) return share * top_hz;
    return mel_to_hz(MelScale::kHtk, share * hz_to_mel(MelScale::kHtk, top_hz));
  };
  const double bins_per_hz = static_cast<double>(fft_size) / sample_rate_hz;
  std::vector<Band> rows;
  for (int y = 0; y < o.height; ++y) {
    rows.push_back({edge_hz(y + 1) * bins_per_hz, edge_hz(y) * bins_per_hz});
  }
  return rows;
}

float mean_power(const Band& band, const std::vector<float>& power) {
  const auto last = static_cast<double>(power.size() - 1);
  if (band.high - band.low < 1.0) {
    const double at = std::clamp((band.low + band.high) / 2.0, 0.0, last);
    const auto below = static_cast<size_t>(at);
    const size_t above = std::min(below + 1, power.size() - 1);
    const auto share = static_cast<float>(at - static_cast<double>(below));
    return (1.0F - share) * power[below] + share * power[above];
  }
  const auto first = static_cast<size_t>(std::clamp(std::ceil(band.low), 0.0, last));
  const auto end = static_cast<size_t>(std::clamp(std::floor(band.high), 0.0, last));
  float sum = 0.0F;
  for (size_t k = first; k <= end; ++k) sum += power[k];
  return sum / static_cast<float>(end - first + 1);
}

void append_number(std::string& bytes, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xffU));
  }
}

// PNG specification, section 5.3: length, type, data, CRC of type and data.
void append_chunk(std::string& png, const char* type, const std::string& data) {
  append_number(png, static_cast<uint32_t>(data.size()));
  const std::string checked = type + data;
  png += checked;
  append_number(png,
                static_cast<uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                                              static_cast<uInt>(checked.size()))));
}

std::array<Rgb, kColours> make_palette() {
  // Nine points of "magma", joined by straight lines.
  constexpr std::array<Rgb, 9> kPoints = {{{0, 0, 4},
                                           {28, 16, 68},
                                           {79, 18, 123},
                                           {129, 37, 129},
                                           {181, 54, 122},
                                           {229, 80, 100},
                                           {251, 135, 97},
                                           {254, 194, 135},
                                           {252, 253, 191}}};
  std::array<Rgb, kColours> palette{};
  for (size_t i = 0; i < palette.size(); ++i) {
    const double at = static_cast<double>(i) * (kPoints.size() - 1) / (palette.size() - 1);
    const size_t below = std::min(static_cast<size_t>(at), kPoints.size() - 2);
    const double share = at - static_cast<double>(below);
    for (size_t c = 0; c < 3; ++c) {
      palette[i][c] = static_cast<uint8_t>(
          std::lround((1.0 - share) * kPoints[below][c] + share * kPoints[below + 1][c]));
    }
  }
  return palette;
}

}  // namespace

PaletteImage spectrogram_image(AudioView audio, const SpectrogramImageOptions& options) {
  validate(options, audio.sample_rate_hz);
  const int rate = audio.sample_rate_hz;
  const auto total = static_cast<int64_t>(audio.samples.size());
  const auto length = std::max<int64_t>(2, std::llround(options.window_s * rate));
  const auto shift = std::max<int64_t>(1, std::llround(options.frame_shift_s * rate));
  int fft_size = 2;
  while (fft_size < length) fft_size *= 2;
  const int64_t step = std::max(shift, (total + options.max_width - 1) / options.max_width);
  const auto width = static_cast<int>(std::max<int64_t>(1, (total + step - 1) / step));
  const int64_t frames = std::max<int64_t>(1, step / shift);  // of a column

  const std::vector<Band> rows = rows_of(options, rate, fft_size);
  const std::vector<float> window =
      make_window(WindowKind::kHannPeriodic, static_cast<int>(length));
  RealFft fft(fft_size);
  std::vector<float> time(static_cast<size_t>(fft_size), 0.0F);
  std::vector<std::complex<float>> spectrum(static_cast<size_t>(fft.bins()));
  std::vector<float> power(spectrum.size());
  PaletteImage image{width, options.height, {}};
  std::vector<float> level_db(static_cast<size_t>(width) * rows.size());
  // Silence stays black: nothing quieter than this takes the brightest colour.
  const auto range_db = static_cast<float>(options.range_db);
  float loudest_db = 10.0F * std::log10(kSmallestPower) + range_db;
  for (int c = 0; c < width; ++c) {
    std::ranges::fill(power, 0.0F);
    for (int64_t f = 0; f < frames; ++f) {
      const int64_t centre = c * step + (2 * f + 1) * step / (2 * frames);
      for (int64_t n = 0; n < length; ++n) {
        const int64_t at = centre - length / 2 + n;
        const bool inside = at >= 0 && at < total;
        const float sample = inside ? audio.samples[static_cast<size_t>(at)] : 0.0F;
        time[static_cast<size_t>(n)] =
            std::isfinite(sample) ? sample * window[static_cast<size_t>(n)] : 0.0F;
      }
      fft.forward(time.data(), spectrum.data());
      for (size_t k = 0; k < power.size(); ++k) power[k] += std::norm(spectrum[k]);
    }
    for (size_t y = 0; y < rows.size(); ++y) {
      const float mean = mean_power(rows[y], power) / static_cast<float>(frames);
      const float db = 10.0F * std::log10(std::max(mean, kSmallestPower));
      level_db[y * static_cast<size_t>(width) + static_cast<size_t>(c)] = db;
      loudest_db = std::max(loudest_db, db);
    }
  }
  image.pixels.reserve(level_db.size());
  for (const float db : level_db) {
    const float share = std::clamp(1.0F - (loudest_db - db) / range_db, 0.0F, 1.0F);
    image.pixels.push_back(static_cast<uint8_t>(std::lround(share * (kColours - 1))));
  }
  return image;
}

std::span<const Rgb> spectrogram_palette() {
  static const std::array<Rgb, kColours> palette = make_palette();
  return palette;
}

std::string encode_png(const PaletteImage& image, std::span<const Rgb> palette) {
  const auto width = static_cast<size_t>(image.width);
  BIVOX_CHECK(image.width > 0 && image.height > 0 && !palette.empty() && palette.size() <= 256);
  BIVOX_CHECK(image.pixels.size() == width * static_cast<size_t>(image.height));
  BIVOX_CHECK(*std::ranges::max_element(image.pixels) < palette.size());
  std::string png = "\x89PNG\r\n\x1a\n";
  std::string header;
  append_number(header, static_cast<uint32_t>(image.width));
  append_number(header, static_cast<uint32_t>(image.height));
  header += std::string("\x08\x03\x00\x00\x00", 5);  // 8 bits, palette, deflate, no interlace
  append_chunk(png, "IHDR", header);
  std::string colours;
  for (const Rgb& colour : palette) colours.append(colour.begin(), colour.end());
  append_chunk(png, "PLTE", colours);
  std::string lines;  // each begins with its filter, 0: none
  for (size_t y = 0; y < static_cast<size_t>(image.height); ++y) {
    lines.push_back('\0');
    lines.append(image.pixels.begin() + static_cast<std::ptrdiff_t>(y * width),
                 image.pixels.begin() + static_cast<std::ptrdiff_t>((y + 1) * width));
  }
  uLongf size = ::compressBound(static_cast<uLong>(lines.size()));
  std::string packed(size, '\0');
  const int status = ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                 reinterpret_cast<const Bytef*>(lines.data()),
                                 static_cast<uLong>(lines.size()), Z_DEFAULT_COMPRESSION);
  if (status != Z_OK) throw Error(ErrorCode::kRuntime, "zlib refused to compress an image");
  packed.resize(size);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", "");
  return png;
}

std::string spectrogram_png(AudioView audio, const SpectrogramImageOptions& options) {
  return encode_png(spectrogram_image(audio, options), spectrogram_palette());
}

}  // namespace bivox
