// Writes the seeds of tests/fuzz/corpus/lm: small random models in all formats that are read. The
// codebooks of Sphinx tries are left out, as lm_fuzz.cpp expects. Command in tests/fuzz/README.md.
#include <fmt/format.h>

#include <fstream>
#include <string>

#include "models/lm/arpa.h"
#include "tests/models/ngram_test_models.h"

using bivox::parse_arpa;
using bivox::test::as_bytes;
using bivox::test::make_random_model;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  const auto put = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder + '/' + name, std::ios::binary) << bytes;
  };
  for (size_t order = 1; order <= 4; ++order) {
    const auto model = make_random_model(order, order < 3 ? 6 : 5, 7);
    const std::string name = fmt::format("order{}", order);
    std::string trie = model.sphinx_trie();
    if (order > 1) trie.erase(24 + 4 * order, (2 * order - 3) << 18);
    put(name + ".lm.bin", trie);
    if (order == 4) break;
    if (order > 1) {
      put(name + ".arpa", model.arpa());
      put(name + ".arpa.gz", bivox::test::gzip(model.arpa()));
    }
    parse_arpa(as_bytes(model.arpa()), name)->save(folder + '/' + name + ".bivoxlm");
  }
  // Lists long enough for buckets; a small codebook keeps the file small.
  const auto model = make_random_model(2, 40, 3, 0.9);
  parse_arpa(as_bytes(model.arpa()), "buckets", {.codebook_size = 16})
      ->save(folder + "/buckets.bivoxlm");
}
