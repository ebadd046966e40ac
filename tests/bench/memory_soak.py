#!/usr/bin/env python3
"""Hours of speech through one `bivox transcribe -`: does memory stay flat?

  tests/bench/memory_soak.py FOLDER [--hours 2] [--bivox build/release/apps/bivox]

Decodes the 16 kHz audio files below FOLDER, repeats them up to the given length with half a second of
silence between them, and pipes them as raw PCM into one process. Prints the resident memory of that
process after every ten minutes of audio, the peak, and core-seconds per second of audio.

Needs Debian's sndfile-programs.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import wave

RATE = 16000


def decode(path, folder):
    target = pathlib.Path(folder) / "decoded.wav"
    subprocess.run(["sndfile-convert", "-pcm16", path, target], check=True, stdout=subprocess.DEVNULL)
    with wave.open(str(target)) as file:
        if file.getframerate() != RATE or file.getnchannels() != 1:
            return b""
        return file.readframes(file.getnframes())


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        files = sorted(p for p in args.folder.rglob("*") if p.suffix in (".opus", ".flac", ".wav", ".ogg"))
        clips = [clip for clip in (decode(path, work) for path in files) if clip]
    if not clips:
        sys.exit(f"{args.folder}: no 16 kHz mono audio files")
    process = subprocess.Popen([args.bivox, "transcribe", "-q", "-", "--rate", str(RATE)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    words = 0

    def drain():
        nonlocal words
        for line in process.stdout:
            words += len(line.split())

    reader = threading.Thread(target=drain)
    reader.start()
    fed, next_report = 0, 600
    while fed < args.hours * 3600:
        for clip in clips:
            process.stdin.write(clip)
            process.stdin.write(bytes(RATE))  # half a second of 16-bit zeros
            fed += len(clip) / 2 / RATE + 0.5
            if fed >= next_report:
                print(f"{fed / 60:6.0f} min of audio  {resident_mb(process.pid):7.1f} MB", flush=True)
                next_report += 600
            if fed >= args.hours * 3600:
                break
    process.stdin.close()
    reader.join()
    _, status, usage = os.wait4(process.pid, 0)
    core = usage.ru_utime + usage.ru_stime
    print(f"peak {usage.ru_maxrss / 1024:.1f} MB, {core / fed:.4f} core-seconds a second, {words} words, "
          f"exit code {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
