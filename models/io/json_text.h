// JSON from files that may hold anything: parsed, or refused with the file's name.
//
// Nesting is bounded, as writing a value out again goes as deep as it is nested.
// Errors: Error(kModel). Thread rule: a pure function. Test: tests/models/io/model_folder_test.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace bivox {

constexpr int kMaxJsonDepth = 64;

/// `source` names the text in errors.
nlohmann::ordered_json parse_json(std::string_view text, std::string_view source);

}  // namespace bivox
