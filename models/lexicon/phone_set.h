// The phones of a model: names to dense 0-based ids and back, and which of them are fillers
// (silence, breath, noise), which count as silence when they stand in a triphone's context.
//
// Thread rule: immutable after it is built; share freely. Test: tests/models/phone_set_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bivox {

/// Index of a phone in its PhoneSet, 0-based.
using PhoneId = int16_t;

class PhoneSet {
 public:
  /// Adds a phone and returns its id; an existing name keeps its id and its kind. An empty name, or
  /// more phones than PhoneId can count (32767), is an Error(kModel).
  PhoneId add(std::string_view name, bool is_filler = false);

  std::optional<PhoneId> find(std::string_view name) const;
  /// The same, or the phone without the stress digit that ends its name: "AH" for "AH0".
  std::optional<PhoneId> find_dropping_stress(std::string_view name) const;
  const std::string& name(PhoneId phone) const { return names_[static_cast<size_t>(phone)]; }
  bool is_filler(PhoneId phone) const { return fillers_[static_cast<size_t>(phone)]; }
  int size() const { return static_cast<int>(names_.size()); }

  /// The phone for silence: the first filler named SIL or sil, else the first filler.
  /// Throws Error(kModel) if there is no filler.
  PhoneId silence() const;

 private:
  std::vector<std::string> names_;
  std::vector<bool> fillers_;

  // Transparent, so that find() takes a view without making a string of it.
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, PhoneId, Hash, std::equal_to<>> ids_;
};

}  // namespace bivox
