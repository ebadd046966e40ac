#include "legacy/training/blocks.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace bivox {

void run_blocks(int blocks, int threads, const std::function<void(int block)>& work) {
  std::atomic<int> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto serve = [&] {
    for (int block = next++; block < blocks; block = next++) {
      try {
        work(block);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = blocks;
      }
    }
  };
  std::vector<std::jthread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(serve);
  serve();
  workers.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

std::pair<size_t, size_t> block_range(int block, size_t count) {
  const auto b = static_cast<size_t>(block);
  return {b * count / kTrainingBlocks, (b + 1) * count / kTrainingBlocks};
}

}  // namespace bivox
