// What the golden tests of the front end share: audio and .npy matrices from tests/data.
#pragma once

#include <gtest/gtest.h>
#include <sndfile.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/feature_matrix.h"

namespace bivox::golden {

inline std::string data_path(const std::string& name) {
  return std::string(BIVOX_TEST_DATA) + "/" + name;
}

/// A mono clip of tests/data/audio.
inline AudioBuffer clip(const std::string& name) {
  SF_INFO info{};
  SNDFILE* file = sf_open(data_path("audio/" + name).c_str(), SFM_READ, &info);
  if (file == nullptr || info.channels != 1) throw std::runtime_error("cannot read " + name);
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(info.frames)), info.samplerate};
  sf_read_float(file, audio.samples.data(), info.frames);
  sf_close(file);
  return audio;
}

/// A two-dimensional float32 .npy file of tests/data/features.
inline FeatureMatrix matrix(const std::string& name) {
  std::ifstream file(data_path("features/" + name + ".npy"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::smatch shape;
  const std::string header = bytes.substr(0, std::min<size_t>(bytes.size(), 200));
  if (!std::regex_search(header, shape, std::regex(R"(\((\d+), (\d+)\))"))) {
    throw std::runtime_error(name + ": not a matrix");
  }
  FeatureMatrix result(std::stoi(shape[1]), std::stoi(shape[2]));
  const size_t size = static_cast<size_t>(result.size()) * sizeof(float);
  std::memcpy(result.data(), bytes.data() + (bytes.size() - size), size);
  return result;
}

/// Largest absolute difference; the shapes must be equal.
inline double largest_difference(const FeatureMatrix& a, const FeatureMatrix& b) {
  EXPECT_EQ(a.rows(), b.rows());
  EXPECT_EQ(a.cols(), b.cols());
  if (a.rows() != b.rows() || a.cols() != b.cols() || a.size() == 0) return 1e30;
  return (a.cast<double>() - b.cast<double>()).cwiseAbs().maxCoeff();
}

constexpr const char* kClip = "kathleen-arctic_a0045_1592747525.wav";
constexpr const char* kLongClip = "librispeech-1867-154075-0005.flac";
constexpr size_t kShortSamples = 24000;

}  // namespace bivox::golden
