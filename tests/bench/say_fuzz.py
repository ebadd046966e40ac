#!/usr/bin/env python3
"""Arbitrary text, spoken: every text must end in sound or in a clear error, never in a crash or a hang.

  tests/bench/say_fuzz.py --bivox build/release/apps/bivox [--lines 10000] [--chunk 1000] [--seed 1]
                          [--say "--rate 4"] [--timeout 600] [--keep FOLDER]
  tests/bench/say_fuzz.py --write tests/data/tts/odd_texts.json --lines 400 --seed 1

Lines of all kinds (empty, control characters, other scripts, emoji, stacked accents, bytes that are no UTF-8,
numbers of any length, markup and broken markup, phones and broken phones, long words) go through
`bivox say --file CHUNK -o FILE`, a chunk of lines a run; a sample of the broken SSML goes alone, as SSML; and
100 kB without a space. Per run: exit code, processor seconds, largest memory, seconds of sound. A run passes
with exit code 0 and a file that sounds, or with 3 (input) and one line on standard error that tells why.

--write stores the lines instead, as the texts of tests/tts/voice/odd_texts_test.cpp: JSON, a character a byte.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time

WORDS = """the a of to in it is was for on are with his they at be this from have or by one had not but what all
were when we there can an your which their said if do will each about how up out them then she many some so these
would other into has more her two like him see time could no make than first been its who now people my made over
did down only way find use may water long little very after words called just where most know""".split()
SCRIPTS = ["а-яА-Я", "α-ωΑ-Ω", "א-ת", "ء-ي", "अ-ह", "ก-ฮ", "一-丏", "ぁ-ゖ", "ァ-ヺ", "가-각", "ა-ჰ", "Ա-Ֆ"]
EMOJI = "😀😂🎉👍🏽👩‍👩‍👧‍👦🇺🇸🏳️‍🌈❤️‍🔥🚀💩☕✅"
TAGS = ["speak", "p", "s", "break", "prosody", "say-as", "phoneme", "sub", "mark", "emphasis", "voice", "audio", "x"]
ATTRIBUTES = ['time="{n}ms"', 'time="{n}s"', 'time="-5s"', 'strength="x-strong"', 'rate="{n}%"', 'rate="x-fast"',
              'rate="0"', 'pitch="+{n}st"', 'pitch="{n}Hz"', 'volume="-{n}dB"', 'volume="silent"', 'alias="{w}"',
              'interpret-as="{k}"', 'alphabet="ipa" ph="həˈloʊ"', 'alphabet="x-arpabet" ph="HH AH0 L OW1"',
              'ph="{w}"', 'name="{w}"', 'rate=', 'rate="', "pitch='{n}'", '{w}', 'time=""', 'rate="nan" pitch="inf"']
KINDS = ["cardinal", "ordinal", "date", "time", "telephone", "characters", "spell-out", "fraction", "unit", "nothing"]
SYMBOLS = "$€£¥%&@#*+-=/\\|~^_<>[](){}\"'`.,;:!?…–—•°±×÷½¾²³™®©§"


def words(r, most=8):
    return " ".join(r.choice(WORDS) for _ in range(r.randint(1, most)))


def empty(r):
    return r.choice(["", " ", "\t", " " * r.randint(1, 200), "\u00a0\u2003", "\r", "\u200b\u200d\ufeff"])


def unicode(r):
    points = []
    while len(points) < r.randint(1, 60):
        point = r.choice([r.randint(1, 0x7F), r.randint(0x80, 0x24F), r.randint(0x250, 0xFFFF),
                          r.randint(0x10000, 0x10FFFF)])
        if not 0xD800 <= point <= 0xDFFF and point != 0x0A:
            points.append(chr(point))
    return "".join(points)


def script(r):
    first, last = r.choice(SCRIPTS).split("-")[:2]
    return " ".join("".join(chr(r.randint(ord(first), ord(last[0]))) for _ in range(r.randint(1, 9)))
                    for _ in range(r.randint(1, 9)))


def emoji(r):
    return "".join(r.choice(EMOJI) for _ in range(r.randint(1, 20))) + " " + words(r, 3)


def control(r):
    return "".join(chr(r.choice([*range(9), *range(11, 32), 127, 0x85, 0x202E, 0x2066, 0xFFF9])) + r.choice(WORDS)
                   for _ in range(r.randint(1, 12)))


def no_utf8(r):
    return bytes(r.randint(0, 255) for _ in range(r.randint(1, 60))).replace(b"\n", b" ")


def accents(r):
    return "".join(c + "".join(chr(r.randint(0x300, 0x36F)) for _ in range(r.randint(0, 30))) for c in words(r, 3))


def number(r):
    digits = "".join(r.choice("0123456789") for _ in range(r.choice([1, 2, 3, 4, 5, 7, 10, 16, 40, 200])))
    cut = r.randint(0, len(digits))
    return r.choice(["{d}", "${d}", "-{d}", "{a}.{b}", "{a},{b}", "{a}/{b}", "{a}:{b}", "{a}-{b}", "{d}%", "{d}th",
                     "{d}e{d}", "v{a}.{b}", "({a}) {b}", "{a} {b} km/h", "€{a}.{b}bn", "#{d}", "{a}x{b}"]
                    ).format(d=digits, a=digits[:cut], b=digits[cut:])


def symbols(r):
    return "".join(r.choice(SYMBOLS + " ") for _ in range(r.randint(1, 80)))


def mixture(r):
    parts = [r.choice([words, number, symbols, unicode, emoji])(r) for _ in range(r.randint(2, 4))]
    return r.choice(["", " ", "."]).join(parts)


def capitals(r):
    return " ".join("".join(r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ.") for _ in range(r.randint(1, 12)))
                    for _ in range(r.randint(1, 6)))


def long_word(r):
    return "".join(r.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(r.choice([20, 40, 80, 300])))


def markdown(r):
    return r.choice(["# {}", "- {}", "> {}", "```{}```", "| {} | {} |", "[{}](http://{}.com/{}?q={})", "**{}", "1. {}",
                     "![{}]({}.png)", "{}_{}_{}", "<b>{}", "&{};", "https://{}.org/{}#{}", "{}@{}.com"]).replace(
                         "{}", "\0").replace("\0", "{}").format(*(r.choice(WORDS) for _ in range(4)))


def phones(r):
    names = "AA AE1 AH0 B CH D EH2 F HH IH0 NG OW1 S T Z QQ 1 AH9".split()
    inside = " ".join(r.choice(names) for _ in range(r.randint(0, 8)))
    return r.choice(["[[{}]]", "[[{}", "{}]]", "a [[{}]] b", "[[[[{}]]]]"]).format(inside)


def tag(r):
    attributes = " ".join(r.choice(ATTRIBUTES).format(n=r.choice([0, 1, 50, 300, 99999999999]), w=r.choice(WORDS),
                                                      k=r.choice(KINDS)) for _ in range(r.randint(0, 2)))
    return r.choice(["<{} {}>", "</{}>", "<{} {}/>", "<{} {}", "<{}{}>", "<!{} {}>", "<?{} {}?>"]).format(
        r.choice(TAGS), attributes)


def ssml(r):
    inside = " ".join(r.choice([lambda: tag(r), lambda: words(r, 3), lambda: number(r),
                                lambda: r.choice(["&amp;", "&lt;", "&#65;", "&#x110000;", "&nope;", "&", "]]>",
                                                  "<![CDATA[x", "<!-- x"])])() for _ in range(r.randint(1, 8)))
    return r.choice(["<speak>{}</speak>", "<speak>{}", "<speak version=\"1.1\">{}</speak>", "<?xml version=\"1.0\"?>"
                     "<speak>{}</speak>", "{}</speak>", "<speak>" * 50 + "{}"]).format(inside)


LINES = [empty, unicode, script, emoji, control, no_utf8, accents, number, symbols, mixture, capitals, long_word,
         markdown, phones, ssml, lambda r: words(r, 12).capitalize() + r.choice(".?!,")]


def line(r):
    made = r.choice(LINES)(r)
    data = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
    return data.replace(b"\n", b" ")


def no_space(r, size=100_000):
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
    return "".join(r.choice(letters) for _ in range(size)).encode()


def run(program, text, options, output, timeout):
    """(verdict, exit code, processor s, MB, bytes of sound, message)"""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(text)
        file.flush()
        output.unlink(missing_ok=True)
        child = subprocess.Popen([program, "say", "--file", file.name, "-o", output, *options],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        started = time.monotonic()
        reader = child.stderr
        os.set_blocking(reader.fileno(), False)
        message = b""
        while True:
            message += reader.read() or b""
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - started > timeout:
                child.kill()
                _, child.returncode, used = os.wait4(child.pid, 0)
                return "HANG", -9, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, 0, "no end"
            time.sleep(0.05)
        message += reader.read() or b""
        code = child.returncode = os.waitstatus_to_exitcode(status)
        sound = output.stat().st_size if output.exists() else 0
        said = message.decode("utf-8", "replace").strip()
        errors = [part for part in said.splitlines() if not part.startswith("warning")]
        if code == 0:
            verdict = "sound" if sound > 44 else "NOTHING"
        elif code == 3:
            verdict = "error" if errors and sound == 0 else "UNCLEAR"
        else:
            verdict = "CRASH" if code < 0 else "WRONG CODE"
        return verdict, code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, sound, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bivox", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=1000)
    parser.add_argument("--ssml", type=int, default=100, help="documents that are read alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--say", default="", help="more options of bivox say")
    parser.add_argument("--timeout", type=float, default=3600, help="of a run, seconds")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the texts of runs that do not pass")
    parser.add_argument("--write", type=pathlib.Path)
    args = parser.parse_args()
    r = random.Random(args.seed)
    if args.write:
        texts = [line(r).decode("latin-1") for _ in range(args.lines)]
        args.write.write_text("[\n" + ",\n".join(json.dumps(text) for text in texts) + "\n]\n", encoding="ascii")
        return 0
    if not args.bivox:
        parser.error("--bivox is needed")
    runs = []
    for first in range(0, args.lines, args.chunk):
        text = b"\n".join(line(r) for _ in range(min(args.chunk, args.lines - first)))
        runs.append((f"lines {first + 1} to {min(first + args.chunk, args.lines)}", text, ["--plain"]))
    runs.append(("100 kB without a space", no_space(r), ["--plain"]))
    alone = [(f"SSML {i + 1}", ssml(r).encode("utf-8"), ["--ssml"]) for i in range(args.ssml)]
    failed = 0
    print(f"{'run':<28}{'verdict':>10}{'cpu s':>9}{'MB':>7}{'sound s':>9}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "said.wav"
        totals = {}
        for name, text, options in runs + alone:
            verdict, code, cpu, memory, sound, message = run(
                args.bivox, text, options + shlex.split(args.say), output, args.timeout)
            passed = verdict in ("sound", "error")
            failed += not passed
            if options == ["--plain"] or not passed:
                print(f"{name:<28}{verdict:>10}{cpu:>9.1f}{memory:>7.0f}{sound / 32000:>9.1f}", flush=True)
            if not passed:
                print(f"  exit code {code}: {message[-300:]}", flush=True)
                if args.keep:
                    args.keep.mkdir(parents=True, exist_ok=True)
                    (args.keep / (re.sub(r"\W+", "_", name) + ".txt")).write_bytes(text)
            if options == ["--ssml"]:
                totals[verdict] = totals.get(verdict, 0) + 1
    print(f"{args.ssml} SSML documents alone: " + ", ".join(f"{n} {v}" for v, n in sorted(totals.items())))
    print("all passed" if not failed else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
