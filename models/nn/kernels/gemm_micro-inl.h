// Micro-kernels as templates over an instruction set. Included once by each gemm_<isa>.cpp, inside
// of its namespace and its target attributes; hence no include guard and no includes.
//
// A policy P has: Vec (floats, kLanes of them), zero, load, store, store_some, load_some, add,
// relu; and for float sums Operands: kBytes (of one unit of A), Wide (a loaded vector of B units),
// load_b, broadcast_a, dot. B vectors are kLanes units wide.

/// Writes one vector of results: bias, what C or `add` hold, ReLU.
template <class P>
inline __attribute__((always_inline)) void finish(const GemmBlock& call, int r, int first,
                                                  typename P::Vec sum) {
  const int left = call.columns - first;
  if (left <= 0) return;
  float* c = call.c + r * call.c_row + first;
  const float* add = call.add == nullptr ? nullptr : call.add + r * call.add_row + first;
  if (left >= P::kLanes) {
    if (call.bias != nullptr) sum = P::add(sum, P::load(call.bias + first));
    if (call.accumulate) sum = P::add(sum, P::load(c));
    if (add != nullptr) sum = P::add(sum, P::load(add));
    if (call.relu) sum = P::relu(sum);
    P::store(c, sum);
  } else {
    if (call.bias != nullptr) sum = P::add(sum, P::load_some(call.bias + first, left));
    if (call.accumulate) sum = P::add(sum, P::load_some(c, left));
    if (add != nullptr) sum = P::add(sum, P::load_some(add, left));
    if (call.relu) sum = P::relu(sum);
    P::store_some(c, sum, left);
  }
}

/// Sums of kRows x kVectors vectors in registers. kRows * kVectors + kVectors + 1 of them must fit.
template <class P, int kRows, int kVectors, int kPanelVectors>
void float_block(const GemmBlock& call) {
  typename P::Vec sums[kRows][kVectors];
  BIVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[r][v] = P::zero();
  }
  constexpr int64_t kVectorBytes = int64_t{P::kLanes} * P::kBytes;
  const std::byte* b = call.b;
  const int64_t row = call.a_row;
  for (int run = 0; run < call.runs; ++run) {
    // Every third row has a pointer; those between are reached by scaled offsets.
    const std::byte* a[(kRows + 2) / 3];
    BIVOX_UNROLL
    for (int r = 0; r < (kRows + 2) / 3; ++r) a[r] = call.a + run * call.a_run + 3 * r * row;
    for (int group = 0; group < call.groups; ++group) {
      typename P::Wide wide[kVectors];
      BIVOX_UNROLL
      for (int v = 0; v < kVectors; ++v) wide[v] = P::load_b(b + v * kVectorBytes);
      b += kPanelVectors * kVectorBytes;
      BIVOX_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const auto value = P::broadcast_a(a[r / 3] + (r % 3) * row);
        BIVOX_UNROLL
        for (int v = 0; v < kVectors; ++v) sums[r][v] = P::dot(sums[r][v], value, wide[v]);
      }
      BIVOX_UNROLL
      for (int r = 0; r < (kRows + 2) / 3; ++r) a[r] += P::kBytes;
    }
  }
  BIVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      finish<P>(call, r, v * P::kLanes, sums[r][v]);
    }
  }
}

/// Integers: exact sums within a run, then scaled by the run's row scale.
template <class P, int kRows, int kVectors, int kPanelVectors>
void integer_block(const GemmBlock& call) {
  typename P::Vec totals[kRows][kVectors];
  BIVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) totals[r][v] = P::zero();
  }
  constexpr int64_t kVectorBytes = int64_t{P::kLanes} * P::kBytes;
  const std::byte* b = call.b;
  const int64_t row = call.a_row;
  for (int run = 0; run < call.runs; ++run) {
    typename P::Sum sums[kRows][kVectors];
    BIVOX_UNROLL
    for (int r = 0; r < kRows; ++r) {
      BIVOX_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = P::start(call.offsets + (run * kPanelVectors + v) * P::kLanes);
      }
    }
    const std::byte* a = call.a + run * call.a_run;
    for (int group = 0; group < call.groups; ++group) {
      typename P::Wide wide[kVectors];
      BIVOX_UNROLL
      for (int v = 0; v < kVectors; ++v) wide[v] = P::load_b(b + v * kVectorBytes);
      b += kPanelVectors * kVectorBytes;
      BIVOX_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const auto value = P::broadcast_a(a + r * row);
        BIVOX_UNROLL
        for (int v = 0; v < kVectors; ++v) sums[r][v] = P::dot(sums[r][v], value, wide[v]);
      }
      a += P::kBytes;
    }
    BIVOX_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const float scale = call.row_scales[r * call.row_scale_row + run * call.row_scale_run];
      BIVOX_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        totals[r][v] = P::scale_add(totals[r][v], scale, sums[r][v]);
      }
    }
  }
  BIVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const auto scaled = P::multiply(totals[r][v], P::load(call.column_scales + v * P::kLanes));
      finish<P>(call, r, v * P::kLanes, scaled);
    }
  }
}

template <class P, int kPanelVectors>
struct FloatBlocks {
  template <int kRows, int kVectors>
  struct Of {
    static void run(const GemmBlock& call) { float_block<P, kRows, kVectors, kPanelVectors>(call); }
  };
};
template <class P, int kPanelVectors>
struct IntegerBlocks {
  template <int kRows, int kVectors>
  struct Of {
    static void run(const GemmBlock& call) {
      integer_block<P, kRows, kVectors, kPanelVectors>(call);
    }
  };
};

/// The entry: picks the template by the number of rows, and narrow panels by that of columns.
template <class P, template <int, int> class Block, int kRows, int kPanelVectors>
void dispatch(int rows, const GemmBlock& call) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return dispatch<P, Block, kRows - 1, kPanelVectors>(rows, call);
  }
  if constexpr (kPanelVectors > 1) {
    if (call.columns <= P::kLanes) return Block<kRows, 1>::run(call);
  }
  Block<kRows, kPanelVectors>::run(call);
}

// bfloat16 by integer arithmetic, which compilers turn into vectors.
inline void convert_to_bfloat16(const float* x, int64_t count, std::byte* out) {
  auto* result = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < count; ++i) result[i] = to_bfloat16(x[i]);
}
inline void convert_to_rounded(const float* x, int64_t count, std::byte* out) {
  auto* result = reinterpret_cast<float*>(out);
  for (int64_t i = 0; i < count; ++i) result[i] = round_to_bfloat16(x[i]);
}
inline void convert_to_float(const float* x, int64_t count, std::byte* out) {
  __builtin_memcpy(out, x, static_cast<size_t>(count) * sizeof(float));
}

template <class Integer, int kOffset>
float quantize_row(const float* x, int64_t count, std::byte* out) {
  // Sizes of floats compare like the integers of their bits, and compilers make vectors of that.
  uint32_t largest_bits = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = __builtin_bit_cast(uint32_t, x[i]) & 0x7fffffffU;
    largest_bits = bits > largest_bits ? bits : largest_bits;
  }
  float largest = __builtin_bit_cast(float, largest_bits);
  if (largest < 1e-30F) largest = 0.0F;  // 127 / largest must be finite
  const float inverse = largest > 0.0F ? 127.0F / largest : 0.0F;
  auto* result = reinterpret_cast<Integer*>(out);
  for (int64_t i = 0; i < count; ++i) {
    // Adding 1.5 x 2^23 rounds to nearest even and leaves the integer in the low bits.
    const float shifted = x[i] * inverse + 12582912.0F;
    const int32_t integer = static_cast<int32_t>(__builtin_bit_cast(uint32_t, shifted) & 0xffffU);
    result[i] = static_cast<Integer>(static_cast<int16_t>(integer) + kOffset);
  }
  return largest / 127.0F;
}
