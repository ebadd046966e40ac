// Sorting n-grams that are packed into numbers, in memory and on disk: the heart of ngram_counts.
//
// An n-gram of N words of b bits is one unsigned number of N b bits, the oldest word highest; a
// word is stored as its number + 1, and zeros follow the last word of a shorter n-gram, so that
// numerical order is the order of the words with prefixes first. Radix sort: least significant
// digit first, 11 bits a pass, stable; passes in which all digits are equal are left out. Runs:
// sorted numbers with their multiplicity, in a TemporaryFile. Thread rule: one thread. Source:
// Knuth, The Art of Computer Programming 3, sections 5.2.5 and 5.4.1. Test:
// tests/models/ngram_counts_test.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "models/lm/temporary_file.h"

namespace bivox {

using PackedShort = uint64_t;
__extension__ typedef unsigned __int128 PackedLong;

/// Sorts `keys`, of which only the lowest `num_bits` bits are set; `scratch` has the same size.
/// Returns whichever of the two holds the result.
template <class Key>
std::span<Key> radix_sort(std::span<Key> keys, std::span<Key> scratch, int num_bits) {
  constexpr int kDigitBits = 11;
  constexpr size_t kDigits = size_t{1} << kDigitBits;
  const auto num_passes = static_cast<size_t>((num_bits + kDigitBits - 1) / kDigitBits);
  std::vector<std::array<size_t, kDigits>> places(num_passes);
  for (auto& of_pass : places) of_pass.fill(0);
  const auto digit = [](Key key, size_t pass) {
    return static_cast<size_t>(key >> (pass * kDigitBits)) & (kDigits - 1);
  };
  for (const Key key : keys) {
    for (size_t pass = 0; pass < num_passes; ++pass) ++places[pass][digit(key, pass)];
  }
  std::span<Key> from = keys;
  std::span<Key> to = scratch.first(keys.size());
  for (size_t pass = 0; pass < num_passes; ++pass) {
    auto& place = places[pass];
    if (keys.empty() || place[digit(keys[0], pass)] == keys.size()) continue;
    size_t next = 0;
    for (size_t& entry : place) {
      const size_t count = entry;
      entry = next;
      next += count;
    }
    for (const Key key : from) to[place[digit(key, pass)]++] = key;
    std::swap(from, to);
  }
  return from;
}

/// Sorted runs in one temporary file, and their merge.
template <class Key>
class PackedRuns {
 public:
  explicit PackedRuns(const std::filesystem::path& folder) : file_(folder) {}

  /// Adds a run of sorted keys, equal ones counted.
  void add(std::span<const Key> sorted) {
    std::vector<Entry> block;
    block.reserve(kBlock);
    const uint64_t begin = file_.size();
    for (size_t i = 0; i < sorted.size();) {
      size_t end = i + 1;
      while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
      block.emplace_back(sorted[i], static_cast<uint32_t>(end - i));
      if (block.size() == kBlock) write(block);
      i = end;
    }
    write(block);
    runs_.push_back({begin, file_.size()});
  }

  /// Calls f(key, count) for every key in order; equal keys of several runs come one by one.
  template <class F>
  void merge(size_t memory_bytes, F&& f) const {
    std::vector<Reader> readers;
    const size_t block = std::clamp<size_t>(
        memory_bytes / sizeof(Entry) / std::max<size_t>(runs_.size(), 1), 16, size_t{1} << 20);
    for (const Run& run : runs_) readers.emplace_back(file_, run, block);
    // A heap of the readers that have a key, the smallest first.
    std::vector<size_t> heap;
    const auto later = [&](size_t a, size_t b) { return readers[b].key() < readers[a].key(); };
    for (size_t r = 0; r < readers.size(); ++r) {
      if (readers[r].next()) heap.push_back(r);
    }
    std::make_heap(heap.begin(), heap.end(), later);
    while (!heap.empty()) {
      std::pop_heap(heap.begin(), heap.end(), later);
      Reader& reader = readers[heap.back()];
      f(reader.key(), reader.count());
      if (reader.next()) {
        std::push_heap(heap.begin(), heap.end(), later);
      } else {
        heap.pop_back();
      }
    }
  }

 private:
  static constexpr size_t kBlock = size_t{1} << 14;
  struct Entry {  // without padding: 12 or 20 bytes
    Entry() = default;
    Entry(Key k, uint32_t times) : count(times) { std::memcpy(parts.data(), &k, sizeof(Key)); }
    Key key() const {
      Key k;
      std::memcpy(&k, parts.data(), sizeof(Key));
      return k;
    }
    std::array<uint32_t, sizeof(Key) / sizeof(uint32_t)> parts;
    uint32_t count;
  };
  struct Run {
    uint64_t begin;
    uint64_t end;
  };

  class Reader {
   public:
    Reader(const TemporaryFile& file, Run run, size_t block)
        : file_(&file), run_(run), block_(block) {}
    bool next() {
      if (++at_ < entries_.size()) return true;
      const uint64_t bytes = std::min<uint64_t>(block_ * sizeof(Entry), run_.end - run_.begin);
      if (bytes == 0) return false;
      entries_.resize(bytes / sizeof(Entry));
      file_->read(run_.begin, std::as_writable_bytes(std::span(entries_)));
      run_.begin += bytes;
      at_ = 0;
      return true;
    }
    Key key() const { return entries_[at_].key(); }
    uint32_t count() const { return entries_[at_].count; }

   private:
    const TemporaryFile* file_;
    Run run_;
    size_t block_;
    std::vector<Entry> entries_;
    size_t at_ = 0;
  };

  void write(std::vector<Entry>& block) {
    file_.append(std::as_bytes(std::span<const Entry>(block)));
    block.clear();
  }

  TemporaryFile file_;
  std::vector<Run> runs_;
};

}  // namespace bivox
