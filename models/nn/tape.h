// Reverse-mode differentiation on a small tape.
//
// Operations (ops.h) compute their value at once and record how to go back. backward(loss) walks
// the record from the end to the beginning and adds to each input dL/dinput = (dL/doutput) J:
//
//   Tape tape(context, true);
//   Var x = tape.constant(features);
//   Var y = conv1d(x, tape.parameter(w), tape.parameter(b), geometry);
//   tape.backward(mean_square(y, target));     // w.gradient, b.gradient are added to
//   tape.reset();                              // forget the step, keep the memory
//
// A Var is an index into its tape: cheap to copy, valid until reset(). Gradients of Vars are freed
// as soon as the walk has passed them, unless they were asked for with input().
// Thread rule: one tape per thread. Source: Baydin et al. 2018, "Automatic differentiation in
// machine learning: a survey", section 3.2. Test: tests/models/nn/tape_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/nn/kernels/compute.h"
#include "models/nn/tensor.h"

namespace bivox {

/// Something that training changes.
struct Parameter {
  std::string name;
  Tensor value;
  Tensor gradient;  ///< Same shape as value; the sum over backward() calls since it was zeroed.
  bool trainable = true;
  bool decay = true;  ///< Whether weight decay applies (not for biases and norms).

  Parameter(std::string parameter_name, Tensor initial);
};

class Tape;

/// A value on a tape.
class Var {
 public:
  Var() = default;
  const Tensor& value() const;
  const Shape& shape() const { return value().shape(); }
  Tape& tape() const { return *tape_; }
  int index() const { return index_; }

 private:
  friend class Tape;
  Var(Tape* tape, int index) : tape_(tape), index_(index) {}
  Tape* tape_ = nullptr;
  int index_ = -1;
};

class Tape {
 public:
  /// Goes from the gradient of `output` to those of its inputs: adds to tape.gradient(input).
  using Backward = std::function<void(Tape& tape, Var output)>;

  /// `training` turns dropout and batch statistics on.
  explicit Tape(ComputeContext& context, bool training = false);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Data without a gradient.
  Var constant(Tensor value);
  /// Data of which the gradient is kept after backward(), e.g. for saliency.
  Var input(Tensor value);
  /// A parameter; its gradient goes to parameter.gradient, unless it is not trainable or the tape
  /// is frozen. It must outlive the step.
  Var parameter(Parameter& parameter);

  /// For operations: a new value made from `inputs`. `backward` is dropped when none of them needs
  /// a gradient.
  Var record(Tensor value, std::initializer_list<Var> inputs, Backward backward);
  Var record(Tensor value, std::span<const Var> inputs, Backward backward);

  const Tensor& value(Var var) const;
  bool needs_gradient(Var var) const;
  /// The gradient of `var`, zero until something was added to it. Of inputs also after backward().
  Tensor& gradient(Var var);

  // What follows saves passes over memory while going back; gradient() alone would do.
  /// The gradient of an operation's own output, for its Backward to change in place and hand on.
  Tensor take_gradient(Var output);
  /// Adds `gradient` to that of `input`: by moving it there when it is the first one.
  void add_gradient(Var input, Tensor gradient);
  /// A gradient to be written whole when `fresh`, else to be added to.
  struct GradientSlot {
    float* data;
    bool fresh;
  };
  GradientSlot gradient_slot(Var input);

  /// `loss` is a scalar; its gradient is `seed`. Once for every step.
  void backward(Var loss, float seed = 1.0F);
  /// Forgets all values; every Var becomes invalid.
  void reset();

  ComputeContext& context() const { return context_; }
  /// Parameters of which no gradient is wanted, e.g. for the gradient by an input alone.
  void set_frozen(bool frozen) { frozen_ = frozen; }
  bool training() const { return training_; }
  void set_training(bool training) { training_ = training; }
  /// Seed of dropout masks: the same seed and the same operations give the same masks.
  uint64_t next_random_seed() { return ++random_seed_; }
  void set_random_seed(uint64_t seed) { random_seed_ = seed; }
  /// When several processes work on one batch (distributed.h), this replaces sums over frames by
  /// their sums over all processes; batch norm asks for it. Empty: this process is alone.
  using Reducer = std::function<void(std::span<double> sums)>;
  void set_reducer(Reducer reducer) { reducer_ = std::move(reducer); }
  const Reducer& reducer() const { return reducer_; }

 private:
  struct Node;

  Node& node(Var var) { return *nodes_[static_cast<size_t>(var.index_)]; }
  const Node& node(Var var) const { return *nodes_[static_cast<size_t>(var.index_)]; }
  Var push(std::unique_ptr<Node> node);

  ComputeContext& context_;
  bool training_;
  bool frozen_ = false;
  uint64_t random_seed_ = 0;
  Reducer reducer_;
  std::vector<std::unique_ptr<Node>>
      nodes_;  // pointers: values keep their place as nodes are added
};

}  // namespace bivox
