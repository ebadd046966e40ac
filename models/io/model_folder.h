// A model folder: the one form in which Bivox keeps models, whatever their kind.
//
//   config.json   {"format": "bivox-model", "format_version": 1,
//                  "kind": "g2p", "name": "g2p-en", "version": "1",
//                  "files": {"g2p.bin": {"bytes": 123456, "crc32": "89abcdef"}, ...},
//                  "options": {...}}
//   card.md       for people: what it is for, trained on what, how good, its licence
//   other files   the data: weights.safetensors of networks, an n-gram model, a dictionary ...
//
// "kind" says which loader reads the folder and "options" holds all that this loader wants to know;
// the program reads nothing else. Every file but config.json is listed with its size and its CRC-32
// (zlib), so that a half copied or edited model is refused with the name of the damaged file.
// File names are letters, digits, ".", "_" and "-"; folders do not nest.
//
// Opening verifies everything. Writing goes to a temporary folder beside the target which then
// takes its place, in one step where the file system can: an interrupted run leaves the old model
// or the new one. Errors: Error(kModel) naming file, expectation and finding; Error(kRuntime) when
// writing fails. Thread rule: a ModelFolder is immutable; share freely. A writer belongs to one
// thread. Test: tests/models/io/model_folder_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace bivox {

class ModelFolder {
 public:
  struct File {
    uint64_t bytes = 0;
    uint32_t crc32 = 0;
  };

  /// Whether `path` is a folder with a config.json of a Bivox model; no more is checked.
  static bool is_model_folder(const std::filesystem::path& path);
  /// `kind` is what the caller can read; empty accepts every kind.
  static ModelFolder open(const std::filesystem::path& path, std::string_view kind = {});

  const std::filesystem::path& path() const { return path_; }
  const std::string& kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  /// The "options" of config.json: the text of a JSON object.
  const std::string& options_json() const { return options_json_; }
  const std::map<std::string, File>& files() const { return files_; }
  bool has_file(std::string_view name) const;
  /// The path of a listed file; Error(kModel) when the folder lists none of this name.
  std::filesystem::path file(std::string_view name) const;

 private:
  std::filesystem::path path_;
  std::string kind_;
  std::string name_;
  std::string version_;
  std::string options_json_;
  std::map<std::string, File> files_;
};

/// What config.json says, checked for form but not against files; `source` names it in errors.
struct ModelConfig {
  std::string kind;
  std::string name;
  std::string version;
  std::string options_json = "{}";
  std::map<std::string, ModelFolder::File> files;

  static ModelConfig parse(std::string_view json, std::string_view source);
  std::string json() const;
};

class ModelFolderWriter {
 public:
  /// Files are collected in a temporary folder beside `target`.
  ModelFolderWriter(std::filesystem::path target, std::string kind, std::string name,
                    std::string version = "1");
  ~ModelFolderWriter();
  ModelFolderWriter(const ModelFolderWriter&) = delete;
  ModelFolderWriter& operator=(const ModelFolderWriter&) = delete;

  /// The text of a JSON object.
  void set_options_json(std::string json) { config_.options_json = std::move(json); }
  void add_file(const std::string& name, std::string_view bytes);
  /// Where to write a file of this name yourself, before commit().
  std::filesystem::path new_file(const std::string& name);
  /// Markdown; a folder without a card is not written.
  void set_card(std::string_view markdown) { add_file("card.md", markdown); }

  /// Sizes and checksums of the files, then config.json, then the folder takes its place. A folder
  /// that stands there is replaced only if it is a model folder.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  ModelConfig config_;
  bool committed_ = false;
};

}  // namespace bivox
