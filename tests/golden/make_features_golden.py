#!/usr/bin/env python3
"""Makes tests/data/features: what independent programs compute on the clips of tests/data/audio.

Needs sphinx_fe (Debian sphinxbase-utils) and these packages:
  python3 -m venv venv && venv/bin/pip install kaldi-native-fbank==1.23.0 librosa==0.11.0 soundfile \
    praat-parselmouth==0.4.7
  venv/bin/python tests/golden/make_features_golden.py
The tests read the results; neither building nor testing runs this script.
"""
import pathlib
import subprocess
import tempfile

import kaldi_native_fbank as knf
import librosa
import numpy as np
import parselmouth
import soundfile as sf

TESTS = pathlib.Path(__file__).resolve().parent.parent
AUDIO = TESTS / "data/audio"
OUT = TESTS / "data/features"
CLIP = "kathleen-arctic_a0045_1592747525.wav"  # 16-bit, 16 kHz: exact in every program
LONG_CLIP = "librispeech-1867-154075-0005.flac"
SHORT = 24000  # samples used where rows are wide, to keep the files small


def save(name, rows):
    rows = np.ascontiguousarray(rows, dtype="<f4")
    np.save(OUT / f"{name}.npy", rows)
    print(f"{name}.npy", rows.shape)


def sphinx(clip, remove_noise):
    samples, rate = sf.read(AUDIO / clip, dtype="int16")
    with tempfile.TemporaryDirectory() as folder:
        raw, mfc = pathlib.Path(folder, "in.raw"), pathlib.Path(folder, "out.mfc")
        samples.astype("<i2").tofile(raw)
        subprocess.run(
            ["sphinx_fe", "-i", raw, "-o", mfc, "-raw", "yes", "-input_endian", "little",
             "-samprate", str(rate), "-nfilt", "25", "-lowerf", "130", "-upperf", "6800",
             "-transform", "dct", "-lifter", "22", "-remove_noise", remove_noise,
             "-remove_silence", "no", "-dither", "no"],
            check=True, capture_output=True)
        data = mfc.read_bytes()
    for order in "<>":
        if np.frombuffer(data[:4], order + "i4")[0] * 4 + 4 == len(data):
            return np.frombuffer(data[4:], order + "f4").reshape(-1, 13)
    raise ValueError("sphinx_fe wrote something unexpected")


def sphinx_39(cepstra):
    """Utterance mean and 1s_c_d_dd, written anew from their definitions."""
    c = cepstra.astype(np.float64)
    c = c - c[c[:, 0] >= 0].mean(axis=0)
    at = lambda shift: c[np.clip(np.arange(len(c)) + shift, 0, len(c) - 1)]
    return np.hstack([c, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))])


def kaldi(computer, options, samples):
    options.frame_opts.dither = 0.0
    online = computer(options)
    online.accept_waveform(16000, (samples.astype(np.float32)).tolist())
    online.input_finished()
    return np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])


def main():
    OUT.mkdir(exist_ok=True)
    clip, _ = sf.read(AUDIO / CLIP, dtype="int16")
    short = clip[:SHORT]

    save("sphinx_noise_removed", sphinx(CLIP, "yes"))
    save("sphinx_plain", sphinx(CLIP, "no"))
    save("sphinx_39", sphinx_39(sphinx(CLIP, "yes")))
    save("sphinx_noise_removed_long", sphinx(LONG_CLIP, "yes"))

    fbank = knf.FbankOptions()
    fbank.mel_opts.num_bins = 80
    save("kaldi_fbank_80", kaldi(knf.OnlineFbank, fbank, short))
    save("kaldi_mfcc_13", kaldi(knf.OnlineMfcc, knf.MfccOptions(), clip))
    mfcc = knf.MfccOptions()
    mfcc.frame_opts.snip_edges = False
    mfcc.use_energy = False
    save("kaldi_mfcc_13_edges", kaldi(knf.OnlineMfcc, mfcc, clip))

    scaled = short.astype(np.float32) / 32768
    save("librosa_mel_128", librosa.feature.melspectrogram(y=scaled, sr=16000).T)
    mel = librosa.feature.melspectrogram(y=scaled, sr=16000, n_fft=512, win_length=400,
                                         hop_length=160, n_mels=40, pad_mode="reflect", htk=True,
                                         norm=None, power=1.0, fmin=50, fmax=7600)
    save("librosa_log_mel_40_reflect", np.log(np.maximum(mel, 1e-10)).T)

    pitch = parselmouth.Sound(str(AUDIO / CLIP)).to_pitch_ac(time_step=0.01, pitch_floor=60,
                                                             pitch_ceiling=400)
    centres = 0.0125 + 0.01 * np.arange(261)
    f0 = np.array([[pitch.get_value_at_time(t)] for t in centres])
    save("praat_f0", np.nan_to_num(f0))


if __name__ == "__main__":
    main()
