// The results of `bivox data check` as text (table, TSV, JSON) and as a page to browse.
//
// Thread rule: free functions. Errors: Error(kRuntime) when the page cannot be written.
// Test: tests/apps/cli_data_test.cpp.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "apps/data_check_task.h"

namespace bivox {

/// Counts of all findings, then the `top` worst utterances that are suspicious (0: all utterances).
void write_check_table(std::ostream& out, const DataSetCheck& check, size_t top);
/// `rank id points misfit seconds phones_per_s findings details path text`, with a header line.
void write_check_tsv(std::ostream& out, const DataSetCheck& check,
                     const std::vector<UtteranceText>& utterances, size_t top);
void write_check_json(std::ostream& out, const DataSetCheck& check,
                      const std::vector<UtteranceText>& utterances, size_t top);

/// One self-contained page: counts, the `players` worst utterances with player, spectrogram and the
/// words that fit badly, and a table of all. About 80 kB for each player of 5 s.
void write_check_page(const std::filesystem::path& path, const DataSetCheck& check,
                      const std::vector<UtteranceText>& utterances, size_t players);

}  // namespace bivox
