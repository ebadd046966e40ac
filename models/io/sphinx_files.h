// The parameter files of CMU Sphinx acoustic models as plain structs, just as they lie on disk:
// nothing is floored, normalised or turned into logarithms here.
//
//   means, variances      s3 header, [codebook][stream][density][dim] floats
//   mixture_weights       s3 header, [state][stream][density] floats (counts)
//   transition_matrices   s3 header, [matrix][from][to] floats (counts)
//   feature_transform     s3 header, [transform][rows][columns] floats
//   sendump               quantised mixture weights, bytes (or 4-bit indices into 16 bytes)
//   feat.params           `-option value` lines
//   noisedict             `word phone ...` lines
// The model definition (mdef) is in models/io/sphinx_mdef.h.
//
// An s3 header is "s3\n", lines of `key value`, `endhdr`, then the magic 0x11223344 in the writer's
// byte order; both orders are read. With `chksum0` a trailing word checks all words after the
// magic: sum = (sum << 20 | sum >> 12) + word.
//
// Every size is checked against the length of the file before anything is allocated.
// Errors: Error(kModel) with the path, what was found and what was expected.
// Each reader has a parse_ form for bytes in memory, where `name` stands for the path in errors.
// Thread rule: pure functions. Source: pocketsphinx bio.c, ms_gauden.c, tmat.c, ptm_mgau.c
// (read_sendump). Test: tests/models/sphinx_files_test.cpp; fuzz: tests/fuzz/sphinx_model_fuzz.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bivox {

/// `means` or `variances`.
struct SphinxGaussians {
  int num_codebooks = 0;
  int num_densities = 0;
  std::vector<int> stream_dims;  ///< [streams]
  std::vector<float> values;     ///< [codebook][stream][density][dim]
};
SphinxGaussians read_sphinx_gaussians(const std::filesystem::path& path);
SphinxGaussians parse_sphinx_gaussians(std::string_view bytes, std::string_view name);

/// `mixture_weights`: training counts; to be normalised over the densities.
struct SphinxMixtureWeights {
  int num_states = 0;
  int num_streams = 0;
  int num_densities = 0;
  std::vector<float> values;  ///< [state][stream][density]
};
SphinxMixtureWeights read_sphinx_mixture_weights(const std::filesystem::path& path);
SphinxMixtureWeights parse_sphinx_mixture_weights(std::string_view bytes, std::string_view name);

/// `sendump`: weight = (1.0001^1024)^(-byte). 4-bit files are expanded to bytes.
struct SphinxSendump {
  int num_states = 0;
  int num_streams = 0;
  int num_densities = 0;
  std::vector<uint8_t> bytes;  ///< [stream][density][state]

  static float weight(uint8_t byte);
};
/// `num_states`, `num_streams` and `num_densities` are taken where the file does not say them.
SphinxSendump read_sphinx_sendump(const std::filesystem::path& path, int num_states,
                                  int num_streams, int num_densities);
SphinxSendump parse_sphinx_sendump(std::string_view bytes, std::string_view name, int num_states,
                                   int num_streams, int num_densities);

/// `transition_matrices`: counts; rows are to be normalised. The last column leaves the HMM.
struct SphinxTransitions {
  int num_matrices = 0;
  int num_states = 0;         ///< Emitting states.
  std::vector<float> values;  ///< [matrix][num_states][num_states + 1]
};
SphinxTransitions read_sphinx_transitions(const std::filesystem::path& path);
SphinxTransitions parse_sphinx_transitions(std::string_view bytes, std::string_view name);

/// `feature_transform`: LDA or MLLT, y = A x for each of the transforms.
struct SphinxFeatureTransform {
  int num_transforms = 0;
  int rows = 0;               ///< Dimensions after.
  int columns = 0;            ///< Dimensions before.
  std::vector<float> values;  ///< [transform][rows][columns]
};
SphinxFeatureTransform read_sphinx_feature_transform(const std::filesystem::path& path);
SphinxFeatureTransform parse_sphinx_feature_transform(std::string_view bytes,
                                                      std::string_view name);

/// `feat.params`: options in file order, without the leading dash.
using SphinxOptions = std::vector<std::pair<std::string, std::string>>;
SphinxOptions read_sphinx_options(const std::filesystem::path& path);
SphinxOptions parse_sphinx_options(std::string_view text, std::string_view name);

/// A line of `noisedict`.
struct SphinxNoiseWord {
  std::string word;
  std::vector<std::string> phones;
};
std::vector<SphinxNoiseWord> read_sphinx_noise_words(const std::filesystem::path& path);
std::vector<SphinxNoiseWord> parse_sphinx_noise_words(std::string_view text, std::string_view name);

}  // namespace bivox
