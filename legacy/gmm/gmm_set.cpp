#include "legacy/gmm/gmm_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "dsp/core/error.h"
#include "legacy/gmm/gmm_kernels.h"

namespace bivox {
namespace {

// The kernels multiply three sums of weights in single precision.
constexpr float kLeastWeight = 1e-12F;

/// The upper half of a float, rounded to nearest.
uint16_t to_bfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorCode::kModel, "Gaussian mixtures: " + problem);
}

void expect_size(const char* what, size_t found, size_t expected) {
  if (found != expected) {
    fail(fmt::format("{} {}, the other sizes need {}", found, what, expected));
  }
}

}  // namespace

GmmSet::GmmSet(const GmmParameters& parameters)
    : num_densities_(parameters.num_densities),
      streams_(parameters.streams),
      transform_(parameters.transform),
      codebook_of_state_(parameters.codebook_of_state),
      codebooks_(static_cast<size_t>(std::max(parameters.num_codebooks, 0))) {
  if (parameters.num_codebooks < 1 || num_densities_ < 1 || streams_.empty() ||
      codebook_of_state_.empty()) {
    fail(fmt::format(
        "{} codebooks of {} densities in {} streams for {} states: expected at least 1 "
        "of each",
        parameters.num_codebooks, num_densities_, streams_.size(), codebook_of_state_.size()));
  }
  int largest_column = -1;
  for (const std::vector<int>& columns : streams_) {
    if (columns.empty() || *std::ranges::min_element(columns) < 0) {
      fail("a stream has no feature columns or a negative one");
    }
    largest_column = std::max(largest_column, *std::ranges::max_element(columns));
    total_stream_dims_ += static_cast<int>(columns.size());
  }
  feature_dims_ = largest_column + 1;
  if (transform_.size() > 0) {
    expect_size("rows of the feature transform", static_cast<size_t>(transform_.rows()),
                static_cast<size_t>(feature_dims_));
    if (!transform_.allFinite()) {
      fail("the feature transform has values that are no numbers");
    }
    feature_dims_ = static_cast<int>(transform_.cols());
  }
  for (const int codebook : codebook_of_state_) {
    if (codebook < 0 || codebook >= parameters.num_codebooks) {
      fail(fmt::format("codebook {} of {}", codebook, parameters.num_codebooks));
    }
    ++codebooks_[static_cast<size_t>(codebook)].num_states;
  }
  const std::vector<int>& counts = parameters.densities_of_codebook;
  if (!counts.empty()) expect_size("counts of densities", counts.size(), codebooks_.size());
  for (size_t c = 0; c < codebooks_.size(); ++c) {
    codebooks_[c].densities = counts.empty() ? num_densities_ : counts[c];
    if (codebooks_[c].densities < 1 || codebooks_[c].densities > num_densities_) {
      fail(fmt::format("codebook {} has {} densities, expected 1 to {}", c, codebooks_[c].densities,
                       num_densities_));
    }
    codebooks_[c].padded_densities = AlignedBuffer::padded(codebooks_[c].densities);
  }
  pack_gaussians(parameters);
  pack_weights(parameters);
}

void GmmSet::pack_gaussians(const GmmParameters& parameters) {
  const auto densities = static_cast<size_t>(num_densities_);
  const size_t size = codebooks_.size() * densities * static_cast<size_t>(total_stream_dims_);
  expect_size("means", parameters.means.size(), size);
  expect_size("variances", parameters.variances.size(), size);
  if (!(parameters.variance_floor > 0.0F)) {
    fail("the variance floor is not positive");
  }
  size_t floats = 0;
  for (const Codebook& codebook : codebooks_) {
    for (const std::vector<int>& columns : streams_) {
      gaussian_blocks_.push_back(floats);
      floats += static_cast<size_t>(
          gaussian_block_size(static_cast<int>(columns.size()), codebook.padded_densities));
    }
  }
  gaussians_ = AlignedBuffer(floats);
  const float* mean = parameters.means.data();
  const float* variance = parameters.variances.data();
  std::vector<float> floored;
  for (size_t c = 0; c < codebooks_.size(); ++c) {
    for (size_t f = 0; f < streams_.size(); ++f) {
      const size_t dims = streams_[f].size();
      floored.resize(dims);
      float* block = gaussians_.data() + gaussian_blocks_[c * streams_.size() + f];
      const auto used = static_cast<size_t>(codebooks_[c].densities);
      for (size_t k = 0; k < static_cast<size_t>(codebooks_[c].padded_densities); ++k) {
        float* group =
            block +
            k / kGroup * static_cast<size_t>(gaussian_block_size(static_cast<int>(dims), kGroup));
        const size_t lane = k % kGroup;
        if (k >= used) {
          group[2 * dims * kGroup + lane] = kNoDensity;
          continue;
        }
        for (size_t d = 0; d < dims; ++d) {
          if (!std::isfinite(mean[d]) || !std::isfinite(variance[d]) || variance[d] < 0.0F) {
            fail(fmt::format("codebook {} stream {} density {} dimension {}: mean {}, variance {}",
                             c, f, k, d, mean[d], variance[d]));
          }
          floored[d] = std::max(variance[d], parameters.variance_floor);
          const float scale = 1.0F / std::sqrt(2.0F * floored[d]);
          group[2 * d * kGroup + lane] = scale;
          group[(2 * d + 1) * kGroup + lane] = mean[d] * scale;
        }
        group[2 * dims * kGroup + lane] = static_cast<float>(log_normaliser(floored));
        mean += dims;
        variance += dims;
      }
      mean += (densities - used) * dims;
      variance += (densities - used) * dims;
    }
  }
}

void GmmSet::pack_weights(const GmmParameters& parameters) {
  const size_t num_states = codebook_of_state_.size();
  const auto densities = static_cast<size_t>(num_densities_);
  expect_size("mixture weights", parameters.weights.size(),
              streams_.size() * densities * num_states);
  for (const float weight : parameters.weights) {
    if (!(weight >= 0.0F && weight <= 1.001F)) {
      fail(fmt::format("mixture weight {} is not in [0, 1]", weight));
    }
  }
  size_t size = 0;
  size_t half_size = 0;
  int first_state = 0;
  for (Codebook& codebook : codebooks_) {
    codebook.first_state = first_state;
    first_state += codebook.num_states;
    if (codebook.num_states > kFewStates) {
      codebook.padded_states = AlignedBuffer::padded(codebook.num_states);
      codebook.weights_offset = half_size;
      half_size += streams_.size() * static_cast<size_t>(codebook.densities) *
                   static_cast<size_t>(codebook.padded_states);
    } else {
      codebook.weights_offset = size;
      size += streams_.size() * static_cast<size_t>(codebook.padded_densities) *
              static_cast<size_t>(codebook.num_states);
    }
  }
  weights_ = AlignedBuffer(size);                      // padded densities have weight 0
  half_weights_.assign(half_size, to_bfloat16(1.0F));  // padded states must have a logarithm
  states_in_order_.resize(num_states);
  std::vector<size_t> place(num_states);  // within the codebook
  std::vector<size_t> filled(codebooks_.size(), 0);
  for (size_t s = 0; s < num_states; ++s) {
    const auto c = static_cast<size_t>(codebook_of_state_[s]);
    place[s] = filled[c]++;
    states_in_order_[static_cast<size_t>(codebooks_[c].first_state) + place[s]] =
        static_cast<int32_t>(s);
  }
  const float* weight = parameters.weights.data();
  for (size_t f = 0; f < streams_.size(); ++f) {
    for (size_t k = 0; k < densities; ++k) {
      for (size_t s = 0; s < num_states; ++s, ++weight) {
        const Codebook& codebook = codebooks_[static_cast<size_t>(codebook_of_state_[s])];
        if (k >= static_cast<size_t>(codebook.densities)) continue;
        const float floored = std::max(*weight, kLeastWeight);
        if (codebook.padded_states > 0) {
          half_weights_[codebook.weights_offset +
                        (f * static_cast<size_t>(codebook.densities) + k) *
                            static_cast<size_t>(codebook.padded_states) +
                        place[s]] = to_bfloat16(floored);
        } else {
          weights_[codebook.weights_offset +
                   (place[s] * streams_.size() + f) *
                       static_cast<size_t>(codebook.padded_densities) +
                   k] = floored;
        }
      }
    }
  }
}

void GmmSet::arrange(const float* row, float* out) const {
  for (const std::vector<int>& columns : streams_) {
    for (const int column : columns) {
      if (transform_.size() == 0) {
        *out = row[column];
      } else {
        const float* coefficients = transform_.data() + column * transform_.cols();
        float sum = 0.0F;
        for (int i = 0; i < feature_dims_; ++i) {
          sum += coefficients[i] * row[i];
        }
        *out = sum;
      }
      ++out;
    }
  }
}

int64_t GmmSet::num_parameters() const {
  int64_t count = static_cast<int64_t>(transform_.rows()) * transform_.cols();
  for (const Codebook& codebook : codebooks_) {
    count += int64_t{2} * codebook.densities * total_stream_dims_;
    count += int64_t{codebook.num_states} * codebook.densities * num_streams();
  }
  return count;
}

size_t GmmSet::memory_bytes() const {
  return (gaussians_.size() + weights_.size()) * sizeof(float) +
         half_weights_.size() * sizeof(uint16_t) +
         codebook_of_state_.size() * (sizeof(int) + sizeof(int32_t));
}

}  // namespace bivox
