#include "tests/models/nn/allocation_counter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIVOX_COUNT_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIVOX_COUNT_ALLOCATIONS 0
#endif
#endif
#if !defined(BIVOX_COUNT_ALLOCATIONS) && defined(__GLIBC__)
#define BIVOX_COUNT_ALLOCATIONS 1
#endif

namespace {
std::atomic<int64_t> allocations = 0;
}  // namespace

#if BIVOX_COUNT_ALLOCATIONS
// The program's definitions take the place of the C library's, whose own names do the work.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* block, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(block, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  *block = __libc_memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
}
#endif

namespace bivox {

bool allocations_are_counted() { return BIVOX_COUNT_ALLOCATIONS != 0; }
int64_t allocations_so_far() { return allocations.load(); }

namespace {

TEST(AllocationCounter, SeesEveryKind) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  int64_t before = allocations_so_far();
  const auto expect_more = [&before] {
    EXPECT_GT(allocations_so_far(), before);
    before = allocations_so_far();
  };
  const std::vector<int> numbers(100);
  expect_more();
  void* volatile block = std::malloc(10);
  expect_more();
  std::free(block);
  const auto aligned = std::make_unique<std::aligned_storage_t<256, 128>>();
  expect_more();
  EXPECT_EQ(numbers.size(), 100U);
  EXPECT_EQ(allocations_so_far(), before);
}

}  // namespace
}  // namespace bivox
