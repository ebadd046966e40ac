// Texts to be scored, of any bytes: readers, normalization, alignment, and the writers of
// transcripts.
#include <cstdint>
#include <sstream>
#include <string_view>

#include "asr/evaluation/score.h"
#include "asr/transcript/writers.h"
#include "dsp/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Alignment takes time in proportion to the square of the length.
  if (size < 2 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto form = static_cast<bivox::UtteranceForm>(data[0] % 5);
  try {
    const auto utterances = bivox::parse_utterance_texts(text, "fuzz", form);
    auto shifted = utterances;
    for (size_t i = 1; i < shifted.size(); ++i) shifted[i].text = utterances[i - 1].text;
    bivox::ScoreOptions options;
    options.bootstrap.num_resamples = 3;
    const bivox::ScoreReport report = bivox::score_utterances(utterances, shifted, options);
    if (report.words.reference < report.words.deletions + report.words.substitutions)
      __builtin_trap();
  } catch (const bivox::Error&) {
  }

  bivox::Transcript transcript;
  transcript.source = std::string(text.substr(0, 10));
  transcript.duration_s = data[0];
  bivox::TranscriptSegment segment;
  double time_s = 0.0;
  for (const std::string_view word : bivox::split_words(text)) {
    bivox::TranscriptWord timed;
    timed.name = std::string(word);
    timed.start_s = time_s;
    time_s += static_cast<double>(word.size()) * 0.1;
    timed.end_s = time_s;
    segment.words.push_back(timed);
  }
  transcript.segments.push_back(segment);
  for (const char* name : {"txt", "json", "srt", "vtt", "ctm", "textgrid"}) {
    std::ostringstream out;
    bivox::write_transcript(out, transcript, bivox::parse_transcript_format(name));
  }
  return 0;
}
