// Recordings with texts, as the repository's test data has them, for tests of training verbs.
// Thread rule: free functions. Test: those that use it.
#pragma once

#include <filesystem>
#include <string>

namespace bivox {

inline void write_recordings(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  fs::create_directories(folder);
  for (const char* name : {"kathleen-arctic_a0045_1592747525", "librispeech-1867-154075-0005"}) {
    for (const char* ending : {".wav", ".flac", ".txt"}) {
      const fs::path from = fs::path(BIVOX_TEST_DATA) / "audio" / (std::string(name) + ending);
      if (fs::exists(from)) fs::copy_file(from, folder / from.filename());
    }
  }
}

}  // namespace bivox
