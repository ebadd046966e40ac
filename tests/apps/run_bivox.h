// Runs the program as a user does and keeps what it said.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace bivox {

struct ProgramRun {
  int code = -1;
  std::string out;
  std::string err;
};

/// A folder that goes away with the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bivox_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path, quoted for the shell.
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return quoted(name);
  }
  std::string quoted(const std::string& name) const { return "'" + (path_ / name).string() + "'"; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

/// `arguments` go through the shell; `before` are variables or commands in front of the program.
inline ProgramRun run_bivox(const std::string& arguments, const std::string& before = "") {
  const ScratchFolder scratch;
  const std::string command = before + " '" BIVOX_PROGRAM "' " + arguments + " > " +
                              scratch.quoted("out") + " 2> " + scratch.quoted("err");
  const int status = std::system(command.c_str());
  ProgramRun run;
  if (WIFEXITED(status)) run.code = WEXITSTATUS(status);
  run.out = content_of(scratch.path() / "out");
  run.err = content_of(scratch.path() / "err");
  return run;
}

}  // namespace bivox
