#include "models/nn/weight_average.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/kernels/update.h"

namespace bivox {

void WeightAverageOptions::validate() const {
  if (!(decay >= 0.0 && decay < 1.0)) {
    throw Error(ErrorCode::kUsage, fmt::format("average: decay is {}, expected 0 <= x < 1", decay));
  }
  if (count < 1 || count > 1000) {
    throw Error(ErrorCode::kUsage, fmt::format("average: count is {}, expected 1 to 1000", count));
  }
}

WeightAverage::WeightAverage(const WeightAverageOptions& options, ParameterSpan parameters)
    : options_(options), parameters_(parameters) {
  options_.validate();
  if (options_.kind == AverageKind::kNone) return;
  for (const auto& parameter : parameters_) average_.emplace_back(parameter->value.shape());
}

void WeightAverage::update(ComputeContext& context) {
  if (options_.kind == AverageKind::kNone) return;
  BIVOX_CHECK(!swapped_);
  const auto n = static_cast<double>(updates_++);
  if (options_.kind == AverageKind::kExponential) {
    const double decay = n == 0.0 ? 0.0 : std::min(options_.decay, (1.0 + n) / (10.0 + n));
    context.parallel(static_cast<int>(parameters_.size()), [&](int part) {
      const auto i = static_cast<size_t>(part);
      kernels::average_update(static_cast<float>(1.0 - decay),
                              static_cast<size_t>(average_[i].size()), parameters_[i]->value.data(),
                              average_[i].data());
    });
    return;
  }
  std::vector<Tensor> copy;
  for (const auto& parameter : parameters_) copy.push_back(parameter->value.clone());
  const auto slot = static_cast<size_t>((updates_ - 1) % options_.count);
  if (slot < snapshots_.size()) {
    snapshots_[slot] = std::move(copy);
  } else {
    snapshots_.push_back(std::move(copy));
  }
}

void WeightAverage::average_snapshots() {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    for (int64_t k = 0; k < average_[i].size(); ++k) {
      double sum = 0.0;
      for (const std::vector<Tensor>& weights : snapshots_) {
        sum += static_cast<double>(weights[i][k]);
      }
      average_[i][k] = static_cast<float>(sum / static_cast<double>(snapshots_.size()));
    }
  }
}

void WeightAverage::swap() {
  if (updates_ == 0) return;
  if (options_.kind == AverageKind::kLast && !swapped_) average_snapshots();
  for (size_t i = 0; i < parameters_.size(); ++i) std::swap(average_[i], parameters_[i]->value);
  swapped_ = !swapped_;
}

void WeightAverage::save(TrainingState& state) const {
  BIVOX_CHECK(!swapped_);
  state.set_integer("average/updates", updates_);
  for (size_t i = 0; i < average_.size(); ++i) {
    const std::string& name = parameters_[i]->name;
    if (options_.kind == AverageKind::kExponential) {
      state.set_tensor("average/" + name, average_[i]);
    }
    for (size_t s = 0; s < snapshots_.size(); ++s) {
      state.set_tensor(fmt::format("average/{}/{}", s, name), snapshots_[s][i]);
    }
  }
}

void WeightAverage::load(const TrainingState& state) {
  BIVOX_CHECK(!swapped_);
  updates_ = state.integer("average/updates");
  snapshots_.clear();
  if (options_.kind == AverageKind::kLast) {
    const int64_t kept = std::clamp<int64_t>(updates_, 0, options_.count);
    for (int64_t s = 0; s < kept; ++s) {
      std::vector<Tensor>& weights = snapshots_.emplace_back();
      for (const auto& parameter : parameters_) {
        weights.emplace_back(parameter->value.shape());
        state.get_tensor(fmt::format("average/{}/{}", s, parameter->name), weights.back());
      }
    }
  } else if (options_.kind == AverageKind::kExponential) {
    for (size_t i = 0; i < average_.size(); ++i) {
      state.get_tensor("average/" + parameters_[i]->name, average_[i]);
    }
  }
}

}  // namespace bivox
