#include "models/nn/data_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

// What the seeds are for: the same run seed must not give related orders and examples.
constexpr uint64_t kOrderPurpose = 1;
constexpr uint64_t kExamplePurpose = 2;

struct Order {
  int64_t epoch = -1;
  std::vector<std::vector<int>> batches;
};

}  // namespace

void DataLoaderOptions::validate() const {
  const auto check = [](bool good, std::string_view name, int64_t value) {
    if (good) return;
    throw Error(ErrorCode::kUsage, fmt::format("data loader: {} is {}, out of range", name, value));
  };
  check(max_examples >= 1, "max_examples", max_examples);
  check(max_length >= 0, "max_length", max_length);
  check(pool_batches >= 0, "pool_batches", pool_batches);
  check(threads >= 0 && threads <= 256, "threads", threads);
  check(queue >= 1 && queue <= 4096, "queue", queue);
  check(ranks >= 1, "ranks", ranks);
  check(max_examples >= ranks, "max_examples (at least one a rank)", max_examples);
  check(rank >= 0 && rank < ranks, "rank", rank);
}

TrainingBatch pad_examples(std::vector<TrainingExample> examples) {
  TrainingBatch batch;
  if (examples.empty()) return batch;
  const size_t num_streams = examples.front().streams.size();
  const auto count = static_cast<int64_t>(examples.size());
  for (size_t s = 0; s < num_streams; ++s) {
    PaddedStream padded;
    int64_t longest = 0;
    const int64_t channels = examples.front().streams[s].shape().last();
    for (const TrainingExample& example : examples) {
      BIVOX_CHECK(example.streams.size() == num_streams);
      const Tensor& stream = example.streams[s];
      BIVOX_CHECK(stream.rank() == 2 && stream.dim(1) == channels);
      longest = std::max(longest, stream.dim(0));
      padded.lengths.push_back(static_cast<int>(stream.dim(0)));
    }
    padded.values = Tensor::uninitialized({count, longest, channels});
    float* row = padded.values.data();
    for (const TrainingExample& example : examples) {
      const auto values = example.streams[s].values();
      float* end = std::copy(values.begin(), values.end(), row);
      row += longest * channels;
      std::fill(end, row, 0.0F);
    }
    batch.streams.push_back(std::move(padded));
  }
  for (TrainingExample& example : examples) batch.targets.push_back(std::move(example.targets));
  return batch;
}

struct DataLoader::State {
  DataLoaderOptions options;
  std::vector<int64_t> lengths;
  ExampleReader reader;
  LoaderPosition position;  // of the next batch; the owner's thread only

  // A batch that a thread works on or has finished.
  struct Slot {
    LoaderPosition position;
    std::vector<int> indices;
    bool last = false;
    bool done = false;
    TrainingBatch batch;
    std::exception_ptr failure;
  };
  std::mutex mutex;
  std::condition_variable work_changed;
  std::condition_variable slot_done;
  std::deque<std::shared_ptr<Slot>> slots;  // in order; front is due next
  size_t claimed = 0;                       // slots from the front that a thread has taken
  LoaderPosition ahead;                     // of the slot after the last
  std::optional<Order> order;               // of ahead.epoch
  bool stopping = false;
  std::vector<std::thread> threads;

  Order make_order(int64_t epoch) const {
    Order result;
    result.epoch = epoch;
    std::vector<int> items(lengths.size());
    std::iota(items.begin(), items.end(), 0);
    Random random(mix_seeds(options.seed, kOrderPurpose, epoch));
    if (options.shuffle) {
      random.shuffle(std::span<int>(items));
      const size_t pool =
          static_cast<size_t>(options.pool_batches) * static_cast<size_t>(options.max_examples);
      for (size_t begin = 0; pool > 0 && begin < items.size(); begin += pool) {
        const size_t end = std::min(begin + pool, items.size());
        std::stable_sort(items.begin() + static_cast<ptrdiff_t>(begin),
                         items.begin() + static_cast<ptrdiff_t>(end), [this](int a, int b) {
                           return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
                         });
      }
    }
    std::vector<int> batch;
    int64_t longest = 0;
    const auto flush = [&] {
      if (!batch.empty()) result.batches.push_back(std::move(batch));
      batch.clear();
      longest = 0;
    };
    for (const int item : items) {
      const int64_t length = lengths[static_cast<size_t>(item)];
      const int64_t padded = std::max(longest, length) * (static_cast<int64_t>(batch.size()) + 1);
      if (static_cast<int>(batch.size()) == options.max_examples ||
          (options.max_length > 0 && batch.size() >= static_cast<size_t>(options.ranks) &&
           padded > options.max_length)) {
        flush();
      }
      batch.push_back(item);
      longest = std::max(longest, length);
    }
    const bool whole = static_cast<int>(batch.size()) == options.max_examples;
    if (options.drop_last && !whole && !result.batches.empty()) batch.clear();
    flush();
    // Every rank must have something to do: collective operations wait for all.
    std::erase_if(result.batches, [this](const std::vector<int>& items_of_batch) {
      return items_of_batch.size() < static_cast<size_t>(options.ranks);
    });
    if (options.shuffle) random.shuffle(std::span<std::vector<int>>(result.batches));
    return result;
  }

  const Order& order_of(int64_t epoch) {
    if (!order || order->epoch != epoch) order = make_order(epoch);
    return *order;
  }

  // The next batch of the run as a slot without content, `ahead` moved behind it.
  std::shared_ptr<Slot> plan_slot() {
    const Order& current = order_of(ahead.epoch);
    auto slot = std::make_shared<Slot>();
    slot->position = ahead;
    const auto& batch = current.batches[static_cast<size_t>(ahead.batch)];
    for (size_t i = static_cast<size_t>(options.rank); i < batch.size();
         i += static_cast<size_t>(options.ranks)) {
      slot->indices.push_back(batch[i]);
    }
    slot->last = ahead.batch + 1 == static_cast<int64_t>(current.batches.size());
    if (slot->last) {
      ahead = {ahead.epoch + 1, 0};
    } else {
      ++ahead.batch;
    }
    return slot;
  }

  void fill(Slot& slot) const {
    try {
      std::vector<TrainingExample> examples;
      examples.reserve(slot.indices.size());
      for (const int index : slot.indices) {
        const uint64_t seed = mix_seeds(options.seed, kExamplePurpose, slot.position.epoch, index);
        examples.push_back(reader(index, seed));
      }
      slot.batch = pad_examples(std::move(examples));
      slot.batch.indices = std::move(slot.indices);
      slot.batch.position = slot.position;
      slot.batch.last_of_epoch = slot.last;
    } catch (...) {
      slot.failure = std::current_exception();
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      work_changed.wait(
          lock, [this] { return stopping || claimed < static_cast<size_t>(options.queue); });
      if (stopping) return;
      slots.push_back(plan_slot());
      const std::shared_ptr<Slot> slot = slots.back();
      ++claimed;
      lock.unlock();
      fill(*slot);
      lock.lock();
      slot->done = true;
      slot_done.notify_all();
    }
  }

  void start() {
    stopping = false;
    for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { work(); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    work_changed.notify_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    slots.clear();
    claimed = 0;
  }
};

DataLoader::DataLoader(const DataLoaderOptions& options, std::vector<int64_t> lengths,
                       ExampleReader reader)
    : state_(std::make_unique<State>()) {
  options.validate();
  BIVOX_CHECK(lengths.size() >= static_cast<size_t>(options.ranks) && reader);
  state_->options = options;
  state_->lengths = std::move(lengths);
  state_->reader = std::move(reader);
  state_->start();
}

DataLoader::~DataLoader() { state_->stop(); }

TrainingBatch DataLoader::next() {
  State& state = *state_;
  std::shared_ptr<State::Slot> slot;
  {
    std::unique_lock lock(state.mutex);
    if (state.options.threads == 0) {
      slot = state.plan_slot();
      state.fill(*slot);
    } else {
      state.slot_done.wait(lock, [&] { return !state.slots.empty() && state.slots.front()->done; });
      slot = state.slots.front();
      state.slots.pop_front();
      --state.claimed;
    }
    state.position = slot->last ? LoaderPosition{slot->position.epoch + 1, 0}
                                : LoaderPosition{slot->position.epoch, slot->position.batch + 1};
  }
  state.work_changed.notify_one();
  if (slot->failure) std::rethrow_exception(slot->failure);
  return std::move(slot->batch);
}

LoaderPosition DataLoader::position() const { return state_->position; }

void DataLoader::seek(LoaderPosition position) {
  State& state = *state_;
  state.stop();
  const bool valid = position.epoch >= 0 && position.batch >= 0 &&
                     position.batch < batches_in_epoch(position.epoch);
  if (valid) {
    state.position = position;
  }
  state.ahead = state.position;
  state.start();
  if (!valid) {
    throw Error(
        ErrorCode::kModel,
        fmt::format("data position: epoch {} has no batch {}", position.epoch, position.batch),
        "resume with the data and batch size that the run was started with");
  }
}

int64_t DataLoader::batches_in_epoch(int64_t epoch) const {
  return static_cast<int64_t>(state_->make_order(epoch).batches.size());
}

std::vector<std::vector<int>> DataLoader::plan(int64_t epoch) const {
  return state_->make_order(epoch).batches;
}

}  // namespace bivox
