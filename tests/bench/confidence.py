#!/usr/bin/env python3
"""How right the confidence of words is, and the calibration that makes it right.

    tests/bench/confidence.py CORPORA --model FOLDER [--sets librispeech:dev-clean ...] [--write]

Each set is recognized (bivox transcribe --format json), each word heard is right or wrong by the alignment with
the fewest errors. Prints, for each set and for all, the mean confidence beside the share of right words, the
expected calibration error in ten bins and the normalized cross entropy; then slope and offset of a logistic
regression over all sets with their calibration error in cross-validation over sets. They belong to the model:
with --write they take the place of those in its hmm.json (score_scale: confidence_slope, confidence_offset).
Fit on dev sets only.
"""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys
import zlib

SETS = ["librispeech:dev-clean", "librispeech:dev-other", "commonvoice:dev", "ljspeech:dev", "kathleen:dev"]


def words_of(text):
    text = re.sub(r"[-/]", " ", text.lower().replace("\u2019", "'"))
    return [w for w in (re.sub(r"[^\w']", "", t).strip("'") for t in text.split()) if w]


def right_ones(reference, heard):
    """For each word heard, whether it is right in an alignment with the fewest errors."""
    rows, columns = len(reference) + 1, len(heard) + 1
    cost = [[i + j if i == 0 or j == 0 else 0 for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            cost[i][j] = min(cost[i - 1][j - 1] + (reference[i - 1] != heard[j - 1]),
                             cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    right = [False] * len(heard)
    i, j = rows - 1, columns - 1
    while i > 0 and j > 0:
        if cost[i][j] == cost[i - 1][j - 1] + (reference[i - 1] != heard[j - 1]):
            right[j - 1] = reference[i - 1] == heard[j - 1]
            i, j = i - 1, j - 1
        elif cost[i][j] == cost[i][j - 1] + 1:
            j -= 1
        else:
            i -= 1
    return right


def logit(p):
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def sigmoid(x):
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))


def fit(pairs):
    """Newton's method for the two weights of a logistic regression on (x, right)."""
    a, b = 1.0, 0.0
    for _ in range(50):
        g = [0.0, 0.0]
        h = [[1e-6, 0.0], [0.0, 1e-6]]
        for x, y in pairs:
            p = sigmoid(a * x + b)
            g[0] += (y - p) * x
            g[1] += y - p
            w = p * (1 - p)
            h[0][0] += w * x * x
            h[0][1] += w * x
            h[1][1] += w
        det = h[0][0] * h[1][1] - h[0][1] ** 2
        a += (h[1][1] * g[0] - h[0][1] * g[1]) / det
        b += (h[0][0] * g[1] - h[0][1] * g[0]) / det
    return a, b


def quality(pairs):
    """Mean confidence, share right, expected calibration error, normalized cross entropy of (confidence, right)."""
    n = len(pairs)
    share = sum(y for _, y in pairs) / n
    bins = [[] for _ in range(10)]
    for p, y in pairs:
        bins[min(9, int(p * 10))].append((p, y))
    error = sum(abs(sum(p for p, _ in b) - sum(y for _, y in b)) for b in bins) / n
    entropy = -sum(math.log(share if y else 1 - share) for _, y in pairs) if 0 < share < 1 else math.nan
    given = -sum(math.log(max(1e-6, p if y else 1 - p)) for p, y in pairs)
    return sum(p for p, _ in pairs) / n, share, error, (entropy - given) / entropy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="further ones of bivox transcribe")
    parser.add_argument("--write", action="store_true", help="put slope and offset into the model")
    args = parser.parse_args()
    # Mixtures have a model of their own for speech that is not adapted.
    first = args.model / "first.hmm.json"
    hmms = first if first.exists() and "--adapt" not in args.options else args.model / "hmm.json"
    scale = json.loads(hmms.read_text())["score_scale"]
    now_slope, now_offset = scale["confidence_slope"], scale["confidence_offset"]

    by_set = {}
    for name in args.sets:
        corpus, split = name.split(":")
        manifest = args.corpora / corpus / "manifest.tsv"
        out = subprocess.run([args.bivox, "transcribe", "-q", "--model", args.model, "--manifest", manifest,
                              "--split", split, "--format", "json"] + args.options,
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        header, *lines = manifest.read_text(encoding="utf-8").splitlines()
        column = header.split("\t").index
        texts = {}
        for line in lines:
            cells = line.split("\t")
            if cells[column("split")] == split:
                texts[pathlib.Path(cells[column("path")]).name] = words_of(cells[column("text")])
        pairs = []
        for recording in records(out):
            reference = texts[pathlib.Path(recording["source"]).name]
            heard = [(piece, word["confidence"]) for segment in recording["segments"] for word in segment["words"]
                     for piece in words_of(word["word"])]
            right = right_ones(reference, [w for w, _ in heard])
            pairs += [(c, y) for (_, c), y in zip(heard, right)]
        by_set[name] = pairs
        show(name, pairs)
    everything = [pair for pairs in by_set.values() for pair in pairs]
    show("all", everything)
    # x is the logit of the posterior before calibration.
    raw = {name: [((logit(p) - now_offset) / now_slope, y) for p, y in pairs] for name, pairs in by_set.items()}
    slope, offset = fit([pair for pairs in raw.values() for pair in pairs])
    held_out = []
    for name in raw:
        rest = [pair for other, pairs in raw.items() if other != name or len(raw) == 1 for pair in pairs]
        a, b = fit(rest)
        held_out += [(sigmoid(a * x + b), y) for x, y in raw[name]]
    show("fitted, other sets", held_out)
    print(f"confidence_slope {slope:.3f} confidence_offset {offset:.3f} "
          f"(in the model: {now_slope:g} and {now_offset:g})")
    if args.write:
        write(hmms, slope, offset)


def write(hmms, slope, offset):
    """Changes the two numbers in the file, and its size and checksum in config.json; nothing else in either."""
    before = hmms.read_bytes()
    text = before.decode()
    for name, value in ("confidence_slope", slope), ("confidence_offset", offset):
        text, found = re.subn(rf'("{name}"\s*:\s*)[-+.eE0-9]+', rf"\g<1>{value:.3f}", text)
        if found != 1:
            sys.exit(f"{hmms}: {name} occurs {found} times, expected once")
    after = text.encode()
    config_file = hmms.parent / "config.json"
    config = config_file.read_text(encoding="utf-8")
    entry = re.search(rf'"{re.escape(hmms.name)}"\s*:\s*\{{[^}}]*\}}', config)
    if not entry or f"{zlib.crc32(before):08x}" not in entry[0]:
        sys.exit(f"{config_file}: not the checksum of {hmms.name}")
    changed = entry[0].replace(f"{zlib.crc32(before):08x}", f"{zlib.crc32(after):08x}")
    changed = re.sub(r'("bytes"\s*:\s*)\d+', rf"\g<1>{len(after)}", changed)
    hmms.write_bytes(after)
    config_file.write_text(config.replace(entry[0], changed), encoding="utf-8")


def records(text):
    """JSON documents one after the other, or one list of them."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        value, at = decoder.raw_decode(text, at)
        yield from value if isinstance(value, list) else [value]


def show(name, pairs):
    mean, share, error, nce = quality(pairs)
    print(f"{name:24} {len(pairs):6} words, mean confidence {mean:.3f}, right {share:.3f}, "
          f"calibration error {error:.3f}, normalized cross entropy {nce:.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
