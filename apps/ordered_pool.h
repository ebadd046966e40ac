// Runs numbered jobs on several threads and hands their results over in order.
//
// work(job) is called on any thread, at most one job a thread at a time; emit(job, result) is
// called for 0, 1, 2, ... one at a time, as soon as a job and all before it are done, so output
// does not depend on the number of threads. An exception of either stops the rest and is thrown
// again. When `stop()` becomes true no new job is begun and what is not yet emitted is dropped.
// Test: tests/apps/ordered_pool_test.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace bivox {

/// `make_worker()` is called once on each thread and gives the thread's own `work`.
template <class Result>
void run_ordered(size_t num_jobs, int num_threads,
                 const std::function<std::function<Result(size_t)>()>& make_worker,
                 const std::function<void(size_t, const Result&)>& emit,
                 const std::function<bool()>& stop) {
  std::atomic<size_t> next_job = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;  // guards what follows
  std::map<size_t, Result> waiting;
  size_t next_emitted = 0;
  std::exception_ptr failure;

  const auto hand_over = [&](size_t job, Result result) {
    const std::lock_guard lock(mutex);
    waiting.emplace(job, std::move(result));
    while (!failed && !stop() && !waiting.empty() && waiting.begin()->first == next_emitted) {
      emit(next_emitted, waiting.begin()->second);
      waiting.erase(waiting.begin());
      ++next_emitted;
    }
  };
  const auto run = [&] {
    try {
      const auto work = make_worker();
      for (size_t job = next_job++; job < num_jobs && !failed && !stop(); job = next_job++) {
        hand_over(job, work(job));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };

  const size_t threads = std::min(num_jobs, static_cast<size_t>(std::max(num_threads, 1)));
  std::vector<std::thread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bivox
