#!/usr/bin/env python3
"""Golden values of the engine's operations and losses, computed by PyTorch.

    apt-get install python3-torch
    tests/golden/make_nn_golden.py tests/data/nn

writes ops.json and losses.json: inputs, results and gradients of every operation that PyTorch has,
in the layouts of Bivox (activations [batch x time x channels], weights [kernel x inputs x outputs]).
"""
import json
import math
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(1)
torch.set_num_threads(1)


def pack(tensor):
    tensor = tensor.detach().float().contiguous()
    return {"shape": list(tensor.shape), "values": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def leaf(*shape, scale=1.0):
    # Rounded as it is written, so that both sides start from the same numbers.
    tensor = torch.randn(*shape) * scale
    values = [float(f"{v:.4g}") for v in tensor.flatten().tolist()]
    return torch.tensor(values).reshape(shape).requires_grad_()


def case(name, inputs, result, **more):
    """Result, and the gradient of sum(result * direction) by every input."""
    direction = leaf(*result.shape).detach()
    gradients = torch.autograd.grad((result * direction).sum(), inputs)
    return dict(name=name, inputs=[pack(x) for x in inputs], result=pack(result),
                direction=pack(direction), gradients=[pack(g) for g in gradients], **more)


def to_torch(x):
    return x.transpose(1, 2)  # [batch x channels x time]


def conv(x, w, b, g):
    x = F.pad(to_torch(x), (g["pad_left"], g["pad_right"]))
    y = F.conv1d(x, w.permute(2, 1, 0), b, stride=g["stride"], dilation=g["dilation"], groups=g["groups"])
    return y.transpose(1, 2)


def ops():
    cases = []
    for values in [(3, 4, 3, 1, 1, 1, 1, 1), (4, 6, 5, 2, 1, 2, 2, 2), (2, 3, 3, 1, 4, 8, 0, 1),
                   (6, 6, 3, 1, 1, 1, 1, 6), (3, 5, 1, 1, 1, 0, 0, 1)]:
        g = dict(zip("inputs outputs kernel stride dilation pad_left pad_right groups".split(), values))
        x = leaf(2, 9, g["inputs"])
        w = leaf(g["kernel"], g["inputs"] // g["groups"], g["outputs"])
        b = leaf(g["outputs"])
        cases.append(case("conv1d", [x, w, b], conv(x, w, b, g), geometry=values))
    for kernel, stride in [(4, 2), (9, 3), (16, 8)]:
        x, w, b = leaf(2, 5, 3), leaf(kernel, 3, 4), leaf(4)
        pad = (kernel - stride) // 2
        y = F.conv_transpose1d(to_torch(x), w.permute(1, 2, 0), b, stride=stride, padding=pad)
        cases.append(case("conv_transpose", [x, w, b], y.transpose(1, 2), kernel=kernel, stride=stride))
    for training in (True, False):
        x, gain, offset = leaf(3, 7, 5), leaf(5), leaf(5)
        mean, variance = leaf(5).detach(), leaf(5).detach().abs() + 0.5
        before = [pack(mean), pack(variance)]
        mean, variance = mean.clone(), variance.clone()
        y = F.batch_norm(to_torch(x), mean, variance, gain, offset, training, 0.1, 1e-5).transpose(1, 2)
        cases.append(case("batch_norm", [x, gain, offset], y, training=training,
                          statistics=before, after=[pack(mean), pack(variance)]))
    x, gain, offset = leaf(2, 4, 19), leaf(19), leaf(19)
    cases.append(case("layer_norm", [x, gain, offset], F.layer_norm(x, (19,), gain, offset, 1e-5)))
    x = leaf(2, 3, 19, scale=4.0)
    for name, f in [("relu", torch.relu), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid),
                    ("log_softmax", lambda v: F.log_softmax(v, -1))]:
        cases.append(case(name, [x], f(x)))
    x = leaf(2, 3, 38, scale=2.0)
    a, b = x.chunk(2, dim=-1)
    cases.append(case("gate", [x], torch.tanh(a) * torch.sigmoid(b)))
    cases.append(case("glu", [x], F.glu(x, -1)))
    return cases


def loss_case(x, value, **more):
    (gradient,) = torch.autograd.grad(value, [x])
    return dict(x=pack(x), loss=value.item(), gradient=pack(gradient), **more)


def ctc():
    logits = leaf(4, 30, 12, scale=2.0)
    lengths = [30, 12, 25, 7]
    targets = [[1, 2, 2, 3, 11, 4, 4, 4, 5], [7, 8, 7], [], [3, 3, 3, 3]]
    flat = torch.tensor([t for target in targets for t in target])
    losses = F.ctc_loss(F.log_softmax(logits, -1).transpose(0, 1), flat, torch.tensor(lengths),
                        torch.tensor([len(t) for t in targets]), blank=0, reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), [logits])
    return dict(logits=pack(logits), lengths=lengths, targets=targets, losses=losses.tolist(),
                gradient=pack(gradient))


def cross_entropy():
    cases = []
    for smoothing in (0.0, 0.1):
        logits = leaf(2, 6, 9, scale=2.0)
        targets = torch.randint(0, 9, (2, 6))
        targets[0, 1] = -1
        lengths = [6, 4]
        masked = targets.clone()
        masked[1, 4:] = -1
        value = F.cross_entropy(logits.reshape(-1, 9), masked.flatten(), ignore_index=-1,
                                label_smoothing=smoothing)
        cases.append(loss_case(logits, value, targets=targets.flatten().tolist(), lengths=lengths,
                               smoothing=smoothing))
    return cases


def differences():
    cases = {}
    for name, f in [("l1", F.l1_loss), ("l2", F.mse_loss)]:
        x, target = leaf(2, 5, 3), leaf(2, 5, 3).detach()
        real = torch.zeros(2, 5, 3, dtype=torch.bool)
        real[0], real[1, :2] = True, True
        cases[name] = loss_case(x, f(x[real], target[real]), target=pack(target), lengths=[5, 2])
    return cases


def ssim():
    x, target = leaf(2, 14, 20, scale=0.3), leaf(2, 14, 20, scale=0.3).detach()
    places = torch.arange(11) - 5.0
    window = torch.exp(-places ** 2 / (2 * 1.5 ** 2))
    window = window / window.sum()
    kernel = (window[:, None] * window[None, :])[None, None]

    def local(image):
        return F.conv2d(image[:, None], kernel, padding=5)[:, 0]

    mx, my = local(x), local(target)
    vx, vy = local(x * x) - mx * mx, local(target * target) - my * my
    covariance = local(x * target) - mx * my
    c1, c2 = 1e-4, 9e-4
    value = ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx ** 2 + my ** 2 + c1) * (vx + vy + c2))
    return loss_case(x, 1 - value.mean(), target=pack(target))


def stft():
    """As in ParallelWaveGAN's stft_loss.py, with its centring by zeros in place of reflection."""
    x, target = leaf(2, 900, 1, scale=0.3), leaf(2, 900, 1, scale=0.3).detach()
    resolutions = [(256, 30, 150), (512, 60, 300), (128, 13, 60)]
    convergence = magnitude = 0.0
    for fft, hop, length in resolutions:
        def spectrum(wave):
            s = torch.stft(wave[..., 0].double(), fft, hop, length,
                           torch.hann_window(length, dtype=torch.float64), center=True,
                           pad_mode="constant", return_complex=True)
            return torch.sqrt(torch.clamp(s.real ** 2 + s.imag ** 2, min=1e-7))

        mx, my = spectrum(x), spectrum(target)
        # One utterance at a time, averaged.
        for b in range(2):
            convergence = convergence + torch.norm(my[b] - mx[b]) / torch.norm(my[b]) / 2
            magnitude = magnitude + F.l1_loss(torch.log(mx[b]), torch.log(my[b])) / 2
    value = (convergence + magnitude) / len(resolutions)
    return loss_case(x, value, target=pack(target), resolutions=resolutions)


def logistic_mixture():
    cases = []
    for levels, spread in ((256, -1.5), (65536, -1.0)):
        k = 4
        p = leaf(2, 12, 3 * k)
        with torch.no_grad():
            p[..., 2 * k:] = p[..., 2 * k:] * 0.4 + spread
            p[..., 2 * k:] = torch.round(p[..., 2 * k:] * 1000) / 1000
        target = torch.round((torch.rand(2, 12, 1) * 2 - 1) * (levels - 1) / 2 * 2) / (levels - 1)
        target = target.clamp(-1, 1)
        target[0, 0], target[0, 1] = -1.0, 1.0
        target = torch.tensor([float(f"{v:.7g}") for v in target.flatten().tolist()]).reshape(2, 12, 1)
        # In double, and not too sharp: PixelCNN++'s formula cancels in float and in far tails.
        q, y = p.double(), target.double()
        weights, means, scales = q[..., :k], q[..., k:2 * k], q[..., 2 * k:].clamp(min=-14.0)
        half = 1.0 / (levels - 1)
        above, below = (y + half - means) * torch.exp(-scales), (y - half - means) * torch.exp(-scales)
        middle = torch.log((torch.sigmoid(above) - torch.sigmoid(below)).clamp(min=1e-300))
        log_p = torch.where(y < -0.99999, F.logsigmoid(above),
                            torch.where(y > 0.99999, F.logsigmoid(-below), middle))
        value = -torch.logsumexp(F.log_softmax(weights, -1) + log_p, -1).mean()
        cases.append(loss_case(p, value, target=pack(target), levels=levels))
    return cases


def gaussian():
    p, target = leaf(2, 12, 2), leaf(2, 12, 1).detach()
    deviation = torch.exp(p[..., 1])
    value = F.gaussian_nll_loss(p[..., 0], target[..., 0], deviation ** 2, full=True, eps=1e-12)
    return loss_case(p, value, target=pack(target))


if __name__ == "__main__":
    folder = sys.argv[1]
    losses = dict(ctc=ctc(), cross_entropy=cross_entropy(), **differences(), ssim=ssim(), stft=stft(),
                  logistic_mixture=logistic_mixture(), gaussian=gaussian())
    for name, data in [("ops.json", ops()), ("losses.json", losses)]:
        with open(f"{folder}/{name}", "w") as out:
            json.dump(data, out, separators=(",", ":"))
            out.write("\n")
