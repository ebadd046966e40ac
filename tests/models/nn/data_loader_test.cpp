#include "models/nn/data_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <set>
#include <thread>

#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

std::vector<int64_t> some_lengths(int count) {
  std::vector<int64_t> lengths;
  for (int i = 0; i < count; ++i) lengths.push_back(1 + (i * 37) % 50);
  return lengths;
}

// Frame t of example i holds i, t and something random; threads finish in any order.
TrainingExample read_example(int index, uint64_t seed) {
  Random random(seed);
  if (random.below(4) == 0) std::this_thread::yield();
  const int64_t frames = 1 + (index * 37) % 50;
  TrainingExample example;
  Tensor features({frames, 3});
  for (int64_t t = 0; t < frames; ++t) {
    features[3 * t] = static_cast<float>(index);
    features[3 * t + 1] = static_cast<float>(t);
    features[3 * t + 2] = static_cast<float>(random.uniform(1.0, 2.0));
  }
  example.streams.push_back(std::move(features));
  example.streams.push_back(Tensor::filled({1, 1}, static_cast<float>(index)));
  example.targets = {index, index + 1};
  return example;
}

DataLoaderOptions options_with(int threads) {
  DataLoaderOptions options;
  options.max_examples = 8;
  options.pool_batches = 4;
  options.threads = threads;
  options.seed = 11;
  return options;
}

void expect_same(const TrainingBatch& a, const TrainingBatch& b) {
  ASSERT_EQ(a.indices, b.indices);
  ASSERT_EQ(a.targets, b.targets);
  ASSERT_EQ(a.position, b.position);
  ASSERT_EQ(a.last_of_epoch, b.last_of_epoch);
  ASSERT_EQ(a.streams.size(), b.streams.size());
  for (size_t s = 0; s < a.streams.size(); ++s) {
    ASSERT_EQ(a.streams[s].lengths, b.streams[s].lengths);
    ASSERT_TRUE(std::ranges::equal(a.streams[s].values.values(), b.streams[s].values.values()));
  }
}

TEST(DataLoader, PadsWithZerosAndKeepsWhatIsReal) {
  DataLoader loader(options_with(1), some_lengths(50), read_example);
  const TrainingBatch batch = loader.next();
  ASSERT_EQ(batch.streams.size(), 2U);
  const Tensor& values = batch.streams[0].values;
  ASSERT_EQ(values.dim(0), static_cast<int64_t>(batch.indices.size()));
  EXPECT_EQ(values.dim(1), *std::ranges::max_element(batch.streams[0].lengths));
  for (int64_t b = 0; b < values.dim(0); ++b) {
    const int index = batch.indices[static_cast<size_t>(b)];
    EXPECT_EQ(batch.targets[static_cast<size_t>(b)], (std::vector<int>{index, index + 1}));
    const int length = batch.streams[0].lengths[static_cast<size_t>(b)];
    EXPECT_EQ(length, 1 + (index * 37) % 50);
    for (int64_t t = 0; t < values.dim(1); ++t) {
      const float* row = values.data() + (b * values.dim(1) + t) * 3;
      EXPECT_EQ(row[0], t < length ? static_cast<float>(index) : 0.0F);
      EXPECT_EQ(row[1], t < length ? static_cast<float>(t) : 0.0F);
      EXPECT_EQ(row[2] >= 1.0F, t < length);
    }
  }
}

TEST(DataLoader, EveryEpochHoldsEveryExampleOnceInAnotherOrder) {
  DataLoader loader(options_with(2), some_lengths(101), read_example);
  std::vector<std::vector<int>> epochs;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> seen;
    while (true) {
      const TrainingBatch batch = loader.next();
      EXPECT_EQ(batch.position.epoch, epoch);
      EXPECT_LE(batch.indices.size(), 8U);
      seen.insert(seen.end(), batch.indices.begin(), batch.indices.end());
      if (batch.last_of_epoch) break;
    }
    std::vector<int> sorted = seen;
    std::ranges::sort(sorted);
    std::vector<int> all(101);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(sorted, all);
    epochs.push_back(seen);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(DataLoader, ThreadsChangeNothing) {
  DataLoader none(options_with(0), some_lengths(77), read_example);
  DataLoader one(options_with(1), some_lengths(77), read_example);
  DataLoader five(options_with(5), some_lengths(77), read_example);
  for (int i = 0; i < 40; ++i) {
    const TrainingBatch batch = none.next();
    expect_same(batch, one.next());
    expect_same(batch, five.next());
  }
}

TEST(DataLoader, ContinuesExactlyFromAPosition) {
  DataLoader straight(options_with(2), some_lengths(77), read_example);
  for (int i = 0; i < 13; ++i) straight.next();
  const LoaderPosition position = straight.position();
  EXPECT_EQ(position.epoch, 1);
  DataLoader resumed(options_with(3), some_lengths(77), read_example);
  resumed.next();
  resumed.seek(position);
  EXPECT_EQ(resumed.position(), position);
  for (int i = 0; i < 15; ++i) expect_same(straight.next(), resumed.next());
  EXPECT_THROW(resumed.seek({0, 1000}), Error);
  expect_same(straight.next(), resumed.next());  // a refused position changes nothing
}

TEST(DataLoader, RanksShareEveryBatch) {
  DataLoaderOptions options = options_with(1);
  DataLoader whole(options, some_lengths(50), read_example);
  options.ranks = 2;
  DataLoader first(options, some_lengths(50), read_example);
  options.rank = 1;
  DataLoader second(options, some_lengths(50), read_example);
  for (int i = 0; i < 20; ++i) {
    const TrainingBatch batch = whole.next();
    const TrainingBatch a = first.next();
    const TrainingBatch b = second.next();
    std::multiset<int> together(a.indices.begin(), a.indices.end());
    together.insert(b.indices.begin(), b.indices.end());
    EXPECT_EQ(together, std::multiset<int>(batch.indices.begin(), batch.indices.end()));
    EXPECT_LE(a.indices.size() - b.indices.size(), 1U);
  }
}

TEST(DataLoader, GroupsByLengthWithinTheLimit) {
  DataLoaderOptions options = options_with(0);
  options.max_examples = 16;
  options.max_length = 200;
  const std::vector<int64_t> lengths = some_lengths(500);
  const DataLoader loader(options, lengths, read_example);
  int64_t real = 0;
  int64_t padded = 0;
  for (const std::vector<int>& batch : loader.plan(0)) {
    int64_t longest = 0;
    for (const int index : batch) {
      real += lengths[static_cast<size_t>(index)];
      longest = std::max(longest, lengths[static_cast<size_t>(index)]);
    }
    const int64_t size = longest * static_cast<int64_t>(batch.size());
    EXPECT_LE(size, 200);
    padded += size;
  }
  EXPECT_LT(static_cast<double>(padded), 1.2 * static_cast<double>(real));
}

TEST(DataLoader, KeepsTheOrderWithoutShuffling) {
  DataLoaderOptions options = options_with(2);
  options.shuffle = false;
  DataLoader loader(options, some_lengths(20), read_example);
  std::vector<int> expected(8);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(loader.next().indices, expected);
  options.drop_last = true;
  const DataLoader dropping(options, some_lengths(20), read_example);
  EXPECT_EQ(dropping.batches_in_epoch(0), 2);
}

TEST(DataLoader, HandsOverTheReadersErrorInItsPlace) {
  DataLoaderOptions options = options_with(3);
  options.shuffle = false;
  DataLoader loader(options, some_lengths(40), [](int index, uint64_t seed) {
    if (index == 17) throw Error(ErrorCode::kInput, "17.wav: not audio");
    return read_example(index, seed);
  });
  loader.next();
  loader.next();
  EXPECT_THROW(loader.next(), Error);
  EXPECT_EQ(loader.next().indices.front(), 24);  // the run may go on behind it
}

TEST(DataLoader, StaysWithinItsQueue) {
  std::atomic<int> read = 0;
  DataLoaderOptions options = options_with(4);
  options.queue = 3;
  DataLoader loader(options, some_lengths(400), [&](int index, uint64_t seed) {
    ++read;
    return read_example(index, seed);
  });
  for (int taken = 1; taken <= 5; ++taken) {
    loader.next();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_LE(read, (taken + 3) * 8);
  }
}

TEST(DataLoader, RefusesOptionsOutOfRange) {
  DataLoaderOptions options;
  options.max_examples = 0;
  EXPECT_THROW(DataLoader(options, some_lengths(2), read_example), Error);
  options = {};
  options.ranks = 2;
  options.rank = 2;
  EXPECT_THROW(DataLoader(options, some_lengths(2), read_example), Error);
}

}  // namespace
}  // namespace bivox
