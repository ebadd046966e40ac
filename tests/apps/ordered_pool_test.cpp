#include "apps/ordered_pool.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bivox {
namespace {

TEST(OrderedPool, ResultsComeInOrder) {
  for (const int threads : {1, 4}) {
    std::vector<size_t> order;
    run_ordered<size_t>(
        100, threads,
        [] {
          return [](size_t job) {
            // Early jobs take longest, so that order is not an accident.
            if (job % 8 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return job * job;
          };
        },
        [&](size_t job, size_t result) {
          EXPECT_EQ(result, job * job);
          order.push_back(job);
        },
        [] { return false; });
    ASSERT_EQ(order.size(), 100U);
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(OrderedPool, ExceptionsStopTheRestAndComeOut) {
  const auto run = [](int threads) {
    run_ordered<int>(
        50, threads,
        [] {
          return [](size_t job) {
            if (job == 7) throw std::runtime_error("seven");
            return 0;
          };
        },
        [](size_t job, int) { EXPECT_LT(job, 7U); }, [] { return false; });
  };
  EXPECT_THROW(run(1), std::runtime_error);
  EXPECT_THROW(run(3), std::runtime_error);
}

TEST(OrderedPool, StopBeginsNoNewJob) {
  std::atomic<size_t> begun = 0;
  size_t emitted = 0;
  run_ordered<int>(
      50, 1,
      [&] {
        return [&](size_t) {
          ++begun;
          return 0;
        };
      },
      [&](size_t, int) { ++emitted; }, [&] { return begun >= 5; });
  EXPECT_EQ(begun, 5U);
  EXPECT_EQ(emitted, 4U);
}

}  // namespace
}  // namespace bivox
