// Utterances with their texts, as scoring reads them: references and hypotheses.
//
//   trn       NIST: `words of the text (id)`; lines that begin with ;; are comments
//   id-text   `id<TAB>text` or `id text`
//   manifest  tab-separated with the header `id path split speaker gender seconds text`
//   text      plain text, one utterance a line; the id is the line's number, 1-based
// The form is told from the content: a manifest by its header; trn if every line ends in `(id)`;
// id-text if every line has a tab, or if every first word is different and holds a digit; else
// text. Errors: Error(kInput) with path and line for a line that does not fit, an id that comes
// twice, or a split that is not there. Thread rule: free functions. Test:
// tests/asr/evaluation/utterance_texts_test.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

struct UtteranceText {
  std::string id;
  std::string text;
  std::string speaker;          ///< From a manifest; empty if unknown.
  std::filesystem::path audio;  ///< From a manifest, already joined to its folder; else empty.
  std::string gender = {};      ///< From a manifest; empty if unknown.
};

enum class UtteranceForm { kAuto, kTrn, kIdText, kManifest, kText };

/// `split` keeps only the utterances of a manifest's split; empty keeps all.
std::vector<UtteranceText> read_utterance_texts(const std::filesystem::path& path,
                                                UtteranceForm form = UtteranceForm::kAuto,
                                                std::string_view split = "");

/// The same from text in memory; `name` stands for the path.
std::vector<UtteranceText> parse_utterance_texts(std::string_view content,
                                                 const std::filesystem::path& name,
                                                 UtteranceForm form = UtteranceForm::kAuto,
                                                 std::string_view split = "");

/// A form from its name: auto, trn, id-text, manifest, text; else Error(kUsage).
UtteranceForm parse_utterance_form(std::string_view name);

}  // namespace bivox
