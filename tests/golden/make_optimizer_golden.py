#!/usr/bin/env python3
"""Makes tests/data/nn/optimizer_golden.json: what torch.optim does in 20 steps.

Needs PyTorch (Debian python3-torch 1.13.1):
  /usr/bin/python3 tests/golden/make_optimizer_golden.py
The tests read the result; neither building nor testing runs this script.
Gradients are those of sum((w * scale - target)^2), so that they depend on the weights.
"""
import json
import pathlib

import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "data/nn/optimizer_golden.json"
STEPS = 20
KEPT = (1, 2, 5, 10, 20)  # steps of which the weights are written
SIZE = 37  # not a multiple of any vector's width


def short(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().tolist()]  # nine digits give the float back


def run(make, clip=None):
    torch.manual_seed(7)
    start = torch.randn(SIZE)
    scale = torch.rand(SIZE) + 0.5
    target = torch.randn(SIZE)
    w = torch.nn.Parameter(start.clone())
    optimizer = make([w])
    weights, norms = [], []
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        ((w * scale - target) ** 2).sum().backward()
        if clip:
            norms.append(float(torch.nn.utils.clip_grad_norm_([w], clip)))
        optimizer.step()
        if step in KEPT:
            weights.append(short(w))
    return {"start": short(start), "scale": short(scale), "target": short(target),
            "steps": KEPT, "weights": weights, "norms": norms}


def rates(make):
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=0.1)
    schedule = make(optimizer)
    result = []
    for _ in range(STEPS):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return result


golden = {
    "sgd": run(lambda p: torch.optim.SGD(p, lr=0.05)),
    "momentum": run(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=0.01)),
    "nesterov": run(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True)),
    "adamw": run(lambda p: torch.optim.AdamW(p, lr=0.05, betas=(0.9, 0.98), eps=1e-8,
                                             weight_decay=0.1)),
    "clipped": run(lambda p: torch.optim.SGD(p, lr=0.05), clip=2.0),
    "one_cycle": rates(lambda o: torch.optim.lr_scheduler.OneCycleLR(
        o, max_lr=0.1, total_steps=STEPS, pct_start=0.3, div_factor=25, final_div_factor=4,
        cycle_momentum=False)),
    "cosine": rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=STEPS,
                                                                         eta_min=0.001)),
    "exponential": rates(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.8)),
}
OUT.parent.mkdir(parents=True, exist_ok=True)
text = json.dumps(golden)
OUT.write_text(text + "\n")
print(OUT, len(text), "bytes, torch", torch.__version__)
