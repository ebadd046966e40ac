// A spectrogram as a small PNG, for reports that people look at.
//
//   pixel(y, c) = level( 10 log10 mean_{t in column c, k in row y} |X[t, k]|^2 )
//
// with X the short-time Fourier transform (periodic Hann window). Columns are time, from left to
// right; rows are frequency, from the top edge `high_hz` down to 0 Hz, even on the mel scale or in
// Hz. A row narrower than a DFT bin interpolates between bins, so low frequencies stay smooth. The
// loudest pixel has the brightest colour; `range_db` below it all is black.
//
// Size: at most max_width columns whatever the length of the audio; work grows with the length,
// memory does not. The image is an 8-bit palette PNG of 64 colours (about 0.4 bytes a pixel for
// speech). Empty audio gives one black column.
// Errors: Error(kUsage) for options out of range. Thread rule: pure functions.
// Sources: PNG (Portable Network Graphics) specification, 2nd edition, sections 5, 9 and 11 (W3C
// 2003); the colours follow "magma" (van der Walt and Smith 2015, CC0).
// Test: tests/dsp/spectrogram_image_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/mel_filterbank.h"

namespace bivox {

/// An image of palette indices, `[height x width]`, row-major, top row first.
struct PaletteImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
};

using Rgb = std::array<uint8_t, 3>;

struct SpectrogramImageOptions {
  bool mel = true;               ///< Rows even on the mel scale; else in Hz.
  double window_s = 0.025;       ///< Length of the analysis window.
  double frame_shift_s = 0.005;  ///< Time of a column, unless max_width makes it longer.
  int height = 80;               ///< Pixels.
  int max_width = 600;           ///< Pixels.
  double high_hz = 0.0;          ///< Top edge; 0 or beyond half the sample rate: half of it.
  double range_db = 65.0;        ///< From black to the brightest colour.
};

/// The spectrogram as indices of spectrogram_palette().
PaletteImage spectrogram_image(AudioView audio, const SpectrogramImageOptions& options = {});

/// 64 colours from black over violet and orange to a light yellow.
std::span<const Rgb> spectrogram_palette();

/// The bytes of a PNG file. Every pixel indexes the palette of 1 to 256 colours.
std::string encode_png(const PaletteImage& image, std::span<const Rgb> palette);

/// Both in one: the bytes of a PNG file.
std::string spectrogram_png(AudioView audio, const SpectrogramImageOptions& options = {});

}  // namespace bivox
