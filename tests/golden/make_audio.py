"""Makes tests/data/audio from folders of LibriSpeech, LJSpeech, Kathleen and Common Voice clips.

    python3 make_audio.py CORPORA tests/data/audio

CORPORA holds one folder a corpus, each with a manifest.tsv (id path split speaker gender seconds
text) and its Opus files. Opus clips are copied as they are; the others are decoded and written once
in another format, so that together the clips exercise several readers and sample rates.
Needs: pip install numpy scipy soundfile
"""
import csv
import pathlib
import re
import shutil
import sys

import soundfile
from scipy.signal import resample_poly

# corpus, id, extension, sample rate (None: copy the Opus file)
CLIPS = [
    ("librispeech", "1867-154075-0005", "flac", 16000),
    ("librispeech", "1867-154075-0019", "opus", None),
    ("librispeech", "533-1066-0009", "opus", None),
    ("ljspeech", "LJ001-0147", "opus", None),
    ("kathleen", "arctic_a0045_1592747525", "wav", 16000),
    ("kathleen", "arctic_b0070_1592699853", "ogg", 24000),
    ("commonvoice", "common_voice_en_47", "flac", 16000),
    ("commonvoice", "common_voice_en_11", "mp3", 16000),
]
SUBTYPE = {"flac": "PCM_16", "wav": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}


def main():
    corpora, target = map(pathlib.Path, sys.argv[1:3])
    target.mkdir(parents=True, exist_ok=True)
    rows = ["id\tpath\tsplit\tspeaker\tgender\tseconds\ttext"]
    for corpus, clip_id, extension, rate in CLIPS:
        with open(corpora / corpus / "manifest.tsv", newline="") as manifest:
            row = next(r for r in csv.DictReader(manifest, delimiter="\t") if r["id"] == clip_id)
        source = corpora / corpus / row["path"]
        name = f"{corpus}-{clip_id}"
        path = target / f"{name}.{extension}"
        if rate is None:
            shutil.copyfile(source, path)
            path.chmod(0o644)
        else:
            samples, source_rate = soundfile.read(source)
            if source_rate == 24000 and rate == 16000:
                samples = resample_poly(samples, 2, 3)
            elif source_rate != rate:
                raise SystemExit(f"{source}: {source_rate} Hz, cannot become {rate} Hz here")
            soundfile.write(path, samples, rate, subtype=SUBTYPE[extension])
        text = " ".join(re.sub(r"[^A-Z' ]", " ", row["text"].upper()).split())
        (target / f"{name}.txt").write_text(text + "\n")
        seconds = soundfile.info(path).duration
        rows.append(f"{name}\t{path.name}\t{row['split']}\t{row['speaker']}\t{row['gender']}"
                    f"\t{seconds:.2f}\t{text}")
    (target / "manifest.tsv").write_text("\n".join(rows) + "\n")


main()
