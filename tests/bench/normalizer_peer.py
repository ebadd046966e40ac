#!/usr/bin/env python3
"""The golden table of the normalizer, read by Bivox and by flite (Debian: flite1-dev).

  tests/bench/normalizer_peer.py --bivox build/release/apps/bivox [--list]

Prints, per class, how many lines each reads as the table says; with --list also those that one of them
gets wrong. Case and apostrophes do not count, nor do spellings of the same sounds that flite's word list
has (missus, okay), so that flite is not blamed for its notation.
"""

import argparse
import bisect
import collections
import itertools
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What flite writes, and what the table writes for the same sounds.
SAME = {"mrs": "missus", "ms": "miz", "ok": "okay", "o'clock": "oclock", "minus": "minus"}


def plain(words):
    out = []
    for word in words.lower().replace("-", " ").split():
        word = SAME.get(word, word)
        if word == "'s":
            if out:
                out[-1] += "s"
            continue
        word = word.replace("'", "")
        if word:
            out.append(word)
    return " ".join(out)


def flite(lines):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "flite_words"
        subprocess.run(["cc", ROOT / "tests/bench/flite_words.c", "-lflite_cmu_us_kal", "-lflite_usenglish",
                        "-lflite_cmulex", "-lflite", "-lm", "-o", program], check=True)
        out = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True,
                             errors="replace", check=True)
    return [line.split("\t")[0] for line in out.stdout.split("\n")[:len(lines)]]


def bivox(program, lines):
    """One run for all: a paragraph a line, and words told apart by where in the text they stand."""
    text = [line.encode() + b"\n\n" for line in lines]
    ends = list(itertools.accumulate(map(len, text)))
    run = subprocess.run([program, "say", "--json", "--plain", "--file", "-"], input=b"".join(text),
                         capture_output=True, check=True)
    result = [[] for _ in lines]
    for sentence in run.stdout.splitlines():
        for word in json.loads(sentence)["words"]:
            result[bisect.bisect_right(ends, word["begin"])].append(word["word"])
    return [" ".join(words) for words in result]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bivox", required=True)
    parser.add_argument("--table", default=ROOT / "tests/data/tts/normalization.tsv", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    rows = [line.split("\t") for line in args.table.read_text(encoding="utf-8").splitlines()[1:] if line]
    lines = [row[0] for row in rows]
    ours, theirs = bivox(args.bivox, lines), flite(lines)
    counts = collections.defaultdict(lambda: [0, 0, 0])
    only_flite = 0
    for row, our, their in zip(rows, ours, theirs):
        right = [plain(words) == plain(row[1]) for words in (our, their)]
        for name in (row[2], "all"):
            counts[name][0] += 1
            counts[name][1] += right[0]
            counts[name][2] += right[1]
        only_flite += right[1] and not right[0]
        if args.list and not all(right):
            print(f"{row[0]!r}: {row[1]!r}\n  bivox {our!r}\n  flite {their!r}")
    print(f"{'class':<14}{'lines':>6}{'bivox':>7}{'flite':>7}")
    for name in sorted(counts, key=lambda n: (n == "all", n)):
        print(f"{name:<14}{counts[name][0]:>6}{counts[name][1]:>7}{counts[name][2]:>7}")
    print(f"right in flite and wrong in bivox: {only_flite}")


if __name__ == "__main__":
    main()
