"""Writes torch.json: what PyTorch's optimizers and schedulers do, for the tests in this folder to compare with.

Runs with torch==2.13.0 on the CPU:

    python make_reference.py

Options are written in Strobe's camelCase, so that a test can hand them over as they are.
"""

import json
import re
import warnings
from pathlib import Path

import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

STEPS = 100
RECORDED_STEPS = [1, 2, 3, 10, 50, 51, 100]
SHAPES = {"w": [3, 2], "b": [2]}

OPTIMIZERS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weightDecay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 0.01}),
    ("Adam", {}),
    ("Adam", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6}),
    ("Adam", {"lr": 0.02, "weightDecay": 0.1}),
    ("Adam", {"lr": 0.02, "amsgrad": True, "betas": [0.9, 0.9]}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "weightDecay": 0.3, "amsgrad": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-6, "weightDecay": 0.1}),
    ("RMSprop", {"momentum": 0.8}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.8, "weightDecay": 0.05}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lrDecay": 0.05, "weightDecay": 0.1, "initialAccumulatorValue": 0.5, "eps": 1e-6}),
]
GROUPED = [
    ("SGD", {"lr": 0.05, "momentum": 0.9}, {"b": {"lr": 0.01, "momentum": 0.5, "weightDecay": 0.2}}),
    ("Adam", {}, {"w": {"lr": 0.01}, "b": {"betas": [0.5, 0.9]}}),
    ("AdamW", {"lr": 0.01}, {"w": {"weightDecay": 0.5}, "b": {"weightDecay": 0}}),
]


def snake(name):
    return re.sub(r"([A-Z]+)", lambda m: "_" + m.group(1).lower(), name)


def pythonic(options):
    return {snake(k): tuple(v) if k == "betas" else v for k, v in options.items()}


def initial(name):
    size = torch.Size(SHAPES[name]).numel()
    values = [(i + 1) / 4 - 0.7 for i in range(size)]
    return torch.tensor(values, dtype=torch.float32).reshape(SHAPES[name])


def gradient(name, step):
    """Exact in float64, so that any language gets the same float32 values."""
    size = torch.Size(SHAPES[name]).numel()
    values = [((step * 7919 + (i + len(name) + ord(name)) * 104729) % 1000) / 500 - 1 for i in range(size)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(SHAPES[name])


def run_optimizer(kind, options, group_options=None, lr_from_51=None):
    parameters = {name: torch.nn.Parameter(initial(name)) for name in SHAPES}
    if group_options is None:
        groups = list(parameters.values())
    else:
        groups = [{"params": [p], **pythonic(group_options.get(n, {}))} for n, p in parameters.items()]
    optimizer = getattr(torch.optim, kind)(groups, **pythonic(options))
    values = {}
    for step in range(1, STEPS + 1):
        if lr_from_51 is not None and step == 51:
            for group in optimizer.param_groups:
                group["lr"] = lr_from_51
        for name, parameter in parameters.items():
            parameter.grad = gradient(name, step)
        optimizer.step()
        if step in RECORDED_STEPS:
            values[step] = {n: p.detach().flatten().tolist() for n, p in parameters.items()}
    return {
        "optimizer": kind,
        "options": options,
        "groups": group_options,
        "lrFrom51": lr_from_51,
        "values": values,
    }


def optimizer_cases():
    yield from (run_optimizer(kind, options) for kind, options in OPTIMIZERS)
    yield from (run_optimizer(kind, options, groups) for kind, options, groups in GROUPED)
    yield run_optimizer("SGD", {"lr": 0.05, "momentum": 0.9}, lr_from_51=0.005)
    yield run_optimizer("Adam", {"lr": 0.02}, lr_from_51=0.005)


SCHEDULERS = [
    ("StepLR", {"stepSize": 3}),
    ("StepLR", {"stepSize": 1, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [7, 3]}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.4, "totalIters": 3}),
    ("LinearLR", {}),
    ("LinearLR", {"startFactor": 0.05, "endFactor": 0.6, "totalIters": 9}),
    ("LinearLR", {"startFactor": 1.0, "endFactor": 0.0, "totalIters": 7}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"totalIters": 8, "power": 2.5}),
    ("CosineAnnealingLR", {"tMax": 7}),
    ("CosineAnnealingLR", {"tMax": 5, "etaMin": 0.003}),
    ("CosineAnnealingLR", {"tMax": 1, "etaMin": 0.003}),
    ("CosineAnnealingWarmRestarts", {"t0": 4}),
    ("CosineAnnealingWarmRestarts", {"t0": 2, "tMult": 2, "etaMin": 0.001}),
    ("CosineAnnealingWarmRestarts", {"t0": 1, "tMult": 3}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 30}),
    ("OneCycleLR", {"maxLr": [0.5, 0.2], "epochs": 3, "stepsPerEpoch": 9, "pctStart": 0.4, "divFactor": 10, "finalDivFactor": 100}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 28, "annealStrategy": "linear", "threePhase": True}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 28, "baseMomentum": [0.7, 0.8], "maxMomentum": 0.9, "threePhase": True}),
    ("OneCycleLR", {"maxLr": 0.5, "totalSteps": 28, "cycleMomentum": False}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.3, "stepSizeUp": 4}),
    ("CyclicLR", {"baseLr": [0.01, 0.02], "maxLr": [0.3, 0.2], "stepSizeUp": 3, "stepSizeDown": 5, "mode": "triangular2"}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.3, "stepSizeUp": 4, "mode": "exp_range", "gamma": 0.95, "baseMomentum": 0.6, "maxMomentum": 0.95}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.3, "stepSizeUp": 4, "cycleMomentum": False}),
    ("SWALR", {"swaLr": 0.02}),
    ("SWALR", {"swaLr": [0.02, 0.5], "annealEpochs": 5, "annealStrategy": "linear"}),
    ("SWALR", {"swaLr": 0.02, "annealEpochs": 0}),
]
# Steps before which the user writes a learning rate into the first group.
POKES = {"4": 0.77, "11": 0.001}
SEQUENCES = [
    {"milestones": [3], "schedulers": [["ConstantLR", {"factor": 0.1, "totalIters": 3}], ["ExponentialLR", {"gamma": 0.9}]]},
    {"milestones": [4], "schedulers": [["LinearLR", {"startFactor": 0.1, "totalIters": 4}], ["CosineAnnealingLR", {"tMax": 8}]]},
    {"milestones": [2, 6, 9], "schedulers": [["StepLR", {"stepSize": 1}], ["PolynomialLR", {"totalIters": 3}], ["MultiStepLR", {"milestones": [1, 2]}], ["LinearLR", {}]]},
    {"milestones": [3], "schedulers": [["LinearLR", {}], ["CosineAnnealingWarmRestarts", {"t0": 3, "tMult": 2}]]},
]
PLATEAUS = [
    {},
    {"patience": 0, "factor": 0.5},
    {"patience": 1, "factor": 0.3, "cooldown": 2, "minLr": 0.004},
    {"patience": 0, "factor": 0.5, "mode": "max", "threshold": 0.05, "thresholdMode": "abs"},
    {"patience": 1, "factor": 0.5, "mode": "max", "threshold": 0.1},
    {"patience": 0, "factor": 0.5, "thresholdMode": "abs", "threshold": 0.2, "minLr": [0.01, 0.02]},
    {"patience": 0, "factor": 0.5, "eps": 0.01},
]
METRICS = [5, 4, 4, 4, 4.1, 3.9999, 3, 3, 2.95, 2.9, 3.5, 3.6, 3.7, 3.8, 3.9, 4, 4, 4, 4, 4, 4, 4, 4, 4]


def scheduler_option(name):
    return {"tMax": "T_max", "t0": "T_0", "tMult": "T_mult"}.get(name, snake(name))


def make_optimizer(kind):
    a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(torch.optim, kind)([{"params": [a]}, {"params": [b], "lr": 0.03}], lr=0.1, **options)


def make_scheduler(optimizer, kind, options):
    kwargs = {scheduler_option(k): v for k, v in options.items()}
    return (SWALR if kind == "SWALR" else getattr(lr_scheduler, kind))(optimizer, **kwargs)


def observe(optimizer):
    return {
        "lrs": [group["lr"] for group in optimizer.param_groups],
        "momenta": [g["betas"][0] if "betas" in g else g["momentum"] for g in optimizer.param_groups],
    }


def run_scheduler(kind, options, optimizer_kind="SGD", pokes=None, metrics=None, steps=28):
    optimizer = make_optimizer(optimizer_kind)
    if kind == "SequentialLR":
        parts = [make_scheduler(optimizer, *part) for part in options["schedulers"]]
        scheduler = lr_scheduler.SequentialLR(optimizer, parts, milestones=options["milestones"])
    elif kind == "LambdaLR":
        # Named, since a function is no JSON: the test has the same two.
        scheduler = lr_scheduler.LambdaLR(optimizer, [lambda e: 0.95**e, lambda e: 1 / (1 + e)])
    else:
        scheduler = make_scheduler(optimizer, kind, options)
    observed = [observe(optimizer)]
    if "totalSteps" in options or "stepsPerEpoch" in options:
        steps = scheduler.total_steps - 1
    for step in range(len(metrics) if metrics else steps):
        if pokes and str(step) in pokes:
            optimizer.param_groups[0]["lr"] = pokes[str(step)]
        optimizer.step()
        scheduler.step(metrics[step]) if metrics else scheduler.step()
        observed.append(observe(optimizer))
    momenta = [o["momenta"] for o in observed]
    return {
        "scheduler": kind,
        "options": options,
        "optimizer": optimizer_kind,
        "pokes": pokes or {},
        **({"metrics": metrics} if metrics else {}),
        "lrs": [o["lrs"] for o in observed],
        **({"momenta": momenta} if any(m != momenta[0] for m in momenta) else {}),
    }


def scheduler_cases():
    for kind, options in SCHEDULERS + [("LambdaLR", {})]:
        yield run_scheduler(kind, options)
        yield run_scheduler(kind, options, pokes=POKES)
        if kind in ("OneCycleLR", "CyclicLR"):
            yield run_scheduler(kind, options, optimizer_kind="Adam")
    for options in SEQUENCES:
        yield run_scheduler("SequentialLR", options)
        yield run_scheduler("SequentialLR", options, pokes=POKES)
    for options in PLATEAUS:
        yield run_scheduler("ReduceLROnPlateau", options, metrics=METRICS)
        yield run_scheduler("ReduceLROnPlateau", options, metrics=METRICS, pokes=POKES)


def chained():
    """Two schedulers on one optimizer, stepped one after the other."""
    optimizer = make_optimizer("SGD")
    pair = [make_scheduler(optimizer, *part) for part in CHAINED]
    lrs = [observe(optimizer)["lrs"]]
    for _ in range(20):
        optimizer.step()
        for scheduler in pair:
            scheduler.step()
        lrs.append(observe(optimizer)["lrs"])
    return {"schedulers": CHAINED, "lrs": lrs}


CHAINED = [["LinearLR", {"startFactor": 0.2, "totalIters": 4}], ["ExponentialLR", {"gamma": 0.95}]]


def lines(cases):
    """One case a line: small, and readable in a diff."""
    return "[\n" + ",\n".join("    " + json.dumps(case) for case in cases) + "\n  ]"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert torch.__version__.startswith("2.13.0"), torch.__version__
    optimizers = lines(optimizer_cases())
    schedulers = lines(scheduler_cases())
    Path(__file__).with_name("torch.json").write_text(
        f'{{\n  "torch": "2.13.0",\n  "optimizers": {optimizers},\n'
        f'  "schedulers": {schedulers},\n  "chained": {json.dumps(chained())}\n}}\n'
    )
