#!/usr/bin/env python3
"""What --words and --boost do for rare names, and what they do to everything else.

  tests/bench/boost_recall.py CORPORA [SPLIT ...] [--bivox build/release/apps/bivox] [--options "..."]

CORPORA is a folder with one folder a corpus, each holding manifest.tsv (id path split ... seconds text) and
audio; a SPLIT is named corpus/split. Planted names are the words of the references that the vocabulary
lacks: the first column of a dictionary (en-small's, the default language model), or that of a Sphinx
language model (read from the file's end).
Each is listed without a pronunciation, among --distractors words that are said nowhere: rare words of a
dictionary, drawn with a fixed seed. Printed for each condition: how many of the planted words were found
(recall; aligned as for word errors), the word error rate of all other words (an inserted word counts
there), and how often a distractor was written although nobody said it.
"""

import argparse
import csv
import pathlib
import random
import re
import shlex
import subprocess
import tempfile

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
EN_SMALL = pathlib.Path(__file__).resolve().parents[2] / "models/pretrained/en-small"
DEFAULT_SPLITS = ["librispeech/dev-clean", "librispeech/dev-other", "ljspeech/dev"]


def words_of(text):
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("\u2019", "'")).split()


def vocabulary_of(path):
    data = path.read_bytes()
    if data[:19] != b"Trie Language Model":
        return {line.split()[0].split("(")[0].lower() for line in data.decode().splitlines() if line.split()}
    # The list of words ends the file, behind its length.
    for at in range(len(data) - 8, 0, -1):
        if int.from_bytes(data[at:at + 4], "little") == len(data) - at - 4:
            return set(data[at + 4:].decode().split("\0"))
    raise SystemExit(f"{path}: no list of words at its end")


def align(reference, hypothesis):
    """Pairs (reference word or None, hypothesis word or None) with the fewest errors."""
    n, m = len(reference), len(hypothesis)
    cost = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if i == 0 or j == 0:
                cost[i][j] = i + j
            else:
                cost[i][j] = min(cost[i - 1][j - 1] + (reference[i - 1] != hypothesis[j - 1]),
                                 cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    pairs = []
    i, j = n, m
    while i > 0 or j > 0:
        if i > 0 and j > 0 and cost[i][j] == cost[i - 1][j - 1] + (reference[i - 1] != hypothesis[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((reference[i], hypothesis[j]))
        elif i > 0 and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            pairs.append((reference[i], None))
        else:
            j -= 1
            pairs.append((None, hypothesis[j]))
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("splits", nargs="*", default=DEFAULT_SPLITS)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--options", default="", help="further options of bivox transcribe")
    parser.add_argument("--vocabulary", type=pathlib.Path, default=EN_SMALL / "words.dict",
                        help="words that are not planted: a dictionary or a Sphinx language model")
    parser.add_argument("--rare", type=pathlib.Path, default=MODEL / "cmudict-en-us.dict",
                        help="dictionary whose words beyond the vocabulary are the distractors")
    parser.add_argument("--distractors", type=int, default=100)
    parser.add_argument("--boosts", type=float, nargs="*", default=[1.5, 3.0, 5.0, 8.0])
    args = parser.parse_args()

    known = vocabulary_of(args.vocabulary)
    references = {}
    for name in args.splits:
        corpus, split = name.split("/")
        with open(args.corpora / corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["split"] == split:
                    references.setdefault(name, {})[row["id"]] = words_of(row["text"])
    said = {word for rows in references.values() for words in rows.values() for word in words}
    planted = sorted(said - known)
    rare = sorted(word for word in vocabulary_of(args.rare) - known - said if word.isalpha() and len(word) > 3)
    distractors = random.Random(1).sample(rare, args.distractors)
    count = sum(word in planted for rows in references.values() for words in rows.values() for word in words)
    print(f"{len(planted)} planted words, said {count} times, and {len(distractors)} distractors")

    with tempfile.TemporaryDirectory() as work_name:
        listed = pathlib.Path(work_name) / "words.txt"
        listed.write_text("".join(f"{word}\n" for word in sorted(planted + distractors)))
        conditions = [("as it is", []), ("--words", ["--words", listed])]
        conditions += [(f"--words --boost, weight {boost:g}",
                        ["--words", listed, "--boost", listed, "--boost-weight", str(boost)])
                       for boost in args.boosts]
        print(f"{'split':22} {'condition':30} {'recall':>16} {'WER of the rest':>18} {'false':>6}")
        for title, options in conditions:
            for name, rows in references.items():
                corpus, split = name.split("/")
                out = subprocess.run(
                    [args.bivox, "transcribe", "-q", "--manifest", args.corpora / corpus / "manifest.tsv",
                     "--split", split] + options + shlex.split(args.options),
                    check=True, capture_output=True, text=True).stdout
                heard = dict(line.split("\t") for line in out.splitlines())
                found = total = errors = rest = false = 0
                for key, reference in rows.items():
                    for word, got in align(reference, words_of(heard.get(key, ""))):
                        if word in planted:
                            total += 1
                            found += word == got
                        else:
                            rest += word is not None
                            errors += word != got
                        false += got in distractors
                recall = f"{found}/{total}" + (f" = {100 * found / total:.1f} %" if total else "")
                wer = f"{errors}/{rest} = {100 * errors / rest:.2f} %"
                print(f"{name:22} {title:30} {recall:>16} {wer:>18} {false:>6}", flush=True)


if __name__ == "__main__":
    main()
