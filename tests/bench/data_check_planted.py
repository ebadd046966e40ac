#!/usr/bin/env python3
"""How many swapped transcripts `bivox data check` puts into the worst tenth.

Takes a split of a corpus with a manifest.tsv, swaps the texts of a share of its utterances among
themselves (none keeps an equal text), runs the check and counts how many of them rank within the
worst share; and, from the same run without swaps, how many utterances are called suspicious.

    tests/bench/data_check_planted.py CORPORA/librispeech:train-clean-5 CORPORA/ljspeech:train

Needs bivox (build/release/apps/bivox, or --bivox) and its models.
"""

import argparse
import csv
import random
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read_split(source, every_speaker, limit):
    folder, _, split = source.rpartition(":")
    folder = Path(folder)
    with open(folder / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["split"] == split]
    speakers = sorted({row["speaker"] for row in rows})
    kept = set(speakers[::every_speaker])
    rows = [row for row in rows if row["speaker"] in kept]
    if limit:
        rows = rows[:limit]
    for row in rows:
        row["path"] = str((folder / row["path"]).resolve())
    return rows


def swap_texts(rows, share, seed):
    """Moves the texts of some rows along a cycle; the ids of those rows."""
    rng = random.Random(seed)
    order = list(range(len(rows)))
    rng.shuffle(order)
    wanted = max(2, round(share * len(rows)))
    chosen, seen = [], set()
    for index in order:
        text = rows[index]["text"].lower()
        if text in seen:
            continue  # an equal text would be no error
        seen.add(text)
        chosen.append(index)
        if len(chosen) == wanted:
            break
    texts = [rows[index]["text"] for index in chosen]
    for index, text in zip(chosen, texts[1:] + texts[:1]):
        rows[index]["text"] = text
    return {rows[index]["id"] for index in chosen}


def check(bivox, rows, jobs):
    """The ids, worst first, with their points and findings; and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "manifest.tsv"
        names = list(rows[0])
        lines = ["\t".join(names)] + ["\t".join(row[name] for name in names) for row in rows]
        manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
        start = time.monotonic()
        command = [str(bivox), "data", "check", str(manifest), "--format", "tsv", "--top", "0"]
        run = subprocess.run(command + ["--jobs", str(jobs), "-q"], check=True, text=True,
                             stdout=subprocess.PIPE)
        seconds = time.monotonic() - start
    table = csv.DictReader(run.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [(row["id"], float(row["points"]), row["findings"]) for row in table], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sources", nargs="+", metavar="FOLDER:SPLIT")
    parser.add_argument("--bivox", type=Path, default=ROOT / "build/release/apps/bivox")
    parser.add_argument("--share", type=float, default=0.05, help="of the texts that are swapped")
    parser.add_argument("--worst", type=float, default=0.1, help="share of the ranking that counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-speaker", type=int, default=1, help="take every n-th speaker only")
    parser.add_argument("--limit", type=int, default=0, help="take the first n utterances only")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--clean", action="store_true", help="also run without swapped texts")
    args = parser.parse_args()

    print("| corpus | utterances | swapped | in the worst tenth | in the worst twentieth | of real time |")
    print("|---|---|---|---|---|---|")
    for source in args.sources:
        rows = read_split(source, args.every_speaker, args.limit)
        audio_s = sum(float(row["seconds"]) for row in rows)
        if args.clean:
            ranked, _ = check(args.bivox, rows, args.jobs)
            suspicious = sum(points >= 3.0 for _, points, _ in ranked)
            misfit = sum("misfit" in findings.split(",") for _, _, findings in ranked)
            print(f"<!-- {Path(source).name} as it is: {suspicious} suspicious, {misfit} misfit -->")
        swapped = swap_texts(rows, args.share, args.seed)
        ranked, seconds = check(args.bivox, rows, args.jobs)
        ids = [row[0] for row in ranked]
        tenth = swapped & set(ids[:round(args.worst * len(ids))])
        twentieth = swapped & set(ids[:round(args.worst * len(ids) / 2)])
        print(f"| {Path(source).name} | {len(rows)} | {len(swapped)} "
              f"| {len(tenth)} ({100 * len(tenth) / len(swapped):.1f} %) "
              f"| {len(twentieth)} ({100 * len(twentieth) / len(swapped):.1f} %) "
              f"| {seconds / audio_s:.3f} |", flush=True)


if __name__ == "__main__":
    main()
