// Matrix-vector micro-kernels as templates over an instruction set; included after
// gemm_micro-inl.h, in the same way. A policy is that of gemm_micro-inl.h, with kWeightBytes for a
// unit of one output in memory.

/// Narrow panels sum alternate groups apart: eight sums hide the latency of the products.
constexpr int sum_sets(int vectors) {
  return vectors == 1 ? 8 : vectors == 2 ? 4 : vectors <= 4 ? 2 : 1;
}

template <class P, bool kInteger, int kVectors, class Sum>
inline __attribute__((always_inline)) void vector_sums(const GemmBlock& call,
                                                       Sum (&total)[kVectors]) {
  constexpr int kSets = sum_sets(kVectors);
  constexpr int64_t kVectorBytes = int64_t{P::kLanes} * P::kWeightBytes;
  Sum sums[kSets][kVectors];
  BIVOX_UNROLL
  for (int set = 0; set < kSets; ++set) {
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      if constexpr (kInteger) {
        sums[set][v] = set == 0 ? P::start(call.offsets + v * P::kLanes) : P::zero_sum();
      } else {
        sums[set][v] = P::zero();
      }
    }
  }
  const std::byte* a = call.a;
  const std::byte* b = call.b;
  int group = 0;
  for (; group + kSets <= call.groups; group += kSets) {
    BIVOX_UNROLL
    for (int set = 0; set < kSets; ++set) {
      const auto value = P::broadcast_a(a + set * P::kBytes);
      BIVOX_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        sums[set][v] =
            P::dot(sums[set][v], value, P::load_b(b + (set * kVectors + v) * kVectorBytes));
      }
    }
    a += kSets * P::kBytes;
    b += kSets * kVectors * kVectorBytes;
  }
  for (; group < call.groups; ++group) {
    const auto value = P::broadcast_a(a);
    BIVOX_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      sums[0][v] = P::dot(sums[0][v], value, P::load_b(b + v * kVectorBytes));
    }
    a += P::kBytes;
    b += kVectors * kVectorBytes;
  }
  BIVOX_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    total[v] = sums[0][v];
    BIVOX_UNROLL
    for (int set = 1; set < kSets; ++set) total[v] = P::add_sums(total[v], sums[set][v]);
  }
}

template <class P, int kVectors>
void float_vector(const GemmBlock& call) {
  typename P::Vec sums[kVectors];
  vector_sums<P, false, kVectors>(call, sums);
  BIVOX_UNROLL
  for (int v = 0; v < kVectors; ++v) finish<P>(call, 0, v * P::kLanes, sums[v]);
}

template <class P, int kVectors>
void integer_vector(const GemmBlock& call) {
  typename P::Sum sums[kVectors];
  vector_sums<P, true, kVectors>(call, sums);
  BIVOX_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const auto value = P::scale_add(P::zero(), call.row_scales[0], sums[v]);
    finish<P>(call, 0, v * P::kLanes,
              P::multiply(value, P::load(call.column_scales + v * P::kLanes)));
  }
}

/// call.columns decides the number of vectors.
template <class P, bool kInteger, int kVectors>
void vector_panel(const GemmBlock& call) {
  if constexpr (kVectors > 1) {
    if (call.columns <= (kVectors - 1) * P::kLanes) {
      return vector_panel<P, kInteger, kVectors - 1>(call);
    }
  }
  if constexpr (kInteger) {
    integer_vector<P, kVectors>(call);
  } else {
    float_vector<P, kVectors>(call);
  }
}
