#include "models/nn/tape.h"

#include <utility>

#include "dsp/core/check.h"
#include "models/nn/kernels/elementwise.h"

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

Var Tape::push(std::unique_ptr<Node> node) {
  nodes_.push_back(std::move(node));
  return {this, static_cast<int>(nodes_.size()) - 1};
}

Var Tape::constant(Tensor value) {
  auto node = std::make_unique<Node>();
  node->value = std::move(value);
  return push(std::move(node));
}

Var Tape::input(Tensor value) {
  const Var var = constant(std::move(value));
  node(var).needs_gradient = true;
  node(var).keeps_gradient = true;
  return var;
}

Var Tape::parameter(Parameter& parameter) {
  auto node = std::make_unique<Node>();
  node->parameter = &parameter;
  node->needs_gradient = parameter.trainable && !frozen_;
  return push(std::move(node));
}

Var Tape::record(Tensor value, std::initializer_list<Var> inputs, Backward backward) {
  return record(std::move(value), std::span<const Var>(inputs.begin(), inputs.size()),
                std::move(backward));
}

Var Tape::record(Tensor value, std::span<const Var> inputs, Backward backward) {
  auto node = std::make_unique<Node>();
  node->value = std::move(value);
  for (const Var input : inputs) {
    BIVOX_CHECK(input.tape_ == this);
    node->needs_gradient = node->needs_gradient || needs_gradient(input);
  }
  if (node->needs_gradient) node->backward = std::move(backward);
  return push(std::move(node));
}

const Tensor& Tape::value(Var var) const {
  const Node& n = node(var);
  return n.parameter != nullptr ? n.parameter->value : n.value;
}

bool Tape::needs_gradient(Var var) const { return node(var).needs_gradient; }

Tensor& Tape::gradient(Var var) {
  Node& n = node(var);
  if (n.parameter != nullptr) return n.parameter->gradient;
  if (n.gradient.empty()) n.gradient = Tensor(n.value.shape());
  return n.gradient;
}

Tensor Tape::take_gradient(Var output) {
  BIVOX_CHECK(!node(output).keeps_gradient && node(output).parameter == nullptr);
  return std::move(gradient(output));
}

void Tape::add_gradient(Var input, Tensor gradient) {
  Node& n = node(input);
  BIVOX_CHECK(gradient.size() == value(input).size());
  if (n.parameter == nullptr && n.gradient.empty()) {
    gradient.reshape(n.value.shape());
    n.gradient = std::move(gradient);
    return;
  }
  Tensor& sum = this->gradient(input);
  elementwise::add_to(context_, sum.size(), gradient.data(), sum.data());
}

Tape::GradientSlot Tape::gradient_slot(Var input) {
  Node& n = node(input);
  if (n.parameter == nullptr && n.gradient.empty()) {
    n.gradient = Tensor::uninitialized(n.value.shape());
    return {n.gradient.data(), true};
  }
  return {gradient(input).data(), false};
}

void Tape::backward(Var loss, float seed) {
  BIVOX_CHECK(value(loss).size() == 1);
  gradient(loss).fill(seed);
  for (int i = loss.index_; i >= 0; --i) {
    Node& n = *nodes_[static_cast<size_t>(i)];
    if (n.backward && !n.gradient.empty()) n.backward(*this, Var(this, i));
    if (!n.keeps_gradient) n.gradient = Tensor();
  }
}

void Tape::reset() { nodes_.clear(); }

}  // namespace bivox
