#include "apps/process_memory.h"

#include <fstream>
#include <sstream>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace bivox {

ProcessMemory process_memory() {
  ProcessMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    double kilobytes = 0.0;
    fields >> name >> kilobytes;
    if (name == "VmRSS:") memory.resident_bytes = 1024.0 * kilobytes;
    if (name == "VmHWM:") memory.peak_bytes = 1024.0 * kilobytes;
  }
  return memory;
}

void mark_peak_memory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): the peak is set to what is held now
}

}  // namespace bivox
