#include "models/io/sphinx_mdef.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/sphinx_bytes.h"

namespace bivox {
namespace {

constexpr int kMaxPhones = 255;
constexpr int kMaxStates = 65536;
constexpr int kMaxMatrices = 32767;
constexpr int kMaxRecords = 1 << 26;
constexpr int kMaxStatesPerHmm = 32;
constexpr std::string_view kSilenceName = "SIL";

/// What both forms must fulfil.
void check_definition(const SphinxModelDefinition& mdef, std::string_view name) {
  const auto fail = [name](const std::string& problem) {
    throw Error(ErrorCode::kModel, fmt::format("{}: {}", name, problem));
  };
  const auto num_phones = static_cast<int>(mdef.phones.size());
  const auto num_sequences =
      static_cast<int>(mdef.sequences.size() / static_cast<size_t>(mdef.states_per_hmm));
  for (const uint16_t state : mdef.sequences) {
    if (state >= mdef.num_states) {
      fail(fmt::format("tied state {} of {}", state, mdef.num_states));
    }
  }
  for (size_t i = 0; i < mdef.records.size(); ++i) {
    const SphinxModelDefinition::Record& record = mdef.records[i];
    if (record.sequence < 0 || record.sequence >= num_sequences || record.matrix < 0 ||
        record.matrix >= mdef.num_matrices || record.centre >= num_phones ||
        record.left >= num_phones || record.right >= num_phones ||
        record.position > WordPosition::kSingle) {
      fail(fmt::format(
          "phone {} of {}: state sequence {} of {}, matrix {} of {}, phones {} {} {} of "
          "{}, position {}",
          i, mdef.records.size(), record.sequence, num_sequences, record.matrix, mdef.num_matrices,
          record.centre, record.left, record.right, num_phones, static_cast<int>(record.position)));
    }
  }
}

void find_silence(SphinxModelDefinition& mdef) {
  for (size_t i = 0; i < mdef.phones.size(); ++i) {
    if (mdef.phones[i] == kSilenceName) {
      mdef.silence = static_cast<int>(i);
    }
  }
}

SphinxModelDefinition parse_binary(std::string_view bytes, std::string_view name, bool swap) {
  SphinxBytes in(bytes, name);
  in.set_swap(swap);
  in.take(4, "magic");
  in.bounded(1, 1, "version");
  in.take(static_cast<uint64_t>(in.bounded(0, 1 << 20, "length of the format description")),
          "format description");
  SphinxModelDefinition mdef;
  const int num_phones = in.bounded(1, kMaxPhones, "number of plain phones");
  const int num_records = in.bounded(num_phones, kMaxRecords, "number of phones");
  // 0 stands for HMMs of different lengths, which no known model has.
  mdef.states_per_hmm = in.bounded(1, kMaxStatesPerHmm, "states per HMM");
  mdef.num_plain_states = in.bounded(1, kMaxStates, "number of plain states");
  mdef.num_states = in.bounded(mdef.num_plain_states, kMaxStates, "number of tied states");
  mdef.num_matrices = in.bounded(1, kMaxMatrices, "number of transition matrices");
  const int num_sequences = in.bounded(1, kMaxStates, "number of state sequences");
  in.bounded(0, 16, "number of contexts");
  const int num_nodes = in.bounded(0, kMaxRecords, "nodes of the context tree");
  in.i32("silence phone");

  const size_t names_start = in.position();
  for (int i = 0; i < num_phones; ++i) {
    const size_t length = bytes.substr(in.position()).find('\0');
    if (length == std::string_view::npos || length == 0) {
      in.fail(fmt::format("name of phone {} is empty or has no end", i));
    }
    mdef.phones.emplace_back(in.take(length, "phone name"));
    in.take(1, "phone name");
  }
  in.take((4 - (in.position() - names_start) % 4) % 4, "padding");
  // The context tree says nothing that the records do not say.
  in.require(static_cast<uint64_t>(num_nodes), 8, "context tree");
  in.take(static_cast<uint64_t>(num_nodes) * 8, "context tree");
  in.require(static_cast<uint64_t>(num_records), 12, "phones");
  mdef.records.resize(static_cast<size_t>(num_records));
  for (int i = 0; i < num_records; ++i) {
    SphinxModelDefinition::Record& record = mdef.records[static_cast<size_t>(i)];
    record.sequence = in.i32("phone");
    record.matrix = static_cast<int16_t>(in.bounded(0, mdef.num_matrices - 1, "matrix of a phone"));
    const std::string_view info = in.take(4, "phone");
    if (i < num_phones) {
      mdef.is_filler.push_back(info[0] != 0);
      record.centre = record.left = record.right = static_cast<uint8_t>(i);
    } else {
      record.position = static_cast<WordPosition>(info[0]);
      record.centre = static_cast<uint8_t>(info[1]);
      record.left = static_cast<uint8_t>(info[2]);
      record.right = static_cast<uint8_t>(info[3]);
    }
  }
  const int size = num_sequences * mdef.states_per_hmm;
  in.bounded(size, size, "length of the state sequences");
  mdef.sequences = in.u16s(static_cast<uint64_t>(size), "state sequences");
  return mdef;
}

/// The text form, word by word; `#` comments a line out.
class TextReader {
 public:
  TextReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  /// The words of the next line that has any; valid until the next call.
  const std::vector<std::string_view>& line() {
    words_.clear();
    while (words_.empty()) {
      if (text_.empty()) {
        fail("ends too early");
      }
      const size_t end = text_.find('\n');
      std::string_view rest = text_.substr(0, end);
      text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
      ++number_;
      if (rest.starts_with('#')) {
        continue;
      }
      for (size_t at = rest.find_first_not_of(kBlanks); at != std::string_view::npos;
           at = rest.find_first_not_of(kBlanks, at)) {
        const size_t stop = std::min(rest.find_first_of(kBlanks, at), rest.size());
        words_.push_back(rest.substr(at, stop - at));
        at = stop;
      }
    }
    return words_;
  }

  int number(std::string_view word, int low, int high, std::string_view what) const {
    int value = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size() || value < low ||
        value > high) {
      fail(fmt::format("{} is \"{}\", expected {} to {}", what, word.substr(0, 40), low, high));
    }
    return value;
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw Error(ErrorCode::kModel, fmt::format("{}:{}: {}", name_, number_, problem));
  }
  size_t remaining() const { return text_.size(); }

 private:
  static constexpr std::string_view kBlanks = " \t\r";
  std::string_view text_;
  std::string_view name_;
  int number_ = 0;
  std::vector<std::string_view> words_;
};

SphinxModelDefinition parse_text(std::string_view bytes, std::string_view name) {
  TextReader in(bytes, name);
  if (in.line()[0] != "0.3") {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: neither a binary (BMDF) nor a text (0.3) model definition", name));
  }
  std::unordered_map<std::string_view, int> header;
  constexpr std::array<std::string_view, 6> kKeys = {
      "n_base", "n_tri", "n_state_map", "n_tied_state", "n_tied_ci_state", "n_tied_tmat"};
  while (header.size() < kKeys.size()) {
    const std::vector<std::string_view>& words = in.line();
    if (words.size() < 2 || std::ranges::find(kKeys, words[1]) == kKeys.end()) {
      in.fail(fmt::format("expected \"number {}\" and the like", fmt::join(kKeys, "|")));
    }
    header[words[1]] = in.number(words[0], 0, kMaxRecords, words[1]);
  }
  const int num_phones = header["n_base"];
  const int num_records = num_phones + header["n_tri"];
  SphinxModelDefinition mdef;
  mdef.num_states = header["n_tied_state"];
  mdef.num_plain_states = header["n_tied_ci_state"];
  mdef.num_matrices = header["n_tied_tmat"];
  const int per_record = num_records > 0 ? header["n_state_map"] / num_records : 0;
  mdef.states_per_hmm = per_record - 1;
  if (num_phones < 1 || num_phones > kMaxPhones || mdef.num_states < 1 ||
      mdef.num_states > kMaxStates || mdef.num_plain_states > mdef.num_states ||
      mdef.num_matrices < 1 || mdef.num_matrices > kMaxMatrices || mdef.states_per_hmm < 1 ||
      mdef.states_per_hmm > kMaxStatesPerHmm ||
      static_cast<int64_t>(per_record) * num_records != header["n_state_map"]) {
    in.fail(
        fmt::format("{} plain of {} phones, {} plain of {} states, {} matrices, {} states in all: "
                    "no model has these sizes",
                    num_phones, num_records, mdef.num_plain_states, mdef.num_states,
                    mdef.num_matrices, header["n_state_map"]));
  }
  // A record takes six columns and its states, one blank between them, at the least.
  const size_t shortest = 2 * static_cast<size_t>(6 + mdef.states_per_hmm + 1);
  if (static_cast<size_t>(num_records) > in.remaining() / shortest + 1) {
    in.fail(fmt::format("announces {} phones, {} bytes follow", num_records, in.remaining()));
  }
  std::unordered_map<std::string, int> phone_ids;
  const auto phone_id = [&](std::string_view phone) {
    const auto found = phone_ids.find(std::string(phone));
    if (found == phone_ids.end()) {
      in.fail(fmt::format("phone \"{}\" was not announced", phone.substr(0, 40)));
    }
    return static_cast<uint8_t>(found->second);
  };
  for (int i = 0; i < num_records; ++i) {
    const std::vector<std::string_view>& words = in.line();
    if (words.size() != static_cast<size_t>(6 + mdef.states_per_hmm + 1) || words.back() != "N") {
      in.fail(
          fmt::format("expected base, left, right, position, attribute, matrix, {} states and N",
                      mdef.states_per_hmm));
    }
    SphinxModelDefinition::Record record;
    record.sequence = i;
    record.matrix = static_cast<int16_t>(in.number(words[5], 0, mdef.num_matrices - 1, "matrix"));
    for (int s = 0; s < mdef.states_per_hmm; ++s) {
      mdef.sequences.push_back(static_cast<uint16_t>(
          in.number(words[static_cast<size_t>(6 + s)], 0, mdef.num_states - 1, "tied state")));
    }
    if (i < num_phones) {
      if (!phone_ids.emplace(std::string(words[0]), i).second) {
        in.fail(fmt::format("phone \"{}\" is there twice", words[0].substr(0, 40)));
      }
      mdef.phones.emplace_back(words[0]);
      mdef.is_filler.push_back(words[4] == "filler");
      record.centre = record.left = record.right = static_cast<uint8_t>(i);
    } else {
      constexpr std::string_view kPositions = "ibes";
      const size_t position = words[3].size() == 1 ? kPositions.find(words[3]) : 4;
      if (position > 3) {
        in.fail(fmt::format("word position \"{}\", expected b, e, i or s", words[3].substr(0, 40)));
      }
      record.position = static_cast<WordPosition>(position);
      record.centre = phone_id(words[0]);
      record.left = phone_id(words[1]);
      record.right = phone_id(words[2]);
    }
    mdef.records.push_back(record);
  }
  return mdef;
}

}  // namespace

SphinxModelDefinition parse_sphinx_mdef(std::string_view bytes, std::string_view name) {
  SphinxModelDefinition mdef;
  if (bytes.starts_with("BMDF") || bytes.starts_with("FDMB")) {
    mdef = parse_binary(bytes, name, bytes.starts_with("FDMB"));
  } else {
    mdef = parse_text(bytes, name);
  }
  find_silence(mdef);
  check_definition(mdef, name);
  return mdef;
}

SphinxModelDefinition read_sphinx_mdef(const std::filesystem::path& path) {
  const MappedFile file(path, ErrorCode::kModel);
  return parse_sphinx_mdef(
      std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()),
      path.string());
}

HmmSet make_hmm_set(const SphinxModelDefinition& mdef,
                    std::span<const float> transition_log_probs) {
  PhoneSet phones;
  for (size_t i = 0; i < mdef.phones.size(); ++i) {
    phones.add(mdef.phones[i], mdef.is_filler[i]);
  }
  const auto n = static_cast<size_t>(phones.size());
  if (n != mdef.phones.size()) {
    throw Error(ErrorCode::kModel, "a phone of the model definition is there twice");
  }
  HmmSet set(std::move(phones), mdef.num_states, mdef.states_per_hmm);
  const size_t matrix_size =
      static_cast<size_t>(mdef.states_per_hmm) * static_cast<size_t>(mdef.states_per_hmm + 1);
  BIVOX_CHECK(transition_log_probs.size() == matrix_size * static_cast<size_t>(mdef.num_matrices));
  for (int m = 0; m < mdef.num_matrices; ++m) {
    set.add_transitions(
        transition_log_probs.subspan(static_cast<size_t>(m) * matrix_size, matrix_size));
  }

  // hmm_of[record], made when first bound.
  std::vector<HmmId> hmm_of(mdef.records.size(), -1);
  std::vector<StateId> states(static_cast<size_t>(mdef.states_per_hmm));
  const auto bind = [&](int32_t record) {
    HmmId& hmm = hmm_of[static_cast<size_t>(record)];
    if (hmm < 0) {
      const SphinxModelDefinition::Record& found = mdef.records[static_cast<size_t>(record)];
      const size_t first = static_cast<size_t>(found.sequence) * states.size();
      for (size_t s = 0; s < states.size(); ++s) {
        states[s] = mdef.sequences[first + s];
      }
      hmm = set.add_hmm(states, found.matrix);
    }
    return hmm;
  };

  // exact[position][centre][left][right]: the record announced for that context, or -1.
  std::vector<int32_t> exact(4 * n * n * n, -1);
  const auto at = [n](size_t position, size_t centre, size_t left, size_t right) {
    return ((position * n + centre) * n + left) * n + right;
  };
  for (size_t i = n; i < mdef.records.size(); ++i) {
    const SphinxModelDefinition::Record& record = mdef.records[i];
    exact[at(static_cast<size_t>(record.position), record.centre, record.left, record.right)] =
        static_cast<int32_t>(i);
  }
  const auto nearest = [&](size_t position, size_t centre, size_t left, size_t right) {
    int32_t record = exact[at(position, centre, left, right)];
    for (size_t other = 0; other < 4 && record < 0; ++other) {
      record = exact[at(other, centre, left, right)];
    }
    return record;
  };
  const auto silence = static_cast<size_t>(std::max(mdef.silence, 0));
  for (size_t centre = 0; centre < n; ++centre) {
    const HmmId plain = bind(static_cast<int32_t>(centre));
    for (size_t position = 0; position < 4 && !mdef.is_filler[centre]; ++position) {
      const auto word_position = static_cast<WordPosition>(position);
      const bool begins =
          word_position == WordPosition::kBegin || word_position == WordPosition::kSingle;
      const bool ends =
          word_position == WordPosition::kEnd || word_position == WordPosition::kSingle;
      for (size_t l = 0; l < n; ++l) {
        const size_t left = mdef.silence >= 0 && mdef.is_filler[l] ? silence : l;
        for (size_t r = 0; r < n; ++r) {
          const size_t right = mdef.silence >= 0 && mdef.is_filler[r] ? silence : r;
          int32_t record = nearest(position, centre, left, right);
          if (record < 0 && mdef.silence >= 0 && (begins || ends)) {
            record = nearest(position, centre, begins ? silence : left, ends ? silence : right);
          }
          if (record >= 0) {
            set.set(word_position, static_cast<PhoneId>(centre), static_cast<PhoneId>(l),
                    static_cast<PhoneId>(r), bind(record));
          }
        }
      }
    }
    set.set_context_independent(static_cast<PhoneId>(centre), plain);
  }
  return set;
}

}  // namespace bivox
