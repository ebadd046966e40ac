// How much memory this process holds, and held at most since a mark was set (Linux: /proc).
//
// Where the system does not tell, both are 0. Thread rule: of the whole process; any thread.
// Test: tests/apps/process_memory_test.cpp.
#pragma once

namespace bivox {

struct ProcessMemory {
  double resident_bytes = 0.0;
  double peak_bytes = 0.0;  ///< Since the start, or since mark_peak_memory().
};

ProcessMemory process_memory();

/// Gives freed memory back to the system and lets the peak begin anew.
void mark_peak_memory();

}  // namespace bivox
