#!/usr/bin/env python3
"""Writes paired_ref.trn, paired_a.trn, paired_b.trn and what others make of them: paired.json.

Usage: make_paired_golden.py FOLDER     (needs Debian's sctk, NumPy and SciPy)

Matched pairs and counts of utterances are those of NIST sc_stats; its binomial is not used, as the
probabilities that version 1.3 prints are not those of a fair coin. The exact test is SciPy's, the
paired bootstrap NumPy's (another generator, 200,000 resamples). All utterances end in two words that
both systems have right, because sc_stats forgets insertions of the second system at the very end.
"""
import json
import pathlib
import random
import re
import subprocess
import sys

import numpy
import scipy.stats

SCTK = "/usr/lib/sctk/bin/"
WORDS = "a the cat dog sat on mat red we don't know it's all here now said she he".split()


def noisy(words, rate, rng):
    heard = []
    for word in words:
        roll = rng.random()
        if roll < rate / 3:
            continue
        heard.append(rng.choice(WORDS) if roll < 2 * rate / 3 else word)
        if rng.random() < rate / 3:
            heard.append(rng.choice(WORDS))
    return heard


def write_texts(folder):
    rng = random.Random(11)
    texts = {"ref": [], "a": [], "b": []}
    for number in range(120):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 25))]
        rate = rng.choice([0.0, 0.02, 0.05, 0.1, 0.4])
        end = ["stop", "go", f"(s{number % 12}-u{number})"]
        common = noisy(words, rate / 8, rng)
        texts["ref"].append(" ".join(words + end))
        texts["a"].append(" ".join(noisy(common, rate, rng) + end))
        texts["b"].append(" ".join(noisy(common, rate * 0.7, rng) + end))
    for name, lines in texts.items():
        (folder / f"paired_{name}.trn").write_text("\n".join(lines) + "\n")


def counts(folder, system):
    """[errors, reference words] of each utterance, by sclite, in the order of ids."""
    text = subprocess.run(
        [SCTK + "sclite", "-s", "-r", folder / "paired_ref.trn", "trn", "-h",
         folder / f"paired_{system}.trn", "trn", "-i", "spu_id", "-o", "pralign", "stdout"],
        capture_output=True, text=True, check=True).stdout
    found = re.findall(r"id: \((\S+)\)\s*\nScores: .*\) (\d+) (\d+) (\d+) (\d+)", text)
    table = {name: (int(s) + int(d) + int(i), int(c) + int(s) + int(d)) for name, c, s, d, i in found}
    return numpy.array([table[name] for name in sorted(table)])


def main():
    folder = pathlib.Path(sys.argv[1])
    write_texts(folder)
    sgml = subprocess.run(
        [SCTK + "sclite", "-s", "-r", folder / "paired_ref.trn", "trn", "-h", folder / "paired_a.trn",
         "trn", "a", "-h", folder / "paired_b.trn", "trn", "b", "-i", "spu_id", "-o", "sgml", "stdout"],
        capture_output=True, check=True).stdout
    report = subprocess.run(
        [SCTK + "sc_stats", "-p", "-t", "mapsswe", "-t", "mcn", "-v", "-n", "-"],
        input=sgml, capture_output=True, check=True).stdout.decode(errors="replace")
    pairs = re.search(r"# segs: (\d+)\).*mean: *([-\d.]+)\) \(std dev: *([\d.]+)\) \(Z Stat: *([-\d.]+)",
                      report)
    table = re.findall(r"(?:corr|incorr) +(\d+) +(\d+)\s*\n", report)[-2:]
    (both, only_a), (only_b, neither) = [[int(x) for x in row] for row in table]
    a, b = counts(folder, "a"), counts(folder, "b")
    rng = numpy.random.default_rng(5)
    drawn = rng.integers(0, len(a), size=(200_000, len(a)))
    difference = (a[drawn, 0].sum(1) - b[drawn, 0].sum(1)) / a[drawn, 1].sum(1)
    z = float(pairs[4])
    golden = {
        "errors_a": int(a[:, 0].sum()), "errors_b": int(b[:, 0].sum()), "words": int(a[:, 1].sum()),
        "segments": int(pairs[1]), "mean": float(pairs[2]), "std_dev": float(pairs[3]), "z": z,
        "p": float(2 * scipy.stats.norm.sf(abs(z))),
        "both_right": both, "only_a_right": only_a, "only_b_right": only_b, "both_wrong": neither,
        "mcnemar_p": float(scipy.stats.binomtest(min(only_a, only_b), only_a + only_b).pvalue),
        "difference": float((a[:, 0].sum() - b[:, 0].sum()) / a[:, 1].sum()),
        "interval": [float(x) for x in numpy.quantile(difference, [0.025, 0.975])],
        "probability": float((difference > 0).mean() + 0.5 * (difference == 0).mean()),
    }
    (folder / "paired.json").write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
