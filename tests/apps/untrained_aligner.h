// A model that has learnt nothing but can align, for tests of what trains on alignments. Thread
// rule: pure functions. Test: those that use it.
#pragma once

#include <filesystem>
#include <vector>

#include "asr/convnet/convnet_model.h"
#include "asr/convnet/network.h"
#include "models/io/model_folder.h"

namespace bivox {

inline constexpr const char* kAlignerPhones[] = {
    "AA", "AE", "AH", "AO", "AW", "AY", "B",  "CH", "D", "DH", "EH", "ER", "EY",
    "F",  "G",  "HH", "IH", "IY", "JH", "K",  "L",  "M", "N",  "NG", "OW", "OY",
    "P",  "R",  "S",  "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y",  "Z",  "ZH"};

// A ConvNet that has learnt nothing but can align: what it says is the same for every state.
inline void write_untrained_aligner(const std::filesystem::path& folder) {
  PhoneSet phones;
  phones.add("SIL", true);
  for (const char* phone : kAlignerPhones) phones.add(phone);
  const HmmFile hmm{StateTree(phones, 2)};
  ConvNetOptions options;
  options.width = 8;
  options.blocks = 1;
  options.states = hmm.tree.num_states();
  ConvNetParts parts{kaldi_fbank_front_end(80),
                     hmm,
                     make_convnet(options),
                     std::vector<float>(static_cast<size_t>(options.states), 0.0F),
                     3,
                     Precision::kFloat32,
                     "test"};
  parts.network.initialize(1);
  ModelFolderWriter writer(folder, kConvNetKind, "aligner");
  write_convnet_files(parts, Precision::kFloat32, writer);
  writer.set_card("# Aligner\n");
  writer.commit();
}

}  // namespace bivox
