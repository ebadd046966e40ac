// Instruction sets by name and order; the thread hand-off.
#include "models/nn/kernels/compute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

#include "dsp/core/error.h"
#include "tests/models/nn/allocation_counter.h"

namespace bivox {
namespace {

TEST(Compute, EveryInstructionSetBelowTheBestIsAvailable) {
  EXPECT_TRUE(isa_available(Isa::kPlain));
  EXPECT_TRUE(isa_available(best_isa()));
  bool available = true;
  for (const Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    EXPECT_FALSE(isa_name(isa).empty());
    EXPECT_LE(isa_available(isa), available) << isa_name(isa);
    available = isa_available(isa);
  }
}

TEST(Compute, TheEnvironmentLowersTheInstructionSet) {
  // The choice is made once a process: ask a new one.
  const auto best_of_child = [](const char* name) {
    EXPECT_EXIT(
        {
          setenv("BIVOX_ISA", name, 1);
          std::exit(static_cast<int>(best_isa()));
        },
        ::testing::ExitedWithCode(static_cast<int>(Isa::kPlain)), "");
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  best_of_child("plain");
  EXPECT_EXIT(
      {
        setenv("BIVOX_ISA", "AVX2", 1);
        try {
          best_isa();
        } catch (const Error& error) {
          std::exit(static_cast<int>(error.code()));
        }
      },
      ::testing::ExitedWithCode(static_cast<int>(ErrorCode::kUsage)), "");
}

TEST(Compute, EveryPartIsDoneOnce) {
  for (const int threads : {1, 2, 5}) {
    ComputeContext context(threads);
    EXPECT_EQ(context.threads(), threads);
    for (const int parts : {0, 1, 2, 3, 17, 400}) {
      std::vector<std::atomic<int>> done(static_cast<size_t>(parts));
      context.parallel(parts, [&](int part) { ++done[static_cast<size_t>(part)]; });
      for (const auto& count : done) EXPECT_EQ(count, 1);
    }
  }
}

TEST(Compute, ManyShortJobsEndAndSeeEachOthersResults) {
  ComputeContext context(3);
  std::vector<int64_t> values(64, 0);
  for (int job = 0; job < 5000; ++job) {
    context.parallel(8, [&](int part) {
      const auto at = static_cast<size_t>(part * 8);
      values[at] += 1;
    });
  }
  for (size_t part = 0; part < 8; ++part) EXPECT_EQ(values[part * 8], 5000);
}

TEST(Compute, WorkersWakeUpAfterARest) {
  ComputeContext context(2);
  std::atomic<int> sum = 0;
  for (int job = 0; job < 3; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    context.parallel(4, [&](int part) { sum += part; });
  }
  EXPECT_EQ(sum, 18);
}

TEST(Compute, HandingOutWorkAllocatesNothing) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  ComputeContext context(2);
  std::vector<int> values(100);
  int a = 1;
  int b = 2;
  int c = 3;
  const auto before = allocations_so_far();
  context.parallel(100, [&](int part) { values[static_cast<size_t>(part)] = a + b + c; });
  EXPECT_EQ(allocations_so_far(), before);
  EXPECT_EQ(values[99], 6);
}

TEST(Compute, ScratchIsAlignedAndKept) {
  ComputeContext context;
  std::byte* block = context.scratch(0, 1000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0U);
  EXPECT_NE(context.scratch(1, 1000), block);
  EXPECT_EQ(context.scratch(0, 500), block);
  std::fill_n(context.scratch(0, 100000), 100000, std::byte{1});
}

}  // namespace
}  // namespace bivox
