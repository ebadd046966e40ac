// Batches for training, made ahead on background threads, in an order that never depends on them.
//
//   examples with lengths -> shuffled, grouped by length -> batches
//   -> (threads: read, augment, pad) -> next(), in order
//
// Order. Every epoch shuffles the examples by hash(seed, epoch), sorts pools of `pool_batches`
// batches by length, so that little is padded, cuts them into batches and shuffles the batches.
// A batch holds at most max_examples examples and, padded, at most max_length length units.
//
// Examples. The reader gets the example's index and a seed = hash(run seed, epoch, index): all
// augmentation must come from it. Then a run gives the same batches bit for bit with any number of
// threads, and from any position on: seek() continues an interrupted run exactly.
//
// Ranks. With `ranks` > 1 every rank sees the same batches and takes every ranks-th example of
// each: together they do what one rank does with the whole batch. Batches of fewer examples than
// ranks are left out.
//
// Shapes: an example has any number of streams, [frames x channels] each (features, targets of a
// regression, samples ...) and a list of integer targets; a batch has the same streams padded with
// zeros to [examples x frames x channels] and their lengths.
// Thread rule: the loader belongs to one thread; the reader is called by several at once. Errors:
// what the reader throws comes out of next() when its batch is due; Error(kUsage) for options.
// Source of the pooling: Khomenko et al. 2016, "Accelerating recurrent neural network training
// using sequence bucketing". Test: tests/models/nn/data_loader_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/nn/tensor.h"

namespace bivox {

struct TrainingExample {
  std::vector<Tensor> streams;  ///< [frames x channels] each; as many for every example.
  std::vector<int> targets;     ///< Labels, phones, words: what the loss needs.
};

struct PaddedStream {
  Tensor values;             ///< [examples x longest x channels], zeros beyond each length.
  std::vector<int> lengths;  ///< Frames that are real.
};

/// Where in the run a batch lies; the state of the loader.
struct LoaderPosition {
  int64_t epoch = 0;
  int64_t batch = 0;  ///< Within the epoch.
  bool operator==(const LoaderPosition&) const = default;
};

struct TrainingBatch {
  std::vector<PaddedStream> streams;
  std::vector<std::vector<int>> targets;  ///< One list an example.
  std::vector<int> indices;               ///< Which examples.
  LoaderPosition position;                ///< Of this batch.
  bool last_of_epoch = false;
};

/// Reads (and augments) one example.
using ExampleReader = std::function<TrainingExample(int index, uint64_t seed)>;

struct DataLoaderOptions {
  int max_examples = 32;   ///< Per batch.
  int64_t max_length = 0;  ///< Per batch, padded: examples times longest length; 0: no limit.
  int pool_batches = 16;   ///< Batches' worth of examples sorted together; 0: no sorting.
  bool shuffle = true;     ///< false: examples in their order (evaluation); then nothing is sorted.
  bool drop_last = false;  ///< Leave out a last batch of fewer examples than the others.
  int threads = 1;         ///< Background threads; 0: next() makes the batch itself.
  int queue = 4;           ///< Batches made ahead.
  uint64_t seed = 1;
  int rank = 0;
  int ranks = 1;

  void validate() const;
};

class DataLoader {
 public:
  /// `lengths[i]` is the length of example i in whatever unit max_length counts (an estimate will
  /// do); there must be at least one example a rank.
  DataLoader(const DataLoaderOptions& options, std::vector<int64_t> lengths, ExampleReader reader);
  ~DataLoader();
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  /// The next batch; epochs follow one another without end.
  TrainingBatch next();
  /// Of the batch that next() will give.
  LoaderPosition position() const;
  /// Continues at `position`. Error(kModel) when the epoch has no such batch.
  void seek(LoaderPosition position);

  int64_t batches_in_epoch(int64_t epoch) const;
  /// The examples of every batch of an epoch, over all ranks.
  std::vector<std::vector<int>> plan(int64_t epoch) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Pads examples into a batch (position and indices are left alone).
TrainingBatch pad_examples(std::vector<TrainingExample> examples);

}  // namespace bivox
