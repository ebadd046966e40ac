// A small ConvNet over made-up data, for the tests of this folder.
#pragma once

#include <cmath>
#include <vector>

#include "asr/convnet/convnet_model.h"
#include "asr/convnet/network.h"
#include "asr/convnet/training.h"
#include "dsp/core/random.h"

namespace bivox {

inline PhoneSet few_phones() {
  PhoneSet phones;
  phones.add("SIL", true);
  phones.add("AA");
  phones.add("B");
  phones.add("K");
  return phones;
}

inline FrontEndOptions small_front_end() {
  FrontEndOptions options = kaldi_fbank_front_end(12);
  options.cmvn.kind = CmvnKind::kUtterance;
  return options;
}

inline ConvNetOptions small_convnet(int states) {
  ConvNetOptions options;
  options.num_mel = 12;
  options.width = 16;
  options.blocks = 2;
  options.kernel = 3;
  options.stem_kernel = 5;
  options.states = states;
  return options;
}

inline FeatureMatrix random_rows(int frames, int columns, uint64_t seed) {
  Random random(seed);
  FeatureMatrix rows(frames, columns);
  for (Eigen::Index i = 0; i < rows.size(); ++i) {
    rows.data()[i] = static_cast<float>(random.gaussian());
  }
  return rows;
}

// Every phone raises three of the twelve bins of its own.
inline ConvNetExample made_up_example(uint64_t seed) {
  Random random(seed);
  ConvNetExample example;
  int frames = 0;
  PhoneId last = -1;
  for (int i = 0; i < 12; ++i) {
    PhoneId phone = 0;
    do {
      phone = static_cast<PhoneId>(random.below(4));
    } while (phone == last);
    last = phone;
    const int length = 6 + static_cast<int>(random.below(12));
    example.phones.push_back({phone, {WordPosition::kInternal, 0, 0}, length});
    frames += length;
  }
  FeatureMatrix rows = random_rows(frames, 12, random.next());
  Eigen::Index t = 0;
  for (const PhoneRun& run : example.phones) {
    for (int i = 0; i < run.frames; ++i, ++t) {
      for (int c = 0; c < 3; ++c) rows(t, 3 * run.phone + c) += 3.0F;
    }
  }
  example.renderings.push_back(Rendering::pack(rows));
  return example;
}

inline ReaderOptions small_reader() {
  ReaderOptions options;
  options.front_end = small_front_end();
  options.augment = false;
  return options;
}

inline ConvNetParts small_parts(uint64_t seed, Precision precision = Precision::kFloat32) {
  HmmFile hmm{StateTree(few_phones(), 2)};
  ConvNetParts parts{
      small_front_end(), hmm,   make_convnet(small_convnet(hmm.tree.num_states())), {}, 3,
      precision,         "test"};
  parts.network.initialize(seed);
  for (int s = 0; s < hmm.tree.num_states(); ++s) {
    parts.log_priors.push_back(-std::log(static_cast<float>(s + 2)));
  }
  return parts;
}

}  // namespace bivox
