#!/usr/bin/env python3
"""What fine-tuning brings: a ConvNet trained further on children's speech, measured on other children.

    tests/bench/finetune_child.py CORPORA/speechocean762 --init MODEL --gmm MODEL [--work FOLDER]

Takes the speakers of the split `train` who are younger than --age, trains the model further on them
(bivox train convnet --init, its defaults), and recognizes all speakers of the split `test` with the model before and
after: the children, who are what it was tuned for, and the others, who tell what that cost. Nothing is chosen on the
test split. --minutes bounds the speech trained on. Prints word error rates with 95 % intervals and the clock time.
"""

import argparse
import csv
import pathlib
import random
import subprocess
import sys
import tempfile
import time


def age_of(row):
    return int(row["speaker"].rpartition("/age")[2])


def write_manifest(path, rows, corpus, split):
    with open(path, "w", encoding="utf-8") as file:
        file.write("id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n")
        for row in rows:
            file.write("\t".join([row["id"], str(corpus / row["path"]), split, row["speaker"], row["gender"],
                                  row["seconds"], row["text"]]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--init", required=True, help="ConvNet to begin with")
    parser.add_argument("--gmm", default="", help="model that aligns (default: the ConvNet itself)")
    parser.add_argument("--age", type=int, default=13)
    parser.add_argument("--minutes", type=float, default=0.0, help="of speech to train on; 0: all there is")
    parser.add_argument("--epochs", type=int, default=0, help="0: the default of bivox train convnet")
    parser.add_argument("--limit", type=int, default=0, help="utterances of each test set; 0: all")
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--work", type=pathlib.Path, help="keep model and transcripts here")
    args = parser.parse_args()
    corpus = args.corpus.resolve()
    with open(corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    young = [row for row in rows if row["split"] == "train" and age_of(row) < args.age]
    if args.minutes:
        random.Random(1).shuffle(young)
        seconds = 0.0
        kept = []
        for row in young:
            if seconds < 60.0 * args.minutes:
                kept.append(row)
                seconds += float(row["seconds"])
        young = kept
    test = [row for row in rows if row["split"] == "test"]
    sets = {"children": [row for row in test if age_of(row) < args.age],
            "others": [row for row in test if age_of(row) >= args.age]}
    with tempfile.TemporaryDirectory() as scratch:
        work = args.work or pathlib.Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        write_manifest(work / "tune.tsv", young, corpus, "train")
        for name, some in sets.items():
            write_manifest(work / f"{name}.tsv", some, corpus, "test")
        minutes = sum(float(row["seconds"]) for row in young) / 60.0
        print(f"{len({row['speaker'] for row in young})} speakers under {args.age}, {len(young)} utterances, "
              f"{minutes:.1f} minutes to train on", flush=True)
        tuned = work / "tuned"
        command = [args.bivox, "train", "convnet", work / "tune.tsv", "--init", args.init, "-o", tuned,
                   "--threads", str(args.threads)]
        if args.gmm:
            command += ["--gmm", args.gmm]
        if args.epochs:
            command += ["--epochs", str(args.epochs)]
        start = time.monotonic()
        subprocess.run(command, check=True)
        print(f"trained in {(time.monotonic() - start) / 60.0:.1f} minutes of clock time", flush=True)
        for name in sets:
            out = subprocess.run([args.bivox, "compare", work / f"{name}.tsv", "--system", f"before={args.init}",
                                  "--system", f"after={tuned}", "--inside", "0", "--limit", str(args.limit),
                                  "--json", work / f"{name}.json"],
                                 check=True, stdout=subprocess.PIPE, text=True).stdout
            print(f"\n{name} of the test split\n" + "\n\n".join(out.split("\n\n")[:2]).strip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
