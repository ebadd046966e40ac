// AMX: bfloat16 products of 16 x 16 tiles, two by two (the layout is in amx_block.h).
#include "models/nn/kernels/gemm.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include "models/nn/kernels/amx_block.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2")
namespace bivox::kernels::amx {
#include "models/nn/kernels/gemm_micro-inl.h"
}  // namespace bivox::kernels::amx
HWY_POP_ATTRIBUTES

namespace bivox::kernels::amx {

/// The processor's tiles, as assembly: compilers' intrinsics want literal tile numbers.
struct HardwareTiles {
  void configure(const TileConfig& config) { asm volatile("ldtilecfg %0" : : "m"(config)); }
  template <int kTile>
  void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  void load(const void* base, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(base), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kTile>
  void store(void* base, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)"
                 :
                 : "r"(base), "r"(stride), "i"(kTile)
                 : "memory");
  }
  template <int kC, int kA, int kB>
  void multiply() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kC), "i"(kA), "i"(kB));
  }
};

void kernel(int rows, const GemmBlock& call) {
  HardwareTiles tiles;
  amx_block(tiles, rows, call);
}

}  // namespace bivox::kernels::amx

namespace bivox::kernels {

const GemmKernel* amx_kernel() {
  static const GemmKernel kernel = {Operand::kBfloat16,       32,     32, 2, 32, amx::kernel,
                                    amx::convert_to_bfloat16, nullptr};
  return &kernel;
}

}  // namespace bivox::kernels

#else

namespace bivox::kernels {
const GemmKernel* amx_kernel() { return nullptr; }
}  // namespace bivox::kernels

#endif
