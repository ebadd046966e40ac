"""Makes tests/fuzz/corpus/audio: one small file of every container and coding.

    python3 make_audio_seeds.py tests/fuzz/corpus/audio

Needs: pip install numpy soundfile
"""
import pathlib
import sys

import numpy
import soundfile

target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
for name, subtype, rate, channels, seconds in [
    ("u8.wav", "PCM_U8", 8000, 1, 0.05),
    ("s16.wav", "PCM_16", 16000, 2, 0.02),
    ("s24.wav", "PCM_24", 44100, 1, 0.01),
    ("f32.wav", "FLOAT", 16000, 1, 0.02),
    ("ulaw.wav", "ULAW", 8000, 1, 0.05),
    ("adpcm.wav", "IMA_ADPCM", 8000, 1, 0.05),
    ("s16.aiff", "PCM_16", 16000, 1, 0.02),
    ("s16.flac", "PCM_16", 16000, 1, 0.05),
    ("s24.flac", "PCM_24", 48000, 2, 0.01),
    ("x.ogg", "VORBIS", 16000, 1, 0.05),
    ("x.opus", "OPUS", 16000, 1, 0.05),
    ("x.mp3", "MPEG_LAYER_III", 16000, 1, 0.05),
    ("s16.au", "PCM_16", 8000, 1, 0.02),
    ("s16.caf", "PCM_16", 8000, 1, 0.02),
    ("s16.w64", "PCM_16", 8000, 1, 0.02),
]:
    time = numpy.arange(int(rate * seconds)) / rate
    tone = 0.3 * numpy.sin(2 * numpy.pi * 300 * time)
    formats = {".opus": "OGG"}
    path = target / name
    soundfile.write(path, numpy.stack([tone] * channels, 1), rate, subtype=subtype,
                    format=formats.get(path.suffix))
