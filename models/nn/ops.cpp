#include "models/nn/ops.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/kernels/elementwise.h"

namespace bivox {
namespace {

// The same shape with other channels.
Shape with_channels(const Shape& shape, int64_t channels) { return {shape[0], shape[1], channels}; }

void check_activations(Var x) { BIVOX_CHECK(x.shape().rank() == 3); }

Var map(Var x, elementwise::Map kind) {
  Tape& tape = x.tape();
  Tensor y = Tensor::uninitialized(x.shape());
  elementwise::apply(tape.context(), kind, y.size(), x.value().data(), y.data());
  return tape.record(std::move(y), {x}, [x, kind](Tape& t, Var out) {
    Tensor dy = t.take_gradient(out);
    elementwise::apply_backward(t.context(), kind, dy.size(), out.value().data(), dy.data());
    t.add_gradient(x, std::move(dy));
  });
}

Var gated(Var x, elementwise::Gate kind) {
  check_activations(x);
  BIVOX_CHECK(x.shape()[2] % 2 == 0);
  Tape& tape = x.tape();
  const int64_t rows = x.shape()[0] * x.shape()[1];
  const int64_t half = x.shape()[2] / 2;
  Tensor y = Tensor::uninitialized(with_channels(x.shape(), half));
  elementwise::gate(tape.context(), kind, rows, half, x.value().data(), y.data());
  return tape.record(std::move(y), {x}, [x, kind, rows, half](Tape& t, Var out) {
    const Tensor dy = t.take_gradient(out);
    const Tape::GradientSlot dx = t.gradient_slot(x);
    elementwise::gate_backward(t.context(), kind, rows, half, x.value().data(), dy.data(), dx.data,
                               !dx.fresh);
  });
}

}  // namespace

Var relu(Var x) { return map(x, elementwise::Map::kRelu); }
Var tanh(Var x) { return map(x, elementwise::Map::kTanh); }
Var sigmoid(Var x) { return map(x, elementwise::Map::kSigmoid); }
Var gate(Var x) { return gated(x, elementwise::Gate::kTanh); }
Var glu(Var x) { return gated(x, elementwise::Gate::kLinear); }

Var dropout(Var x, float rate) {
  BIVOX_CHECK(rate >= 0.0F && rate < 1.0F);
  Tape& tape = x.tape();
  if (!tape.training() || rate == 0.0F) return x;
  const uint64_t seed = tape.next_random_seed();
  Tensor y = Tensor::uninitialized(x.shape());
  elementwise::dropout(tape.context(), y.size(), seed, rate, x.value().data(), y.data());
  return tape.record(std::move(y), {x}, [x, seed, rate](Tape& t, Var out) {
    Tensor dy = t.take_gradient(out);
    elementwise::dropout(t.context(), dy.size(), seed, rate, dy.data(), dy.data());
    t.add_gradient(x, std::move(dy));
  });
}

Var log_softmax(Var x) {
  Tape& tape = x.tape();
  const int64_t width = x.shape().last();
  const int64_t rows = x.value().size() / std::max<int64_t>(width, 1);
  Tensor y = Tensor::uninitialized(x.shape());
  elementwise::log_softmax(tape.context(), rows, width, x.value().data(), y.data());
  return tape.record(std::move(y), {x}, [x, rows, width](Tape& t, Var out) {
    Tensor dy = t.take_gradient(out);
    elementwise::log_softmax_backward(t.context(), rows, width, out.value().data(), dy.data());
    t.add_gradient(x, std::move(dy));
  });
}

Var add(std::span<const Var> inputs) {
  BIVOX_CHECK(!inputs.empty());
  if (inputs.size() == 1) return inputs[0];
  Tape& tape = inputs[0].tape();
  ComputeContext& context = tape.context();
  for (const Var input : inputs) BIVOX_CHECK(input.shape() == inputs[0].shape());
  Tensor y = Tensor::uninitialized(inputs[0].shape());
  elementwise::add(context, y.size(), inputs[0].value().data(), 1.0F, inputs[1].value().data(),
                   y.data());
  for (const Var input : inputs.subspan(2)) {
    elementwise::add_to(context, y.size(), input.value().data(), y.data());
  }
  return tape.record(std::move(y), inputs,
                     [terms = std::vector<Var>(inputs.begin(), inputs.end())](Tape& t, Var out) {
                       // Every input receives dy: the last one may have the tensor itself.
                       Tensor dy = t.take_gradient(out);
                       size_t last = terms.size();
                       for (size_t i = 0; i < terms.size(); ++i) {
                         if (t.needs_gradient(terms[i])) last = i;
                       }
                       for (size_t i = 0; i < last; ++i) {
                         if (!t.needs_gradient(terms[i])) continue;
                         const Tape::GradientSlot dx = t.gradient_slot(terms[i]);
                         if (dx.fresh) {
                           std::copy_n(dy.data(), dy.size(), dx.data);
                         } else {
                           elementwise::add_to(t.context(), dy.size(), dy.data(), dx.data);
                         }
                       }
                       if (last < terms.size()) t.add_gradient(terms[last], std::move(dy));
                     });
}

Var subtract(Var a, Var b) {
  BIVOX_CHECK(a.shape() == b.shape());
  Tape& tape = a.tape();
  Tensor y = Tensor::uninitialized(a.shape());
  elementwise::add(tape.context(), y.size(), a.value().data(), -1.0F, b.value().data(), y.data());
  return tape.record(std::move(y), {a, b}, [a, b](Tape& t, Var out) {
    Tensor dy = t.take_gradient(out);
    if (t.needs_gradient(b)) {
      Tensor db = Tensor::uninitialized(dy.shape());
      elementwise::scale(t.context(), dy.size(), -1.0F, dy.data(), db.data());
      t.add_gradient(b, std::move(db));
    }
    if (t.needs_gradient(a)) t.add_gradient(a, std::move(dy));
  });
}

Var multiply(Var a, Var b) {
  BIVOX_CHECK(a.shape() == b.shape());
  Tape& tape = a.tape();
  Tensor y = Tensor::uninitialized(a.shape());
  elementwise::multiply(tape.context(), y.size(), a.value().data(), b.value().data(), y.data(),
                        false);
  return tape.record(std::move(y), {a, b}, [a, b](Tape& t, Var out) {
    const Tensor dy = t.take_gradient(out);
    const auto pass = [&](Var to, Var other) {
      if (!t.needs_gradient(to)) return;
      const Tape::GradientSlot dx = t.gradient_slot(to);
      elementwise::multiply(t.context(), dy.size(), dy.data(), other.value().data(), dx.data,
                            !dx.fresh);
    };
    pass(a, b);
    pass(b, a);
  });
}

Var scale(Var x, float factor) {
  Tape& tape = x.tape();
  Tensor y = Tensor::uninitialized(x.shape());
  elementwise::scale(tape.context(), y.size(), factor, x.value().data(), y.data());
  return tape.record(std::move(y), {x}, [x, factor](Tape& t, Var out) {
    Tensor dy = t.take_gradient(out);
    elementwise::scale(t.context(), dy.size(), factor, dy.data(), dy.data());
    t.add_gradient(x, std::move(dy));
  });
}

Var concat(std::span<const Var> inputs) {
  BIVOX_CHECK(!inputs.empty());
  if (inputs.size() == 1) return inputs[0];
  Tape& tape = inputs[0].tape();
  const Shape& first = inputs[0].shape();
  int64_t channels = 0;
  for (const Var input : inputs) {
    check_activations(input);
    BIVOX_CHECK(input.shape()[0] == first[0] && input.shape()[1] == first[1]);
    channels += input.shape()[2];
  }
  const int64_t rows = first[0] * first[1];
  Tensor y = Tensor::uninitialized(with_channels(first, channels));
  int64_t offset = 0;
  for (const Var input : inputs) {
    const int64_t width = input.shape()[2];
    const float* from = input.value().data();
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(from + r * width, width, y.data() + r * channels + offset);
    }
    offset += width;
  }
  return tape.record(
      std::move(y), inputs,
      [terms = std::vector<Var>(inputs.begin(), inputs.end()), rows, channels](Tape& t, Var out) {
        const Tensor dy = t.take_gradient(out);
        int64_t begin = 0;
        for (const Var term : terms) {
          const int64_t width = term.shape()[2];
          if (t.needs_gradient(term)) {
            Tensor dx = Tensor::uninitialized(term.shape());
            for (int64_t r = 0; r < rows; ++r) {
              std::copy_n(dy.data() + r * channels + begin, width, dx.data() + r * width);
            }
            t.add_gradient(term, std::move(dx));
          }
          begin += width;
        }
      });
}

Var slice(Var x, int offset, int channels) {
  check_activations(x);
  const int64_t all = x.shape()[2];
  BIVOX_CHECK(offset >= 0 && channels >= 0 && offset + channels <= all);
  Tape& tape = x.tape();
  const int64_t rows = x.shape()[0] * x.shape()[1];
  Tensor y = Tensor::uninitialized(with_channels(x.shape(), channels));
  for (int64_t r = 0; r < rows; ++r) {
    std::copy_n(x.value().data() + r * all + offset, channels, y.data() + r * channels);
  }
  return tape.record(std::move(y), {x}, [x, rows, all, offset, channels](Tape& t, Var out) {
    const Tensor dy = t.take_gradient(out);
    float* dx = t.gradient(x).data();
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < channels; ++c) dx[r * all + offset + c] += dy[r * channels + c];
    }
  });
}

Var mask_frames(Var x, std::span<const int> lengths) {
  check_activations(x);
  if (covers_all_frames(lengths, x.shape()[1])) return x;
  Tensor y = x.value().clone();
  zero_frames_beyond(y, lengths);
  return x.tape().record(
      std::move(y), {x},
      [x, kept = std::vector<int>(lengths.begin(), lengths.end())](Tape& t, Var out) {
        Tensor dy = t.take_gradient(out);
        zero_frames_beyond(dy, kept);
        t.add_gradient(x, std::move(dy));
      });
}

Var sum(Var x) {
  Tape& tape = x.tape();
  const double total = elementwise::sum(tape.context(), x.value().size(), x.value().data());
  return tape.record(Tensor::scalar(static_cast<float>(total)), {x}, [x](Tape& t, Var out) {
    t.add_gradient(x, Tensor::filled(x.shape(), t.take_gradient(out).item()));
  });
}

}  // namespace bivox
