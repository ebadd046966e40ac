// The options of the front end as a JSON object, as model folders keep them.
//
// Every field of FrontEndOptions under its own name, enumerators by theirs in snake_case
// ("kLogMel": "log_mel"), CMVN as an object of its own. Only what differs from the defaults is
// written; what is absent has its default. Numbers come back bit for bit.
// Errors: Error(kModel) that names source, key, what was found and what was expected; an unknown
// key is one, as are options that FrontEndOptions::validate() refuses. Thread rule: pure functions.
// Test: tests/models/io/front_end_json_test.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "dsp/features/front_end_options.h"

namespace bivox {

nlohmann::ordered_json front_end_to_json(const FrontEndOptions& options);

/// `source` names the JSON in errors.
FrontEndOptions front_end_from_json(const nlohmann::ordered_json& json, std::string_view source);

}  // namespace bivox
