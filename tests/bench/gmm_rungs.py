#!/usr/bin/env python3
"""Word errors of the rungs of `bivox train gmm`, with several language models.

  tests/bench/gmm_rungs.py CORPORA --run RUN --work FOLDER [--bivox build/release/apps/bivox]
      [--lm en-small --lm en-large=en-large.bin] [--test librispeech/dev-clean librispeech/dev-other]
      [--train librispeech/train-clean-5] [--weights 9 11 13] [--rungs mono tri lda-mllt sat bmmi]

CORPORA is a folder with one folder a corpus, each holding manifest.tsv and audio. RUN is the folder of a
run (`bivox train gmm ... --run-dir RUN`); what is missing there is trained first. For each rung the model
is written and decodes the test splits: unadapted, and for sat and bmmi in two passes (--adapt). The weight
of the language model is chosen for each rung and language model among --weights, by the errors on all
splits together. Counts and 95 % intervals (bootstrap) are those of `bivox score`.

--work keeps models and transcripts; what is there is used again.
"""

import argparse
import json
import os
import pathlib
import subprocess

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models/pretrained"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--lm", action="append", metavar="NAME[=FILE]")
    parser.add_argument("--train", default="librispeech/train-clean-5")
    parser.add_argument("--test", nargs="+", default=["librispeech/dev-clean", "librispeech/dev-other"])
    parser.add_argument("--weights", nargs="+", type=float, default=[9, 11, 13])
    parser.add_argument("--rungs", nargs="+", default=["mono", "tri", "lda-mllt", "sat", "bmmi"])
    parser.add_argument("--threads", default="0")
    args = parser.parse_args()
    bivox = pathlib.Path(args.bivox).resolve()
    work, run = args.work.resolve(), args.run.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("BIVOX_MODEL_PATH", str(MODELS))
    corpus, split = args.train.split("/")

    systems = []  # (name, model, options)
    for rung in args.rungs:
        model = work / f"gmm-{rung}"
        if not (model / "config.json").exists():
            subprocess.run([bivox, "train", "gmm", f"{args.corpora / corpus}:{split}", "--upto", rung,
                            "--run-dir", run, "-o", model, "--threads", args.threads, "-q"], check=True)
        if rung not in ("sat",):  # its first pass is lda-mllt
            systems.append((rung, model, []))
        if rung in ("sat", "bmmi"):
            systems.append((f"{rung}, two passes", model, ["--adapt"]))

    for lm in args.lm or ["en-small"]:
        name, _, path = lm.partition("=")
        print(f"\n{name:22} weight" + "".join(f"{test:>38}" for test in args.test), flush=True)
        for system, model, options in systems:
            tried = []
            for weight in args.weights:
                scores = []
                for test in args.test:
                    test_corpus, test_split = test.split("/")
                    manifest = args.corpora / test_corpus / "manifest.tsv"
                    out = work / f"{model.name}{'-adapted' if options else ''}-{name}-{weight:g}-{test_split}.trn"
                    if not out.exists():
                        texts = subprocess.run(
                            [bivox, "transcribe", "--engine", "gmm", "--model", model, "--lm", path or name,
                             "--dict", MODELS / "en-small/words.dict", "--lm-weight", str(weight), "-q",
                             "--jobs", "1", "--manifest", manifest, "--split", test_split, *options],
                            check=True, capture_output=True).stdout
                        part = out.with_suffix(".part")
                        part.write_bytes(texts)
                        part.rename(out)
                    scored = subprocess.run([bivox, "score", manifest, out, "--split", test_split, "--json"],
                                            check=True, capture_output=True).stdout
                    scores.append(json.loads(scored)["words"])
                tried.append((sum(s["errors"] for s in scores), weight, scores))
            _, weight, scores = min(tried, key=lambda entry: entry[:2])
            line = f"{system:22} {weight:6g}"
            for s in scores:
                low, high = s["interval_95"]
                line += (f"{100 * s['rate']:.2f} ({s['errors']}/{s['reference']}) "
                         f"[{100 * low:.1f}, {100 * high:.1f}]").rjust(38)
            print(line, flush=True)


if __name__ == "__main__":
    main()
