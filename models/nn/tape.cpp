#include "models/nn/tape.h"

#include <utility>

#include "dsp/core/check.h"

namespace bivox {

struct Tape::Node {
  Tensor value;
  Tensor gradient;
  Parameter* parameter = nullptr;
  Backward backward;
  bool needs_gradient = false;
  bool keeps_gradient = false;
};

Parameter::Parameter(std::string parameter_name, Tensor initial)
    : name(std::move(parameter_name)), value(std::move(initial)), gradient(value.shape()) {}

const Tensor& Var::value() const { return tape_->value(*this); }

Tape::Tape(ComputeContext& context, bool training) : context_(context), training_(training) {}
Tape::~Tape() = default;

Var Tape::constant(Tensor value) {
  Node node;
  node.value = std::move(value);
  nodes_.push_back(std::move(node));
  return {this, static_cast<int>(nodes_.size()) - 1};
}

Var Tape::input(Tensor value) {
  const Var var = constant(std::move(value));
  nodes_.back().needs_gradient = true;
  nodes_.back().keeps_gradient = true;
  return var;
}

Var Tape::parameter(Parameter& parameter) {
  Node node;
  node.parameter = &parameter;
  node.needs_gradient = parameter.trainable;
  nodes_.push_back(std::move(node));
  return {this, static_cast<int>(nodes_.size()) - 1};
}

Var Tape::record(Tensor value, std::initializer_list<Var> inputs, Backward backward) {
  return record(std::move(value), std::span<const Var>(inputs.begin(), inputs.size()),
                std::move(backward));
}

Var Tape::record(Tensor value, std::span<const Var> inputs, Backward backward) {
  Node node;
  node.value = std::move(value);
  for (const Var input : inputs) {
    BIVOX_CHECK(input.tape_ == this);
    node.needs_gradient = node.needs_gradient || needs_gradient(input);
  }
  if (node.needs_gradient) node.backward = std::move(backward);
  nodes_.push_back(std::move(node));
  return {this, static_cast<int>(nodes_.size()) - 1};
}

const Tensor& Tape::value(Var var) const {
  const Node& node = nodes_[static_cast<size_t>(var.index_)];
  return node.parameter != nullptr ? node.parameter->value : node.value;
}

bool Tape::needs_gradient(Var var) const {
  return nodes_[static_cast<size_t>(var.index_)].needs_gradient;
}

Tensor& Tape::gradient(Var var) {
  Node& node = nodes_[static_cast<size_t>(var.index_)];
  if (node.parameter != nullptr) return node.parameter->gradient;
  if (node.gradient.empty()) node.gradient = Tensor(node.value.shape());
  return node.gradient;
}

void Tape::backward(Var loss, float seed) {
  BIVOX_CHECK(value(loss).size() == 1);
  gradient(loss).fill(seed);
  for (int i = loss.index_; i >= 0; --i) {
    Node& node = nodes_[static_cast<size_t>(i)];
    if (node.backward && !node.gradient.empty()) node.backward(*this, Var(this, i));
    if (!node.keeps_gradient) node.gradient = Tensor();
  }
}

void Tape::reset() { nodes_.clear(); }

}  // namespace bivox
