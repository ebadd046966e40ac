// Splitting work over a context's threads so that the result does not depend on their number.
//
// parallel_range(): for maps, where every element is its own sum; the split may follow the threads.
// reduce_rows(): for sums over rows; rows are cut into blocks of a fixed size, each block adds up
// its own, and the blocks are added in order.
// Thread rule: that of the context. Test: tests/models/nn/elementwise_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/nn/kernels/compute.h"

namespace bivox {

/// Calls f(begin, end) for ranges that make up [0, n), of at least `grain` each, on multiples
/// of 16.
template <class F>
void parallel_range(ComputeContext& context, int64_t n, int64_t grain, F&& f) {
  const int64_t parts = std::min<int64_t>(context.threads(), n / std::max<int64_t>(grain, 1));
  if (parts <= 1) {
    f(int64_t{0}, n);
    return;
  }
  const auto edge = [n, parts](int64_t part) {
    return part == parts ? n : n * part / parts / 16 * 16;
  };
  context.parallel(static_cast<int>(parts), [&](int part) { f(edge(part), edge(part + 1)); });
}

/// Calls f(begin, end) for ranges of whole rows of `width` elements.
template <class F>
void parallel_rows(ComputeContext& context, int64_t rows, int64_t width, F&& f) {
  constexpr int64_t kGrain = 16384;  // elements worth the waking of a thread
  const int64_t parts =
      std::min<int64_t>({context.threads(), rows, std::max<int64_t>(1, rows * width / kGrain)});
  if (parts <= 1) {
    f(int64_t{0}, rows);
    return;
  }
  context.parallel(static_cast<int>(parts),
                   [&](int part) { f(rows * part / parts, rows * (part + 1) / parts); });
}

/// Rows that lie one after another.
struct RowBlock {
  int64_t begin;
  int64_t count;
};
constexpr int64_t kRowsPerBlock = 128;

/// The real rows of [batch x time] in blocks of at most kRowsPerBlock; no lengths: all are real.
inline std::vector<RowBlock> row_blocks(int64_t batch, int64_t time, const int* lengths) {
  std::vector<RowBlock> blocks;
  const auto cut = [&blocks](int64_t begin, int64_t count) {
    for (int64_t i = 0; i < count; i += kRowsPerBlock) {
      blocks.push_back({begin + i, std::min(kRowsPerBlock, count - i)});
    }
  };
  if (lengths == nullptr) cut(0, batch * time);
  for (int64_t b = 0; lengths != nullptr && b < batch; ++b) cut(b * time, lengths[b]);
  return blocks;
}

/// total[j] = sum over blocks of what f(block, partial) adds to partial[j], j in [0, width).
template <class F>
std::vector<double> reduce_rows(ComputeContext& context, const std::vector<RowBlock>& blocks,
                                int64_t width, F&& f) {
  std::vector<float> partial(blocks.size() * static_cast<size_t>(width), 0.0F);
  parallel_rows(context, static_cast<int64_t>(blocks.size()), kRowsPerBlock * width,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    f(blocks[static_cast<size_t>(i)], partial.data() + i * width);
                  }
                });
  std::vector<double> total(static_cast<size_t>(width), 0.0);
  for (size_t i = 0; i < partial.size(); ++i) total[i % total.size()] += partial[i];
  return total;
}

}  // namespace bivox
