#include "models/lexicon/phone_set.h"

#include <fmt/format.h>

#include <limits>

#include "dsp/core/error.h"

namespace bivox {

PhoneId PhoneSet::add(std::string_view name, bool is_filler) {
  if (const auto known = find(name)) return *known;
  if (name.empty()) throw Error(ErrorCode::kModel, "phone set: a phone without a name");
  if (names_.size() >= static_cast<size_t>(std::numeric_limits<PhoneId>::max())) {
    throw Error(ErrorCode::kModel,
                fmt::format("phone set: more than {} phones at '{}'",
                            std::numeric_limits<PhoneId>::max(), name.substr(0, 40)),
                "check that the file is a dictionary of the form `word phone phone ...`");
  }
  const auto id = static_cast<PhoneId>(names_.size());
  names_.emplace_back(name);
  fillers_.push_back(is_filler);
  ids_.emplace(names_.back(), id);
  return id;
}

std::optional<PhoneId> PhoneSet::find(std::string_view name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<PhoneId> PhoneSet::find_dropping_stress(std::string_view name) const {
  if (const auto exact = find(name)) return exact;
  if (name.size() < 2 || name.back() < '0' || name.back() > '9') return std::nullopt;
  return find(name.substr(0, name.size() - 1));
}

PhoneId PhoneSet::silence() const {
  std::optional<PhoneId> first;
  for (int i = 0; i < size(); ++i) {
    const auto phone = static_cast<PhoneId>(i);
    if (!is_filler(phone)) continue;
    if (name(phone) == "SIL" || name(phone) == "sil") return phone;
    if (!first) first = phone;
  }
  if (first) return *first;
  throw Error(ErrorCode::kModel,
              fmt::format("phone set: none of its {} phones is a filler", size()),
              "the acoustic model must name a silence phone, such as SIL");
}

}  // namespace bivox
