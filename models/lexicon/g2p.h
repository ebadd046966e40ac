// Pronunciations of words that no dictionary has: a joint-sequence ("graphone") n-gram model.
//
//   P(letters, phones) = sum over alignments q of prod_i P(q_i | q_{i-n+1} .. q_{i-1})
//
// where a graphone q pairs one or two letters with none to two phones. pronounce() finds the phone
// sequences g that maximize P(letters, g), with stress, and how sure the model is of each.
// Letters are a-z in any case. Diacritics are stripped (Latin letters of U+00C0 to U+017F), other
// characters are skipped, and a word of several letters without a vowel ("BBC") is spelled letter
// by letter. Of more than 100 letters the first 100 are read. A word without any letter has no
// pronunciation: the result is empty.
//
// Log probabilities are natural logs. Errors: load() throws Error(kModel) that names the file.
// Thread rule: immutable after loading; share freely, every call has its own memory.
// Sources: Bisani, Ney: "Joint-sequence models for grapheme-to-phoneme conversion", 2008, sections
// 2 and 3; Novak, Minematsu, Hirose: "WFST-based grapheme-to-phoneme conversion", 2012.
// Training: g2p_training.h. Test: tests/models/g2p_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {

/// One pronunciation of a word.
struct G2pResult {
  std::vector<std::string> phones;  ///< ARPAbet, vowels with stress 0, 1 or 2: "K", "AE1", "T".
  float log_prob = 0.0F;            ///< log P(letters, phones), summed over alignments.
  float confidence = 0.0F;          ///< P(phones | letters) among what the search kept, [0, 1].
};

class G2pModel {
 public:
  /// Reads a model folder of kind "g2p" (model_folder.h), or its `g2p.bin` alone.
  static std::shared_ptr<const G2pModel> load(const std::filesystem::path& path);
  /// The same from bytes in memory; `name` stands for the path in errors.
  static std::shared_ptr<const G2pModel> parse(std::string_view bytes, std::string_view name);

  ~G2pModel();
  G2pModel(const G2pModel&) = delete;
  G2pModel& operator=(const G2pModel&) = delete;

  /// Up to `nbest` (at least 1) different pronunciations, the best first. Confidences fall and sum
  /// to at most 1.
  std::vector<G2pResult> pronounce(std::string_view word, int nbest = 1) const;

  /// The model as the bytes of its file.
  std::string serialize() const;

  /// What the model is made of; for training and for tools.
  struct Parts;
  explicit G2pModel(std::unique_ptr<const Parts> parts);
  const Parts& parts() const { return *parts_; }

 private:
  std::unique_ptr<const Parts> parts_;
};

}  // namespace bivox
