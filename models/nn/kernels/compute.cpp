#include "models/nn/kernels/compute.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dsp/core/check.h"

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

bool isa_available(Isa isa) { return isa == Isa::kPlain; }

Isa best_isa() { return Isa::kPlain; }

// Workers wait for a numbered job, take its parts one by one, and report when none is left.
class ComputeContext::Workers {
 public:
  explicit Workers(int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(int parts, const std::function<void(int)>& work) {
    std::unique_lock lock(mutex_);
    work_ = &work;
    next_ = 0;
    parts_ = parts;
    unfinished_ = parts;
    wake_.notify_all();
    take_parts(lock);
    done_.wait(lock, [this] { return unfinished_ == 0; });
    work_ = nullptr;
  }

 private:
  void take_parts(std::unique_lock<std::mutex>& lock) {
    while (next_ < parts_) {
      const int part = next_++;
      const auto* work = work_;
      lock.unlock();
      (*work)(part);
      lock.lock();
      if (--unfinished_ == 0) done_.notify_one();
    }
  }
  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || next_ < parts_; });
      if (stopping_) return;
      take_parts(lock);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  const std::function<void(int)>* work_ = nullptr;
  int next_ = 0;
  int parts_ = 0;
  int unfinished_ = 0;
  bool stopping_ = false;
};

ComputeContext::ComputeContext(int threads, Precision precision, std::optional<Isa> isa)
    : threads_(std::max(1, threads)), precision_(precision), isa_(isa.value_or(best_isa())) {
  BIVOX_CHECK(isa_available(isa_));
  if (threads_ > 1) workers_ = std::make_unique<Workers>(threads_ - 1);
}

ComputeContext::~ComputeContext() = default;

void ComputeContext::parallel(int parts, const std::function<void(int part)>& work) {
  if (workers_ == nullptr || parts <= 1) {
    for (int part = 0; part < parts; ++part) work(part);
    return;
  }
  workers_->run(parts, work);
}

}  // namespace bivox
