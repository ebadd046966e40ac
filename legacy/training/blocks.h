// Work dealt to a fixed number of blocks, done on any number of threads: sums that are added block
// by block do not depend on how many there are.
//
// Thread rule: run_blocks() starts threads and joins them before it returns or throws.
// Test: tests/legacy/training_test.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace bivox {

inline constexpr int kTrainingBlocks = 16;

/// Items of a block when `count` are dealt to kTrainingBlocks: [first, last).
std::pair<size_t, size_t> block_range(int block, size_t count);

/// Calls work(block) for blocks [0, blocks) on `threads` threads; the first exception is rethrown.
void run_blocks(int blocks, int threads, const std::function<void(int block)>& work);

}  // namespace bivox
