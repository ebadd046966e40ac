// Finds voices: the bundled ones, those in the folders of $BIVOX_MODEL_PATH, and any folder.
//
// Thread rule: free functions. Errors: Error(kModel). Test: tests/apps/cli_say_test.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bivox {

/// Said with, when nothing is asked for.
inline constexpr const char* kDefaultVoice = "voice-kathleen";

/// The folder `name` itself, or the voice of that name (with or without "voice-" in front).
/// Error(kModel) that lists what there is.
std::filesystem::path find_voice(const std::string& name);

/// All voices in the places where models are looked for, the first of a name only, sorted by name.
std::vector<std::filesystem::path> installed_voices();

}  // namespace bivox
