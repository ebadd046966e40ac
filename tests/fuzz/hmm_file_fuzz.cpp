// hmm.json and the options of the front end from any bytes: what is read is written, and read again
// the same. After an "f" come front-end options, after any other byte hmm.json.
// Seeds: tests/fuzz/corpus/hmm_file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dsp/core/error.h"
#include "models/io/front_end_json.h"
#include "models/io/hmm_file.h"
#include "models/io/json_text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 'f') {
      const auto options =
          bivox::front_end_from_json(bivox::parse_json(text, "config.json"), "config.json");
      const auto json = bivox::front_end_to_json(options);
      require(bivox::front_end_to_json(bivox::front_end_from_json(json, "copy")) == json);
    } else {
      const bivox::HmmFile hmm = bivox::parse_hmm_json(text, "hmm.json");
      const std::string written = bivox::write_hmm_json(hmm);
      const bivox::HmmFile again = bivox::parse_hmm_json(written, "copy");
      require(bivox::write_hmm_json(again) == written);
      require(again.tree.num_states() == hmm.tree.num_states());
      // The table of all contexts is cubic in the phones.
      if (hmm.tree.phones().size() <= 12) require(hmm.hmms().complete());
    }
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
