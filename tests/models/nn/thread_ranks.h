// A communicator of which the ranks are threads of one process, for tests without MPI.
#pragma once

#include <algorithm>
#include <barrier>
#include <span>
#include <vector>

#include "models/nn/distributed.h"

namespace bivox {

// Ranks as threads of one process: what any communicator must do, without MPI.
class ThreadRanks {
 public:
  explicit ThreadRanks(int ranks) : barrier_(ranks), ranks_(ranks) {}

  class Rank : public Communicator {
   public:
    Rank(ThreadRanks& shared, int rank) : shared_(shared), rank_(rank) {}
    int rank() const override { return rank_; }
    int ranks() const override { return shared_.ranks_; }
    void sum(std::span<float> values) override { shared_.sum(values, rank_, shared_.floats_); }
    void sum(std::span<double> values) override { shared_.sum(values, rank_, shared_.doubles_); }
    void broadcast(std::span<float> values) override {
      if (rank_ != 0) std::ranges::fill(values, 0.0F);
      sum(values);
    }
    void barrier() override { shared_.barrier_.arrive_and_wait(); }

   private:
    ThreadRanks& shared_;
    int rank_;
  };

 private:
  template <typename T>
  void sum(std::span<T> values, int rank, std::vector<std::vector<T>>& all) {
    if (rank == 0) all.assign(static_cast<size_t>(ranks_), {});
    barrier_.arrive_and_wait();
    all[static_cast<size_t>(rank)].assign(values.begin(), values.end());
    barrier_.arrive_and_wait();
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = 0;
      for (const std::vector<T>& part : all) values[i] += part[i];
    }
    barrier_.arrive_and_wait();
  }

  std::barrier<> barrier_;
  int ranks_;
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<double>> doubles_;
};

}  // namespace bivox
