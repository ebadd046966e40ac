// Speech with its text, as the user names it: `PATH` or `PATH:SPLIT`, one or several.
//
// A source is
//   a manifest    a tab-separated file with the header `id path split speaker gender seconds text`,
//                 or the folder that holds it as manifest.tsv; SPLIT keeps one of its splits
//   a list        `id text` a line (asr/evaluation/utterance_texts.h); the audio is the file beside
//                 it that is called like the id
//   a folder      of recordings, each with its text in a .txt file of the same name, or in a
//                 *.trans.txt list of its folder (as LibriSpeech has them); the first folder below
//                 the source is the speaker
// Recordings without a text stay in the result with an empty one: what reads them says so.
//
// Sources are joined in order. Several splits of one path are one source. With more than one source
// ids and speakers are preceded by the source's name ("kathleen/arctic_a0045"), so that neither are
// mixed up. A path that exists is never cut at its colon.
// Errors: Error(kInput) that names the source. Thread rule: a free function. Test:
// tests/apps/training_data_test.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "asr/evaluation/utterance_texts.h"

namespace bivox {

/// All utterances have an audio path; an utterance that comes twice is an error.
std::vector<UtteranceText> read_training_data(std::span<const std::string> sources);

}  // namespace bivox
