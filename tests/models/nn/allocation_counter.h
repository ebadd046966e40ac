// Counts every allocation of the program, operator new and malloc alike: proof that a loop makes
// none. Not counted under sanitizers, which bring an allocator of their own.
#pragma once

#include <cstdint>

namespace bivox {

/// Whether allocations are counted in this build.
bool allocations_are_counted();
/// Calls of malloc, calloc, realloc, aligned_alloc, posix_memalign since the start, by all threads.
int64_t allocations_so_far();

}  // namespace bivox
