#include "asr/transcript/transcript.h"

namespace bivox {

std::string TranscriptSegment::text() const {
  std::string joined;
  for (const TranscriptWord& word : words) {
    if (!joined.empty()) joined += ' ';
    joined += word.name;
  }
  return joined;
}

std::string Transcript::text() const {
  std::string joined;
  for (const TranscriptSegment& segment : segments) {
    const std::string part = segment.text();
    if (part.empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += part;
  }
  return joined;
}

}  // namespace bivox
