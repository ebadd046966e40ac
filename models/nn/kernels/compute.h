// How and where the engine computes: precision, instruction set, threads.
//
// A ComputeContext is made once by the caller and passed down. It decides how many threads work on
// one operation and what the products are computed in; sums are always float. The instruction set
// of products (convolutions, WaveNet steps) is the best one the processor has, unless `isa` asks
// for less (tests compare them; BIVOX_ISA in the environment does the same for a whole process:
// plain, avx2, avx512, avx512_bf16, amx). Element-wise loops always take the processor's best
// (Highway).
//
// Errors: Error(kUsage) for a BIVOX_ISA that is none.
//
// Thread rule: a context serves one caller at a time (it owns worker threads); make one per thread
// that runs networks. Results do not depend on the number of threads (tested).
// Test: tests/models/nn/compute_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

namespace bivox {

/// What weights and activations are rounded to before they are multiplied.
enum class Precision { kFloat32, kBfloat16, kInt8 };
std::string_view precision_name(Precision precision);

/// Instruction sets, each a superset of the one before in what we use.
enum class Isa { kPlain, kAvx2, kAvx512, kAvx512Bf16, kAmx };
std::string_view isa_name(Isa isa);
/// The best one this processor and its system offer, lowered by BIVOX_ISA.
Isa best_isa();
bool isa_available(Isa isa);

class ComputeContext {
 public:
  explicit ComputeContext(int threads = 1, Precision precision = Precision::kFloat32,
                          std::optional<Isa> isa = std::nullopt);
  ~ComputeContext();
  ComputeContext(const ComputeContext&) = delete;
  ComputeContext& operator=(const ComputeContext&) = delete;

  int threads() const { return threads_; }
  Precision precision() const { return precision_; }
  Isa isa() const { return isa_; }

  /// Calls work(part) for part in [0, parts) on the context's threads, this one included; returns
  /// when all are done. Does not allocate; `work` must not throw and must not call parallel(). The
  /// workers sleep between calls, and never spin for long: another process may want the core.
  template <class Work>
  void parallel(int parts, Work&& work) {
    using Callable = std::remove_reference_t<Work>;
    parallel_parts(
        parts, [](void* callable, int part) { (*static_cast<Callable*>(callable))(part); },
        const_cast<void*>(static_cast<const void*>(&work)));
  }

  /// Memory that one operation needs while it runs, aligned to 64 bytes and kept for the next one;
  /// its contents are undefined. An operation that needs several blocks at once numbers them.
  static constexpr int kScratchSlots = 4;
  std::byte* scratch(int slot, size_t bytes);

 private:
  class Workers;
  struct Free {
    void operator()(std::byte* block) const noexcept;
  };
  struct Block {
    std::unique_ptr<std::byte, Free> bytes;
    size_t size = 0;
  };
  using PartFunction = void (*)(void* callable, int part);

  void parallel_parts(int parts, PartFunction function, void* callable);

  int threads_;
  Precision precision_;
  Isa isa_;
  std::unique_ptr<Workers> workers_;  // none when one thread is enough
  std::array<Block, kScratchSlots> scratch_;
};

}  // namespace bivox
