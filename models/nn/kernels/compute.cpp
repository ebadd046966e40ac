#include "models/nn/kernels/compute.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace bivox {

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "float32";
    case Precision::kBfloat16:
      return "bfloat16";
    case Precision::kInt8:
      return "int8";
  }
  return "";
}

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kPlain:
      return "plain";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Bf16:
      return "avx512_bf16";
    case Isa::kAmx:
      return "amx";
  }
  return "";
}

namespace {

#if defined(__x86_64__)
/// The system keeps the tiles of a thread (XCR0 bits 17 and 18) and lets this process use them,
/// which Linux wants to be asked for once.
bool system_grants_amx() {
  uint32_t low = 0;
  uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr uint32_t kTileState = (1U << 17) | (1U << 18);
  if ((low & kTileState) != kTileState) return false;
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return true;
#endif
}

bool has_amx_bfloat16() {
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  constexpr uint32_t kOsSavesState = 1U << 27;  // xgetbv exists
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsSavesState) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr uint32_t kTilesAndBfloat16 = (1U << 24) | (1U << 22);
  return (d & kTilesAndBfloat16) == kTilesAndBfloat16 && system_grants_amx();
}

/// __builtin_cpu_supports asks the system about the wide registers, too.
Isa detect() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("fma") == 0) {
    return Isa::kPlain;
  }
  if (__builtin_cpu_supports("avx512f") == 0 || __builtin_cpu_supports("avx512bw") == 0 ||
      __builtin_cpu_supports("avx512dq") == 0 || __builtin_cpu_supports("avx512vl") == 0) {
    return Isa::kAvx2;
  }
  if (__builtin_cpu_supports("avx512bf16") == 0) return Isa::kAvx512;
  return has_amx_bfloat16() ? Isa::kAmx : Isa::kAvx512Bf16;
}
#else
Isa detect() { return Isa::kPlain; }
#endif

Isa processor_isa() {
  static const Isa isa = detect();
  return isa;
}

Isa requested_isa() {
  const char* name = std::getenv("BIVOX_ISA");
  if (name == nullptr) return Isa::kAmx;
  for (const Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    if (isa_name(isa) == name) return isa;
  }
  throw Error(ErrorCode::kUsage, std::string("BIVOX_ISA=") + name + ": not an instruction set",
              "expected plain, avx2, avx512, avx512_bf16 or amx");
}

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

bool isa_available(Isa isa) { return isa <= processor_isa(); }

Isa best_isa() {
  static const Isa isa = std::min(processor_isa(), requested_isa());
  return isa;
}

// Workers wait for a job, take its parts one by one, and the last one done tells the caller. Taking
// a part is a lock of some nanoseconds. Before anybody sleeps he looks for new work for about the
// time that waking up costs: the operations of a network follow each other closely.
class ComputeContext::Workers {
 public:
  explicit Workers(int count) {
    try {
      for (int i = 0; i < count; ++i) threads_.emplace_back([this] { serve(); });
    } catch (...) {  // the system has no more threads
      stop();
      throw;
    }
  }
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(int parts, PartFunction function, void* callable) {
    std::unique_lock lock(mutex_);
    function_ = function;
    callable_ = callable;
    next_ = 0;
    parts_ = parts;
    unfinished_.store(parts, std::memory_order_relaxed);
    waiting_parts_.store(true, std::memory_order_release);
    if (sleepers_ > 0) wake_.notify_all();
    take_parts(lock);
    if (unfinished_.load(std::memory_order_relaxed) > 0) {
      lock.unlock();
      spin_until([this] { return unfinished_.load(std::memory_order_acquire) == 0; });
      lock.lock();
      done_.wait(lock, [this] { return unfinished_.load(std::memory_order_relaxed) == 0; });
    }
  }

 private:
  void stop() noexcept {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      waiting_parts_.store(true, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  static constexpr int kSpins = 1500;  // some 20 to 60 microseconds

  template <class Condition>
  static void spin_until(Condition condition) {
    for (int i = 0; i < kSpins && !condition(); ++i) pause();
  }

  void take_parts(std::unique_lock<std::mutex>& lock) {
    while (next_ < parts_) {
      const int part = next_++;
      if (next_ == parts_) waiting_parts_.store(stopping_, std::memory_order_relaxed);
      const PartFunction function = function_;
      void* callable = callable_;
      lock.unlock();
      function(callable, part);
      lock.lock();
      if (unfinished_.fetch_sub(1, std::memory_order_release) == 1) done_.notify_one();
    }
  }
  void serve() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      take_parts(lock);
      lock.unlock();
      spin_until([this] { return waiting_parts_.load(std::memory_order_acquire); });
      lock.lock();
      ++sleepers_;
      wake_.wait(lock, [this] { return stopping_ || next_ < parts_; });
      --sleepers_;
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  PartFunction function_ = nullptr;
  void* callable_ = nullptr;
  int next_ = 0;
  int parts_ = 0;
  int sleepers_ = 0;
  bool stopping_ = false;
  std::atomic<int> unfinished_ = 0;
  std::atomic<bool> waiting_parts_ = false;  // or stopping: what spinning workers look at
};

ComputeContext::ComputeContext(int threads, Precision precision, std::optional<Isa> isa)
    : threads_(std::max(1, threads)), precision_(precision), isa_(isa.value_or(best_isa())) {
  BIVOX_CHECK(isa_available(isa_));
  if (threads_ > 1) workers_ = std::make_unique<Workers>(threads_ - 1);
}

ComputeContext::~ComputeContext() = default;

void ComputeContext::parallel_parts(int parts, PartFunction function, void* callable) {
  if (workers_ == nullptr || parts <= 1) {
    for (int part = 0; part < parts; ++part) function(callable, part);
    return;
  }
  workers_->run(parts, function, callable);
}

void ComputeContext::Free::operator()(std::byte* block) const noexcept {
  ::operator delete (block, std::align_val_t{64});
}

std::byte* ComputeContext::scratch(int slot, size_t bytes) {
  Block& block = scratch_[static_cast<size_t>(slot)];
  if (block.size < bytes) {
    block.bytes.reset();
    block.size = 0;
    const size_t size = bytes + bytes / 4;  // batches differ in length: few growths
    block.bytes.reset(static_cast<std::byte*>(::operator new (size, std::align_val_t{64})));
    block.size = size;
  }
  return block.bytes.get();
}

}  // namespace bivox
