#include "models/nn/distributed.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "tests/models/nn/synthetic_task.h"
#include "tests/models/nn/thread_ranks.h"

namespace bivox {
namespace {

constexpr int kSteps = 20;
constexpr int kBatch = 12;

struct Result {
  std::vector<double> losses;
  std::vector<double> norms;
  std::vector<float> running_mean;
  std::vector<float> running_variance;
};

// Batch norm and batches of utterances of different lengths, which only whole sums get right.
Result train(Communicator* communicator, uint64_t weights_seed) {
  Network net = synthetic::network(weights_seed, 0.0F);  // no dropout: masks differ by rank
  ComputeContext context;
  TrainerOptions options;
  options.schedule.peak = 0.01;
  options.schedule.total_steps = kSteps;
  Trainer trainer(context, net.parameters(), options, communicator);
  DataLoaderOptions data;
  data.max_examples = kBatch;
  data.pool_batches = 0;  // lengths stay mixed
  data.rank = trainer.communicator().rank();
  data.ranks = trainer.communicator().ranks();
  DataLoader loader(data, synthetic::lengths(200), synthetic::example);
  Result result;
  for (int step = 0; step < kSteps; ++step) {
    TrainingBatch batch = loader.next();
    const StepReport report =
        trainer.step([&](Tape& tape) { return synthetic::loss(net, tape, batch); });
    result.losses.push_back(report.loss);
    result.norms.push_back(report.gradient_norm);
  }
  const auto values = [&](std::string_view name) {
    const auto span = net.find_parameter(name)->value.values();
    return std::vector<float>(span.begin(), span.end());
  };
  result.running_mean = values("norm1.mean");
  result.running_variance = values("norm1.variance");
  return result;
}

void expect_like_one_rank(const Result& result) {
  const Result alone = train(nullptr, 3);
  ASSERT_EQ(result.losses.size(), alone.losses.size());
  for (size_t step = 0; step < alone.losses.size(); ++step) {
    EXPECT_NEAR(result.losses[step], alone.losses[step], 1e-4 * alone.losses[step]) << step;
    EXPECT_NEAR(result.norms[step], alone.norms[step], 1e-3 * alone.norms[step]) << step;
  }
  EXPECT_NEAR(result.losses[0], alone.losses[0], 1e-6 * alone.losses[0]);
  for (size_t c = 0; c < alone.running_mean.size(); ++c) {
    EXPECT_NEAR(result.running_mean[c], alone.running_mean[c], 1e-4);
    EXPECT_NEAR(result.running_variance[c], alone.running_variance[c], 1e-4);
  }
}

TEST(Distributed, RanksDoWhatOneDoesWithTheWholeBatch) {
  for (const int ranks : {2, 3}) {
    ThreadRanks shared(ranks);
    std::vector<Result> results(static_cast<size_t>(ranks));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < ranks; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadRanks::Rank communicator(shared, rank);
        // Only the weights of rank 0 count.
        results[static_cast<size_t>(rank)] =
            train(&communicator, rank == 0 ? 3 : 50 + static_cast<uint64_t>(rank));
      });
    }
    for (std::thread& thread : threads) thread.join();
    expect_like_one_rank(results[0]);
    for (const Result& result : results) EXPECT_EQ(result.losses, results[0].losses);
  }
}

TEST(Distributed, OneRankAloneChangesNothing) {
  Communicator alone;
  std::vector<float> values = {1.0F, 2.0F};
  alone.sum(std::span<float>(values));
  alone.broadcast(values);
  alone.barrier();
  EXPECT_EQ(values, (std::vector<float>{1.0F, 2.0F}));
  EXPECT_EQ(alone.ranks(), 1);
}

// Run by mpirun in builds with MPI; alone, or without MPI, it is one rank.
TEST(Distributed, MpiRanksDoWhatOneDoesWithTheWholeBatch) {
  const std::unique_ptr<Communicator> communicator = make_communicator();
  std::vector<double> ranks = {1.0};
  communicator->sum(std::span<double>(ranks));
  EXPECT_EQ(ranks[0], communicator->ranks());
  if (!has_mpi()) {
    EXPECT_EQ(communicator->ranks(), 1);
  }
  const Result result = train(communicator.get(), communicator->rank() == 0 ? 3 : 77);
  expect_like_one_rank(result);
  communicator->barrier();
}

}  // namespace
}  // namespace bivox
