// Which files the arguments of a command mean.
//
// An argument is a file, a folder (all audio files below it, by extension, in the order of their
// names), a glob pattern that the shell left alone, or "-" for standard input. A file that does not
// exist stays in the list: reading it gives the error, and the others go on.
// Thread rule: free functions. Test: tests/apps/input_files_test.cpp.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

struct InputFile {
  std::filesystem::path path;      ///< "-" is standard input.
  std::filesystem::path relative;  ///< Below the folder that was given; else the file's name.
};

/// An empty folder or a pattern without a match is an Error(kInput).
std::vector<InputFile> expand_inputs(std::span<const std::string> arguments);

/// Whether the extension is one of the audio formats that Bivox reads, in any case.
bool has_audio_extension(const std::filesystem::path& path);

/// `folder / relative` with another extension, for each input; the folders are made. Two inputs
/// that would write the same file are an Error(kUsage) that names both.
std::vector<std::filesystem::path> output_paths(std::span<const InputFile> inputs,
                                                const std::filesystem::path& folder,
                                                std::string_view extension);

}  // namespace bivox
