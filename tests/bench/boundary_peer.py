#!/usr/bin/env python3
"""Phone boundaries of `bivox align` beside times that are known: those of a synthesizer.

  tests/bench/boundary_peer.py TEXTS --model own=my-gmm [--model sphinx=FOLDER] [--bivox build/release/apps/bivox]
      [--voices slt rms kal16] [--sentences 60] [--plots FOLDER]

TEXTS is a manifest.tsv (column text) or a file with one sentence a line; the first --sentences different
ones are read by each of the voices of Debian's flite, which says when each phone ends (-psdur) of the very
sound that it makes. The recording is aligned with the text by every model and its usual dictionary. Phones
of both are matched by edit distance (the dictionaries differ); a boundary counts where the phones on both
sides are the same. For each model: the share of boundaries within 10, 20 and 50 ms of flite's, the median
of the differences and their bias; boundaries between phones, and beginnings and ends at pauses, apart.

With two models, also how far they agree with each other on the recordings of --agree MANIFEST:SPLIT, which
nobody has marked. --plots writes three spectrograms with the boundaries of flite (top) and of the first
model (bottom) as PNG; it needs matplotlib, numpy and scipy.

Needs Debian's flite.
"""

import argparse
import csv
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

# flite's phones that CMUdict writes otherwise.
SAME = {"AX": "AH", "AXR": "ER", "DX": "T", "EL": "L", "EM": "M", "EN": "N", "IX": "IH", "PAU": "SIL"}


def read_texts(path, count):
    if path.suffix == ".tsv":
        with open(path, encoding="utf-8", newline="") as file:
            lines = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
    # Numbers and abbreviations are read out, and then the text is not what was said.
    plain = [line for line in dict.fromkeys(lines)
             if re.fullmatch(r"[A-Za-z' ,.;?!-]+", line) and not re.search(r"\b([A-Z]{2,}\.|Mr|Mrs|Dr|St|etc)\b", line)]
    return plain[:count]


def speak(text, voice, path):
    """Phones (name, begin, end) of the sound that is written to `path`."""
    out = subprocess.run(["flite", "-voice", voice, "-psdur", "-t", text, "-o", path], check=True,
                         capture_output=True, text=True).stdout
    phones, begin = [], 0.0
    for name, end in re.findall(r"(\S+):([\d.]+)", out):
        name = SAME.get(name.upper(), name.upper())
        phones.append((name, begin, float(end)))
        begin = float(end)
    return phones


def align(bivox, model, options, recordings):
    """Phones of every recording, silence filled in; None where it could not be aligned."""
    out = recordings[0].parent / "aligned"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([bivox, "align", *recordings, "--model", model, "--format", "json", "--output-dir", out, "-q",
                    *options], stderr=subprocess.DEVNULL, check=False)  # some may fail: they are counted
    results = []
    for wav in recordings:
        document = out / f"{wav.stem}.json"
        if not document.exists():
            results.append(None)
            continue
        document = json.loads(document.read_text(encoding="utf-8"))
        phones, at = [], 0.0
        for word in [w for segment in document["segments"] for w in segment["words"]]:
            for phone in word["phones"]:
                if phone["start_s"] > at + 1e-6:
                    phones.append(("SIL", at, phone["start_s"]))
                phones.append((re.sub(r"\d$", "", phone["phone"]).upper(), phone["start_s"], phone["end_s"]))
                at = phone["end_s"]
        if document["duration_s"] > at + 1e-6:
            phones.append(("SIL", at, document["duration_s"]))
        results.append(phones)
    return results


def match(a, b):
    """Pairs of indices that an alignment of least edits takes as equal."""
    cost = [[i + j if i == 0 or j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            cost[i + 1][j + 1] = min(cost[i][j] + (x[0] != y[0]), cost[i][j + 1] + 1, cost[i + 1][j] + 1)
    pairs, i, j = [], len(a), len(b)
    while i > 0 and j > 0:
        same = a[i - 1][0] == b[j - 1][0]
        if cost[i][j] == cost[i - 1][j - 1] + (not same):
            if same:
                pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def differences(references, hypotheses):
    """(between phones, at pauses): differences in seconds; and how many boundaries there were."""
    between, pauses, total = [], [], 0
    for reference, phones in zip(references, hypotheses):
        total += max(0, len(reference) - 1)
        if phones is None:
            continue
        pairs = match(reference, phones)
        for (i, j), (k, l) in zip(pairs, pairs[1:]):
            if k == i + 1 and l == j + 1:
                at_pause = "SIL" in (reference[i][0], reference[k][0])
                (pauses if at_pause else between).append(phones[l][1] - reference[k][1])
    return between, pauses, total


def report(name, references, hypotheses):
    between, pauses, total = differences(references, hypotheses)
    failed = sum(phones is None for phones in hypotheses)
    print(f"{name}: {len(references)} recordings, {failed} not aligned; {total} boundaries, "
          f"{len(between) + len(pauses)} between equal phones")
    for what, values in (("between phones", between), ("at pauses", pauses), ("all", between + pauses)):
        if not values:
            continue
        shares = " ".join(f"{100 * sum(abs(v) <= limit + 1e-6 for v in values) / len(values):5.1f} % <= {1000 * limit:.0f} ms"
                          for limit in (0.01, 0.02, 0.05))
        print(f"  {what:15} {len(values):6}   {shares}   median |d| {1000 * statistics.median(map(abs, values)):.0f} ms,"
              f" bias {1000 * statistics.median(values):+.0f} ms")


def plot(wav, reference, phones, path):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from scipy.io import wavfile
    rate, samples = wavfile.read(wav)
    figure, axes = plt.subplots(figsize=(16, 5))
    axes.specgram(samples.astype(np.float32) + 1.0, NFFT=400, Fs=rate, noverlap=240, cmap="gray_r")
    top = rate / 2
    for rows, low, high, colour in ((reference, 0.5 * top, top, "tab:red"), (phones, 0, 0.5 * top, "tab:blue")):
        for name, begin, end in rows:
            axes.vlines(begin, low, high, color=colour, linewidth=1)
            axes.text((begin + end) / 2, 0.96 * high if low else 0.02 * top, name, color=colour, fontsize=7, ha="center")
    axes.set(xlabel="s", ylabel="Hz", title=f"{wav.stem}: red flite, blue bivox")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FOLDER", required=True)
    parser.add_argument("--dict", help="for all models (default: each model's own)")
    parser.add_argument("--voices", nargs="+", default=["slt", "rms", "kal16"])
    parser.add_argument("--sentences", type=int, default=60)
    parser.add_argument("--agree", metavar="MANIFEST:SPLIT")
    parser.add_argument("--plots", type=pathlib.Path)
    args = parser.parse_args()
    models = [entry.split("=", 1) for entry in args.model]
    options = ["--dict", args.dict] if args.dict else []
    texts = read_texts(args.texts, args.sentences)
    if not texts:
        sys.exit(f"{args.texts}: no text")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        recordings, references = [], []
        for voice in args.voices:
            for number, text in enumerate(texts):
                wav = folder / f"{voice}-{number:03}.wav"
                references.append(speak(text, voice, wav))
                wav.with_suffix(".txt").write_text(text + "\n")
                recordings.append(wav)
        for name, model in models:
            found = align(args.bivox, model, options, recordings)
            report(name, references, found)
            for voice in args.voices:
                chosen = [i for i, wav in enumerate(recordings) if wav.stem.startswith(voice + "-")]
                report(f"{name}, voice {voice}", [references[i] for i in chosen], [found[i] for i in chosen])
            if args.plots and name == models[0][0]:
                args.plots.mkdir(parents=True, exist_ok=True)
                for voice in args.voices[:3]:
                    i = next(i for i, wav in enumerate(recordings)
                             if wav.stem.startswith(voice + "-") and found[i] is not None)
                    plot(recordings[i], references[i], found[i], args.plots / f"{recordings[i].stem}.png")
        if args.agree and len(models) > 1:
            manifest, _, split = args.agree.rpartition(":")
            source = pathlib.Path(manifest)
            with open(source, encoding="utf-8", newline="") as file:
                rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                        if row["split"] == split]
            linked = []
            for number, row in enumerate(rows):
                audio = folder / f"agree-{number:03}{pathlib.Path(row['path']).suffix}"
                audio.symlink_to((source.parent / row["path"]).resolve())
                audio.with_suffix(".txt").write_text(row["text"] + "\n")
                linked.append(audio)
            (first, model), (second, other) = models[:2]
            report(f"{first} against {second} on {args.agree.rpartition('/')[2]}",
                   [phones or [] for phones in align(args.bivox, other, options, linked)],
                   align(args.bivox, model, options, linked))


if __name__ == "__main__":
    main()
