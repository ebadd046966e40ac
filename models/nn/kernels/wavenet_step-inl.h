// The layer of wavenet_step.h as templates over an instruction set and a precision. Included once
// by each wavenet_step_<isa>.cpp, inside of its namespace and its target attributes; hence no
// include guard and no includes.
//
// A policy P has: Vec (floats, kLanes of them) with load, store, add, multiply, fma(a, b, c) =
// a b + c, divide, min, max, set, exp2_parts; and for products Acc, kUnit, kWeightBytes,
// kOperandBytes, start, broadcast, dot, value, convert, gated_scale.

#define BIVOX_INLINE inline __attribute__((always_inline))

/// exp(scale x) for |scale x| < 80: 2^n times a polynomial of 2^f, f in [-1/2, 1/2] (the Taylor
/// polynomial of degree 6; relative error below 2e-7).
template <class P>
BIVOX_INLINE typename P::Vec exp_of(typename P::Vec x, float scale) {
  using Vec = typename P::Vec;
  constexpr float kLog2E = 1.44269504F;
  const Vec t = P::multiply(x, P::set(scale * kLog2E));
  const Vec n = P::round(t);
  const Vec f = P::subtract(t, n);
  Vec y = P::set(1.54035304e-4F);  // ln(2)^k / k!, k = 6 .. 0
  y = P::fma(y, f, P::set(1.33335581e-3F));
  y = P::fma(y, f, P::set(9.61812911e-3F));
  y = P::fma(y, f, P::set(5.55041087e-2F));
  y = P::fma(y, f, P::set(2.40226507e-1F));
  y = P::fma(y, f, P::set(6.93147181e-1F));
  y = P::fma(y, f, P::set(1.0F));
  return P::times_power_of_2(y, n);
}

/// tanh(a) sigmoid(b). Beyond the clamps the result does not change in float.
template <class P>
BIVOX_INLINE typename P::Vec gate_of(typename P::Vec a, typename P::Vec b) {
  using Vec = typename P::Vec;
  const Vec one = P::set(1.0F);
  a = P::min(P::max(a, P::set(-10.0F)), P::set(10.0F));
  b = P::min(P::max(b, P::set(-40.0F)), P::set(40.0F));
  const Vec ea = exp_of<P>(a, -2.0F);
  const Vec eb = exp_of<P>(b, -1.0F);
  return P::divide(P::subtract(one, ea), P::multiply(P::add(one, ea), P::add(one, eb)));
}

/// Sums of kVectors vectors of outputs, in registers, over all inputs.
template <class P, int kVectors>
BIVOX_INLINE void products(typename P::Acc* sums, const std::byte* w, const std::byte* x,
                           int groups) {
  for (int group = 0; group < groups; ++group) {
    const auto value = P::broadcast(x);
    x += P::kUnit * P::kOperandBytes;
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = P::dot(sums[v], value, w);
      w += P::kLanes * P::kUnit * P::kWeightBytes;
    }
  }
}

/// One panel: y = start + sum over matrices. `start` and y may be the same.
template <class P, int kVectors>
void panel(const WaveNetMatrix* matrices, const WaveNetOperand* inputs, int count, int first,
           const float* start, const float* bias, float* y) {
  using Vec = typename P::Vec;
  Vec results[kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    results[v] = P::load(start + first + v * P::kLanes);
    if (bias != nullptr) results[v] = P::add(results[v], P::load(bias + first + v * P::kLanes));
  }
  for (int m = 0; m < count; ++m) {
    const WaveNetMatrix& matrix = matrices[m];
    typename P::Acc sums[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sums[v] = P::start(matrix.offsets, first + v * P::kLanes);
    const std::byte* w = matrix.weights + static_cast<int64_t>(first) * matrix.inputs *
                                              static_cast<int64_t>(P::kWeightBytes);
    products<P, kVectors>(sums, w, inputs[m].data, matrix.inputs / P::kUnit);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      results[v] =
          P::value(sums[v], inputs[m].scale, matrix.scales, first + v * P::kLanes, results[v]);
    }
  }
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) P::store(y + first + v * P::kLanes, results[v]);
}

/// All panels of a sum of products of one shape.
template <class P>
BIVOX_INLINE void sum_products(const WaveNetMatrix* matrices, const WaveNetOperand* inputs,
                               int count, const float* start, const float* bias, float* y) {
  const int vectors = matrices[0].outputs / P::kLanes;
  for (int v = 0; v < vectors; v += WaveNetMatrix::kPanelVectors) {
    const int first = v * P::kLanes;
    const int left = vectors - v;
    // Sizes are multiples of 16 floats: 1, 2 or 4 vectors.
    if (left >= 12) {
      panel<P, 12>(matrices, inputs, count, first, start, bias, y);
      continue;
    }
    switch (left) {
#define BIVOX_PANEL(n)                                           \
  case n:                                                        \
    panel<P, n>(matrices, inputs, count, first, start, bias, y); \
    break;
      BIVOX_PANEL(1)
      BIVOX_PANEL(2)
      BIVOX_PANEL(3)
      BIVOX_PANEL(4)
      BIVOX_PANEL(5)
      BIVOX_PANEL(6)
      BIVOX_PANEL(7)
      BIVOX_PANEL(8)
      BIVOX_PANEL(9)
      BIVOX_PANEL(10)
      BIVOX_PANEL(11)
#undef BIVOX_PANEL
    }
  }
}

template <class P>
void layer(const WaveNetLayer& call) {
  sum_products<P>(call.taps, call.inputs, call.kernel, call.condition, nullptr, call.gates);
  const int half = call.taps[0].outputs / 2;
  for (int i = 0; i < half; i += P::kLanes) {
    const auto z = gate_of<P>(P::load(call.gates + i), P::load(call.gates + half + i));
    P::store(call.gates + i, z);
  }
  const WaveNetOperand gated{call.gated, P::convert_gated(call.gates, half, call.gated)};
  sum_products<P>(call.output, &gated, 1, call.state, call.bias, call.state);
}

template <class P>
void dense(const WaveNetMatrix& matrix, const WaveNetOperand& x, const float* bias, float* y) {
  sum_products<P>(&matrix, &x, 1, bias, nullptr, y);
}

template <class P>
WaveNetKernels kernels_of(int operand_offset) {
  WaveNetKernels kernels;
  kernels.lanes = P::kLanes;
  kernels.unit = P::kUnit;
  kernels.operand_bytes = P::kOperandBytes;
  kernels.weight_bytes = P::kWeightBytes;
  kernels.operand_offset = operand_offset;
  kernels.layer = layer<P>;
  kernels.dense = dense<P>;
  kernels.convert = P::convert;
  return kernels;
}
