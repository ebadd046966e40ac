#include "models/nn/training_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr const char* kHint = "resume with the options and the program that wrote the checkpoint";

template <typename Number>
Number parsed(const std::string& name, const std::string& text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::kModel,
                fmt::format("checkpoint: {} is '{}', expected a number", name, text), kHint);
  }
  return value;
}

}  // namespace

void TrainingState::set_integer(const std::string& name, int64_t value) {
  values[name] = fmt::format("{}", value);
}

int64_t TrainingState::integer(const std::string& name) const {
  return parsed<int64_t>(name, text(name));
}

void TrainingState::set_number(const std::string& name, double value) {
  values[name] = fmt::format("{}", value);  // the shortest text that gives the same double back
}

double TrainingState::number(const std::string& name) const {
  return parsed<double>(name, text(name));
}

const std::string& TrainingState::text(const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end()) {
    throw Error(ErrorCode::kModel, fmt::format("checkpoint: no entry {}", name), kHint);
  }
  return found->second;
}

void TrainingState::get_tensor(const std::string& name, Tensor& target) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(ErrorCode::kModel, fmt::format("checkpoint: no tensor {}", name), kHint);
  }
  const Tensor& value = found->second;
  if (!(value.shape() == target.shape())) {
    throw Error(ErrorCode::kModel,
                fmt::format("checkpoint: {} expects {}, found {}", name, target.shape().text(),
                            value.shape().text()),
                kHint);
  }
  std::copy(value.values().begin(), value.values().end(), target.data());
}

}  // namespace bivox
