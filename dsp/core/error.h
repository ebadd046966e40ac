// The one error type of Bivox.
//
// Thrown while loading, configuring, or on bad user data; never on real-time paths, which are
// `noexcept`. The message names what was found and what was expected, the hint says what to do:
//   Error(ErrorCode::kInput, "talk.m4a: not an audio format that libsndfile reads",
//         "convert it first: ffmpeg -i talk.m4a talk.wav")
// Expected absence (a word that is not in a lexicon) is `std::optional`, not an Error.
// Thread rule: a value; any thread may throw and catch.
#pragma once

#include <exception>
#include <string>

namespace bivox {

/// What kind of thing went wrong; the numbers are the exit codes of the command line.
enum class ErrorCode {
  kUsage = 2,    ///< Options that make no sense, singly or together.
  kInput = 3,    ///< A user's file: audio, text, manifest.
  kModel = 4,    ///< A model, dictionary or language model file.
  kRuntime = 5,  ///< The machine: memory, disk, device.
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = "");

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  /// What to do about it; may be empty.
  const std::string& hint() const noexcept { return hint_; }
  /// "message; hint".
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::string what_;
};

}  // namespace bivox
