#include "tts/text/heteronyms.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <unordered_map>

namespace bivox {
namespace {

using Words = std::initializer_list<std::string_view>;

bool among(std::string_view word, Words list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct NounVerb {
  std::string_view word;
  std::string_view noun;
  std::string_view verb;
  bool verb_by_default = false;
};

// The noun (or adjective) is what is meant without a sign of the verb, or the other way round.
constexpr NounVerb kPairs[] = {
    {"abstract", "AE1 B S T R AE2 K T", "AE0 B S T R AE1 K T"},
    {"abuse", "AH0 B Y UW1 S", "AH0 B Y UW1 Z"},
    {"advocate", "AE1 D V AH0 K AH0 T", "AE1 D V AH0 K EY2 T"},
    {"aggregate", "AE1 G R AH0 G AH0 T", "AE1 G R AH0 G EY2 T"},
    {"alternate", "AO1 L T ER0 N AH0 T", "AO1 L T ER0 N EY2 T"},
    {"animate", "AE1 N AH0 M AH0 T", "AE1 N AH0 M EY2 T"},
    {"appropriate", "AH0 P R OW1 P R IY0 AH0 T", "AH0 P R OW1 P R IY0 EY2 T"},
    {"approximate", "AH0 P R AA1 K S AH0 M AH0 T", "AH0 P R AA1 K S AH0 M EY2 T"},
    {"articulate", "AA0 R T IH1 K Y AH0 L AH0 T", "AA0 R T IH1 K Y AH0 L EY2 T"},
    {"associate", "AH0 S OW1 S IY0 AH0 T", "AH0 S OW1 S IY0 EY2 T"},
    {"attribute", "AE1 T R AH0 B Y UW2 T", "AH0 T R IH1 B Y UW0 T"},
    {"combine", "K AA1 M B AY0 N", "K AH0 M B AY1 N", true},
    {"compound", "K AA1 M P AW0 N D", "K AH0 M P AW1 N D"},
    {"compress", "K AA1 M P R EH0 S", "K AH0 M P R EH1 S", true},
    {"conduct", "K AA1 N D AH0 K T", "K AH0 N D AH1 K T"},
    {"confine", "K AA1 N F AY2 N", "K AH0 N F AY1 N", true},
    {"conflict", "K AA1 N F L IH0 K T", "K AH0 N F L IH1 K T"},
    {"console", "K AA1 N S OW2 L", "K AH0 N S OW1 L"},
    {"contest", "K AA1 N T EH0 S T", "K AH0 N T EH1 S T"},
    {"contract", "K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T"},
    {"contrast", "K AA1 N T R AE0 S T", "K AH0 N T R AE1 S T"},
    {"converse", "K AA1 N V ER0 S", "K AH0 N V ER1 S", true},
    {"convert", "K AA1 N V ER0 T", "K AH0 N V ER1 T", true},
    {"convict", "K AA1 N V IH0 K T", "K AH0 N V IH1 K T"},
    {"coordinate", "K OW0 AO1 R D AH0 N AH0 T", "K OW0 AO1 R D AH0 N EY2 T", true},
    {"decrease", "D IY1 K R IY2 S", "D IH0 K R IY1 S"},
    {"delegate", "D EH1 L AH0 G AH0 T", "D EH1 L AH0 G EY2 T"},
    {"deliberate", "D IH0 L IH1 B ER0 AH0 T", "D IH0 L IH1 B ER0 EY2 T"},
    {"desert", "D EH1 Z ER0 T", "D IH0 Z ER1 T"},
    {"digest", "D AY1 JH EH0 S T", "D AY0 JH EH1 S T", true},
    {"discount", "D IH1 S K AW0 N T", "D IH0 S K AW1 N T"},
    {"duplicate", "D UW1 P L AH0 K AH0 T", "D UW1 P L AH0 K EY2 T"},
    {"elaborate", "IH0 L AE1 B R AH0 T", "IH0 L AE1 B ER0 EY2 T"},
    {"entrance", "EH1 N T R AH0 N S", "EH0 N T R AE1 N S"},
    {"escort", "EH1 S K AO0 R T", "EH0 S K AO1 R T"},
    {"estimate", "EH1 S T AH0 M AH0 T", "EH1 S T AH0 M EY2 T"},
    {"excuse", "IH0 K S K Y UW1 S", "IH0 K S K Y UW1 Z"},
    {"export", "EH1 K S P AO0 R T", "IH0 K S P AO1 R T"},
    {"extract", "EH1 K S T R AE2 K T", "IH0 K S T R AE1 K T", true},
    {"frequent", "F R IY1 K W AH0 N T", "F R IY0 K W EH1 N T"},
    {"graduate", "G R AE1 JH AH0 W AH0 T", "G R AE1 JH AH0 W EY2 T"},
    {"implant", "IH1 M P L AE2 N T", "IH0 M P L AE1 N T"},
    {"import", "IH1 M P AO2 R T", "IH0 M P AO1 R T"},
    {"increase", "IH1 N K R IY2 S", "IH0 N K R IY1 S"},
    {"insert", "IH1 N S ER2 T", "IH0 N S ER1 T", true},
    {"insult", "IH1 N S AH2 L T", "IH0 N S AH1 L T"},
    {"intimate", "IH1 N T AH0 M AH0 T", "IH1 N T AH0 M EY2 T"},
    {"misuse", "M IH0 S Y UW1 S", "M IH0 S Y UW1 Z"},
    {"moderate", "M AA1 D ER0 AH0 T", "M AA1 D ER0 EY2 T"},
    {"object", "AA1 B JH EH0 K T", "AH0 B JH EH1 K T"},
    {"perfect", "P ER1 F IH2 K T", "P ER0 F EH1 K T"},
    {"permit", "P ER1 M IH2 T", "P ER0 M IH1 T", true},
    {"pervert", "P ER1 V ER0 T", "P ER0 V ER1 T"},
    {"predicate", "P R EH1 D IH0 K AH0 T", "P R EH1 D AH0 K EY2 T"},
    {"present", "P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T"},
    {"proceeds", "P R OW1 S IY2 D Z", "P R AH0 S IY1 D Z"},
    {"produce", "P R OW1 D UW0 S", "P R AH0 D UW1 S", true},
    {"progress", "P R AA1 G R EH2 S", "P R AH0 G R EH1 S"},
    {"project", "P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T"},
    {"protest", "P R OW1 T EH2 S T", "P R AH0 T EH1 S T"},
    {"rebel", "R EH1 B AH0 L", "R IH0 B EH1 L"},
    {"recall", "R IY1 K AO2 L", "R IH0 K AO1 L", true},
    {"record", "R EH1 K ER0 D", "R IH0 K AO1 R D"},
    {"refund", "R IY1 F AH2 N D", "R IH0 F AH1 N D"},
    {"refuse", "R EH1 F Y UW2 Z", "R AH0 F Y UW1 Z", true},
    {"reject", "R IY1 JH EH0 K T", "R IH0 JH EH1 K T", true},
    {"resume", "R EH1 Z AH0 M EY2", "R IH0 Z UW1 M", true},
    {"segment", "S EH1 G M AH0 N T", "S EH0 G M EH1 N T"},
    {"separate", "S EH1 P ER0 IH0 T", "S EH1 P ER0 EY2 T"},
    {"subject", "S AH1 B JH IH0 K T", "S AH0 B JH EH1 K T"},
    {"suspect", "S AH1 S P EH2 K T", "S AH0 S P EH1 K T"},
    {"survey", "S ER1 V EY2", "S ER0 V EY1"},
    {"torment", "T AO1 R M EH2 N T", "T AO0 R M EH1 N T"},
    {"transfer", "T R AE1 N S F ER0", "T R AE0 N S F ER1"},
    {"transplant", "T R AE1 N S P L AE2 N T", "T R AE0 N S P L AE1 N T"},
    {"transport", "T R AE1 N S P AO0 R T", "T R AE0 N S P AO1 R T"},
    {"upset", "AH1 P S EH2 T", "AH0 P S EH1 T", true},
    {"use", "Y UW1 S", "Y UW1 Z", true},
};

const NounVerb* find_pair(std::string_view word) {
  static const auto* const kIndex = [] {
    auto* index = new std::unordered_map<std::string_view, const NounVerb*>();
    for (const NounVerb& pair : kPairs) index->emplace(pair.word, &pair);
    return index;
  }();
  const auto found = kIndex->find(word);
  return found == kIndex->end() ? nullptr : found->second;
}

bool is_determiner(std::string_view word) {
  return among(word, {"a",    "an",      "the",   "this",    "that",  "these", "those", "my",
                      "your", "his",     "her",   "its",     "our",   "their", "no",    "any",
                      "some", "each",    "every", "another", "whose", "which", "what",  "much",
                      "many", "several", "few",   "both",    "all",   "such"}) ||
         word.ends_with("'s") || word.ends_with("s'");
}

bool is_preposition(std::string_view word) {
  return among(word,
               {"of", "in", "on", "at", "by", "for", "with", "from", "under", "into", "without",
                "about", "through", "after", "before", "against", "between", "per", "off"});
}

/// After these stands the base form of a verb.
bool calls_for_verb(std::string_view word) {
  return among(word, {"to",        "will",    "would", "can",    "could",  "shall",    "should",
                      "may",       "might",   "must",  "do",     "did",    "does",     "don't",
                      "didn't",    "doesn't", "can't", "cannot", "won't",  "wouldn't", "couldn't",
                      "shouldn't", "mustn't", "let",   "let's",  "please", "i'll",     "you'll",
                      "we'll",     "they'll", "he'll", "she'll", "it'll",  "i'd",      "you'd",
                      "we'd",      "they'd",  "never", "always", "often",  "usually",  "ought"});
}

bool is_subject_pronoun(std::string_view word) {
  return among(word, {"i", "you", "we", "they", "who"});
}

bool is_object(std::string_view word) {
  return among(word, {"the",   "a",          "an",     "my",  "your",  "his",  "our",      "their",
                      "its",   "it",         "them",   "him", "us",    "me",   "this",     "these",
                      "those", "themselves", "itself", "all", "every", "each", "yourself", "any"});
}

bool is_be(std::string_view word) {
  return among(
      word, {"is", "are", "was", "were", "be", "been", "being", "am", "isn't", "wasn't", "aren't",
             "weren't", "i'm", "you're", "we're", "they're", "it's", "he's", "she's"});
}

bool is_number(std::string_view word) {
  return among(word, {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
                      "hundred", "thousand", "million", "twenty", "thirty", "fifty"});
}

/// A sentence as the rules look at it.
class Context {
 public:
  Context(std::span<const SpokenWord> words, size_t i) : words_(words), i_(i) {}

  std::string_view word() const { return words_[i_].text; }
  /// Words before and after within the clause; empty beyond.
  std::string_view before(size_t n = 1) const {
    if (i_ < n) return {};
    for (size_t k = i_ - n; k < i_; ++k) {
      if (words_[k].after >= Punctuation::kDash) return {};
    }
    return words_[i_ - n].text;
  }
  std::string_view after(size_t n = 1) const {
    if (i_ + n >= words_.size()) return {};
    for (size_t k = i_; k < i_ + n; ++k) {
      if (words_[k].after != Punctuation::kNone) return {};
    }
    return words_[i_ + n].text;
  }
  bool sentence_has(Words list) const {
    return std::any_of(words_.begin(), words_.end(),
                       [&](const SpokenWord& word) { return among(word.text, list); });
  }
  bool is_first() const { return i_ == 0 || words_[i_ - 1].after >= Punctuation::kDash; }

  /// Signs that the word is a verb, or a noun; nullopt without any.
  std::optional<bool> is_verb() const {
    const std::string_view previous = before();
    const std::string_view following = after();
    if (previous == "to" && among(before(2), {"due", "thanks", "according", "respect", "regard"}))
      return false;
    if (calls_for_verb(previous)) return true;
    if (previous == "not" && calls_for_verb(before(2))) return true;
    if (is_determiner(previous)) {
      // "those who", "that use": a pronoun before a verb and its object.
      return among(previous, {"that", "which", "all", "these", "those", "some", "many"}) &&
             is_object(following);
    }
    if (is_subject_pronoun(previous)) return true;
    if (is_preposition(previous) || is_number(previous) || is_be(previous)) return false;
    if (is_first() && is_object(following)) return true;
    if (among(previous, {"and", "or", "but", "then"}) && is_object(following)) return true;
    if (is_object(following) && !previous.empty()) return true;
    return std::nullopt;
  }

  /// Whether something before the verb or in the sentence says that it is past.
  bool is_past() const {
    for (size_t n = 1; n <= 3; ++n) {
      const std::string_view word = before(n);
      if (among(word, {"have", "has", "had", "having", "i've", "you've", "we've", "they've",
                       "haven't", "hasn't", "hadn't", "i'd", "he'd", "she'd", "got"}) ||
          is_be(word)) {
        return true;
      }
      if (!among(word, {"not", "never", "already", "just", "always", "ever", "once", "also", "you",
                        "i", "they", "we", "he", "she", "often", "widely", "well"})) {
        break;
      }
    }
    if (calls_for_verb(before()) && !among(before(), {"never", "always", "often", "usually"})) {
      return false;
    }
    // "Did you read it yesterday?"
    if (among(before(), {"i", "you", "we", "they", "he", "she", "it"}) &&
        calls_for_verb(before(2))) {
      return false;
    }
    if (among(before(), {"he", "she", "it", "who"}) && !calls_for_verb(before(2))) return true;
    if (sentence_has({"yesterday", "ago", "already", "previously", "earlier"})) return true;
    for (const SpokenWord& word : words_) {
      if (word.text == "last" && (&word + 1) < words_.data() + words_.size() &&
          among((&word + 1)->text,
                {"night", "week", "month", "year", "summer", "winter", "time"})) {
        return true;
      }
    }
    if (calls_for_verb(before())) return false;
    // In a story the other verbs are past as well.
    return sentence_has({"was", "were", "had", "said", "went", "came", "took", "saw", "did",
                         "thought", "told", "asked", "opened", "sat", "stood", "looked",
                         "turned"}) &&
           !is_first();
  }

 private:
  std::span<const SpokenWord> words_;
  size_t i_;
};

std::string_view by_own_rule(const Context& c) {
  const std::string_view word = c.word();
  const std::string_view previous = c.before();
  const std::string_view following = c.after();
  if (word == "read") return c.is_past() ? "R EH1 D" : "R IY1 D";
  if (word == "lead") {
    const bool metal =
        among(following,
              {"pipe",     "pipes", "paint",  "poisoning", "pencil",        "pencils", "bullet",
               "bullets",  "acid",  "weight", "weights",   "free",          "shot",    "levels",
               "exposure", "ore",   "mine",   "mines",     "contamination", "crystal", "shield"}) ||
        (previous == "of" &&
         c.sentence_has({"made", "pipes", "metal", "tons", "heavy", "poisonous"})) ||
        c.sentence_has({"zinc", "copper", "mercury", "arsenic", "tin"}) ||
        (among(previous, {"like", "as", "molten", "contains"}));
    return metal ? "L EH1 D" : "L IY1 D";
  }
  if (word == "wind") {
    const bool verb =
        (calls_for_verb(previous) || is_subject_pronoun(previous) || c.is_first()) &&
        among(following, {"up", "down", "the", "it", "around", "through", "your", "its", "his",
                          "her", "back", "their", "this", "a", "along"});
    return verb ? "W AY1 N D" : "W IH1 N D";
  }
  if (word == "winds") {
    return among(following, {"up", "down", "around", "through", "its", "along"}) &&
                   !is_determiner(previous)
               ? "W AY1 N D Z"
               : "W IH1 N D Z";
  }
  if (word == "wound") {
    const bool coil = !is_determiner(previous) && !calls_for_verb(previous) &&
                      among(following, {"up", "around", "down", "through", "its", "the", "tightly",
                                        "round", "his", "her", "it"});
    return coil ? "W AW1 N D" : "W UW1 N D";
  }
  if (word == "live") {
    const bool adjective =
        among(following,
              {"music",      "show",     "shows",   "performance", "performances", "broadcast",
               "concert",    "audience", "wire",    "wires",       "coverage",     "video",
               "stream",     "event",    "events",  "tv",          "television",   "band",
               "ammunition", "animals",  "animal",  "bait",        "report",       "album",
               "recording",  "chat",     "updates", "game"}) ||
        among(previous, {"go", "went", "goes", "going", "recorded", "performed", "streamed",
                         "shown", "broadcast"}) ||
        among(previous, {"a", "an", "this", "first"}) ||
        (is_be(previous) && !is_object(following) && following != "in");
    return adjective ? "L AY1 V" : "L IH1 V";
  }
  if (word == "lives") {
    const bool noun =
        is_determiner(previous) || is_number(previous) || is_preposition(previous) ||
        among(previous, {"human",  "save",   "saved",   "saves",    "saving", "lost",    "lose",
                         "daily",  "past",   "private", "whole",    "black",  "young",   "own",
                         "normal", "better", "live",    "personal", "and",    "innocent"});
    const bool relative = among(previous, {"that", "which", "who"});
    return noun && !relative ? "L AY1 V Z" : "L IH1 V Z";
  }
  if (word == "close") {
    const bool near =
        among(
            following,
            {"to",     "by",           "friend",    "friends",  "call",   "enough",   "together",
             "range",  "relationship", "attention", "look",     "race",   "relative", "relatives",
             "behind", "proximity",    "contact",   "quarters", "family", "ally",     "allies",
             "eye",    "ties",         "match",     "game",     "second", "beside",   "beneath"}) ||
        (following == "at" && c.after(2) == "hand") ||
        among(previous, {"very", "so",      "too",         "how",       "as",     "get",
                         "got",  "getting", "gets",        "come",      "came",   "coming",
                         "stay", "stayed",  "stood",       "quite",     "pretty", "really",
                         "keep", "kept",    "dangerously", "extremely", "not",    "near",
                         "drew", "sat",     "stand",       "sit",       "up"}) ||
        is_be(previous);
    const bool verb =
        (previous == "to" || calls_for_verb(previous)) && !among(following, {"to", "friends"});
    return near && !verb ? "K L OW1 S" : "K L OW1 Z";
  }
  if (word == "tear") {
    const bool eye =
        among(following, {"gas", "fell", "rolled", "ran", "drop", "drops", "ducts", "stained"}) ||
        (c.sentence_has({"eye", "eyes", "cheek", "shed", "wept", "cried", "crying"}) &&
         !calls_for_verb(previous)) ||
        among(previous, {"single", "shed"});
    return eye ? "T IH1 R" : "T EH1 R";
  }
  if (word == "tears") {
    const bool rip =
        among(following, {"up", "down", "apart", "at", "it", "the", "off", "through", "open"}) &&
        !is_determiner(previous) && !is_preposition(previous);
    return rip ? "T EH1 R Z" : "T IH1 R Z";
  }
  if (word == "bow") {
    const bool weapon = among(following, {"and", "tie", "ties", "hunting", "string"}) ||
                        c.sentence_has({"arrow", "arrows", "violin", "cello", "ribbon", "hair",
                                        "tied", "fiddle", "archer"});
    const bool bend = among(previous, {"take", "took", "takes", "taking", "deep", "low"}) ||
                      c.sentence_has({"ship", "ship's", "boat", "stern", "deck", "took", "take"}) ||
                      calls_for_verb(previous) || is_subject_pronoun(previous);
    if (following == "and" && bend && !c.sentence_has({"arrow", "arrows"})) return "B AW1";
    if (weapon && !(calls_for_verb(previous) && !c.sentence_has({"violin"}))) return "B OW1";
    return bend || !is_determiner(previous) ? "B AW1" : "B OW1";
  }
  if (word == "bass") {
    return c.sentence_has({"fish", "fishing", "caught", "lake", "river", "striped", "sea",
                           "largemouth", "catch", "trout", "pond"})
               ? "B AE1 S"
               : "B EY1 S";
  }
  if (word == "dove") {
    const bool plunge =
        (among(previous, {"i", "he", "she", "they", "we", "and", "who", "it", "then"}) ||
         among(following, {"into", "headfirst"})) &&
        !is_determiner(previous);
    return plunge ? "D OW1 V" : "D AH1 V";
  }
  if (word == "minute") {
    const bool tiny =
        among(following, {"detail", "details", "amount", "amounts", "quantities", "quantity",
                          "particles", "differences", "traces", "fraction", "changes", "particle",
                          "crack", "cracks", "organisms"}) &&
        previous != "last";
    return tiny ? "M AY0 N UW1 T" : "M IH1 N AH0 T";
  }
  if (word == "content") {
    const bool pleased =
        (is_be(previous) && !is_determiner(following)) ||
        among(previous, {"feel", "felt", "seem", "seemed", "perfectly", "quite", "not", "feels",
                         "seems", "looked", "myself", "himself", "herself"});
    return pleased ? "K AH0 N T EH1 N T" : "K AA1 N T EH0 N T";
  }
  if (word == "used") {
    const bool habit =
        following == "to" &&
        (!is_be(previous) || !among(c.after(2), {"make", "be", "help", "create", "build", "show",
                                                 "describe", "find", "measure"}));
    return habit ? "Y UW1 S T" : "Y UW1 Z D";
  }
  if (word == "uses") {
    const bool noun = is_determiner(previous) || is_number(previous) || is_preposition(previous) ||
                      among(previous, {"other", "different", "new", "common", "main"});
    return noun && !among(previous, {"that", "which"}) ? "Y UW1 S IH0 Z" : "Y UW1 Z IH0 Z";
  }
  if (word == "sow") {
    return is_determiner(previous) ? "S AW1" : "S OW1";
  }
  if (word == "does") {
    return among(previous, {"the", "two", "three", "several"}) &&
                   c.sentence_has({"deer", "buck", "bucks", "fawn", "stag"})
               ? "D OW1 Z"
               : "D AH1 Z";
  }
  if (word == "invalid") {
    return among(previous, {"an", "the"}) &&
                   (following.empty() || among(following, {"who", "was", "in", "for", "and"}))
               ? "IH1 N V AH0 L AH0 D"
               : "IH2 N V AE1 L AH0 D";
  }
  if (word == "learned") {
    return (is_determiner(previous) || previous == "most") &&
                   among(following, {"man", "men", "professor", "scholar", "scholars", "judge",
                                     "colleague", "friend", "society", "gentleman"})
               ? "L ER1 N AH0 D"
               : "L ER1 N D";
  }
  if (word == "house") {
    const bool verb = (calls_for_verb(previous) && previous != "let") && is_object(following);
    return verb ? "HH AW1 Z" : "HH AW1 S";
  }
  if (word == "row") {
    return c.sentence_has({"quarrel", "argument"}) ? "R AW1" : "R OW1";
  }
  return {};
}

/// "R EH1 K ER0 D" and an s.
std::string with_s(std::string_view phones) {
  std::string result(phones);
  const std::string_view last = phones.substr(phones.rfind(' ') + 1);
  if (among(last, {"S", "Z", "SH", "CH", "JH", "ZH"})) return result + " IH0 Z";
  return result + (among(last, {"P", "T", "K", "F", "TH"}) ? " S" : " Z");
}

}  // namespace

std::string heteronym_phones(std::span<const SpokenWord> words, size_t i) {
  const Context context(words, i);
  const std::string_view word = context.word();
  if (word.size() < 3) return {};
  if (const std::string_view own = by_own_rule(context); !own.empty()) return std::string(own);
  if (const NounVerb* pair = find_pair(word)) {
    return std::string(context.is_verb().value_or(pair->verb_by_default) ? pair->verb : pair->noun);
  }
  if (word.back() == 's') {
    if (const NounVerb* pair = find_pair(word.substr(0, word.size() - 1))) {
      const std::string_view previous = context.before();
      const bool third_person = among(previous, {"he", "she", "it", "who", "which", "that", "this",
                                                 "everyone", "nobody"}) ||
                                (is_object(context.after()) && !is_determiner(previous) &&
                                 !is_preposition(previous) && !previous.empty());
      return with_s(third_person ? pair->verb : pair->noun);
    }
  }
  return {};
}

bool is_function_word(std::string_view word) {
  return among(
      word,
      {"a",     "an",     "the",   "and",    "or",    "but",     "nor",  "if",    "as",   "than",
       "that",  "of",     "to",    "in",     "on",    "at",      "by",   "for",   "with", "from",
       "into",  "onto",   "upon",  "is",     "are",   "was",     "were", "be",    "been", "am",
       "has",   "have",   "had",   "do",     "does",  "did",     "will", "would", "can",  "could",
       "shall", "should", "may",   "might",  "must",  "i",       "you",  "he",    "she",  "it",
       "we",    "they",   "me",    "him",    "her",   "us",      "them", "my",    "your", "his",
       "its",   "our",    "their", "this",   "there", "so",      "who",  "which", "it's", "i'm",
       "i've",  "he's",   "she's", "you're", "we're", "they're", "i'll", "you'll"});
}

}  // namespace bivox
