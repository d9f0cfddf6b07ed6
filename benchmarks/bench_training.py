"""Training steps per second of `cs231n_lib.nn` beside PyTorch (CPU, eager), in one run.

    python benchmarks/bench_training.py [--threads 1 2] [--rounds 9]

Same networks, float32, same batch of 128, same weights at the start, same threads. A step is
forward, softmax loss (its value read out), backward, update. PyTorch runs each update rule in its
default form and in its fused one. "matmul" is the time of the step's matrix products alone, on
arrays of the same sizes, divided by the time of our step.
"""

import statistics

import numpy as np
import torch
from interleaved import arguments, median_ratio, pinned_threads, time_by_turns

from cs231n_lib import optim
from cs231n_lib.nn import MLP

BATCH = 128
NETWORKS = {
    "4 x 100 on 784": [784, 100, 100, 100, 100, 10],
    "4 x 100 on 3,072": [3072, 100, 100, 100, 100, 10],
    "2 x 512 on 784": [784, 512, 512, 10],
    "2 x 512 on 3,072": [3072, 512, 512, 10],
}
RULES = {
    "SGD": (optim.SGD, lambda p, **o: torch.optim.SGD(p, 1e-3, **o)),
    "Momentum": (optim.Momentum, lambda p, **o: torch.optim.SGD(p, 1e-3, momentum=0.9, **o)),
    "Adam": (optim.Adam, lambda p, **o: torch.optim.Adam(p, 1e-3, **o)),
}


def our_step(sizes, rule, X, y):
    """Return the model and a function that does one step."""
    model = MLP(sizes, dtype=np.float32, rng=np.random.default_rng(0))
    update = rule(lr=1e-3)

    def step():
        loss, grads = model.loss(X, y, copy=False)
        update.step(model.params, grads)
        return loss

    return model, step


def torch_step(model, rule, X, y, **options):
    """Return a function that does one step of the same network from the same weights."""
    parts = []
    for i, (fan_in, fan_out) in enumerate(zip(model.sizes, model.sizes[1:]), start=1):
        linear = torch.nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(model.params[f"W{i}"].T.copy()))
            linear.bias.zero_()
        parts += [linear, torch.nn.ReLU()]
    network, loss_function = torch.nn.Sequential(*parts[:-1]), torch.nn.CrossEntropyLoss()
    update = rule(network.parameters(), **options)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def step():
        update.zero_grad()
        loss = loss_function(network(X), y)
        loss.backward()
        update.step()
        return loss.item()

    return step


def matrix_products(sizes):
    """Return a function that does the matrix products of one step and nothing else."""
    rng, calls = np.random.default_rng(0), []
    for i, (D, M) in enumerate(zip(sizes, sizes[1:])):
        x, W, dout = (rng.random(s, np.float32) for s in ((BATCH, D), (D, M), (BATCH, M)))
        calls += [(x, W, np.empty_like(dout)), (x.T, dout, np.empty_like(W))]
        if i > 0:  # nobody needs the gradient with respect to the images
            calls.append((dout, W.T, np.empty_like(x)))

    def products():
        for a, b, out in calls:
            np.matmul(a, b, out=out)

    return products


def compare(sizes, rule, rounds):
    """Return one row: our and PyTorch's median seconds, the ratios, the share of products."""
    rng = np.random.default_rng(1)
    X, y = rng.random((BATCH, sizes[0]), np.float32), rng.integers(0, sizes[-1], BATCH)
    ours, theirs = RULES[rule]
    model, step = our_step(sizes, ours, X, y)
    functions = {
        "ours": step,
        "torch": torch_step(model, theirs, X, y),
        "fused": torch_step(model, theirs, X, y, fused=True),
        "matmul": matrix_products(sizes),
    }
    for ours_loss, torch_loss in ((functions["ours"](), functions["torch"]()) for _ in range(3)):
        assert abs(ours_loss - torch_loss) < 1e-3, "the two do not train the same network"
    return time_by_turns(functions, rounds, calls=24, rest=0.1)


def main():
    args = arguments(__doc__.splitlines()[0], rounds=9).parse_args()
    print(f"batch {BATCH}, float32, {args.rounds} turns of 24 steps each, medians\n")
    heads = ("steps/s ours", "PyTorch", "ratio", "fused", "ratio", "matmul")
    for threads in args.threads:
        print(f"{f'{threads} thread(s)':<28}" + "".join(f"{head:>13}" for head in heads))
        with pinned_threads(threads):
            for name, sizes in NETWORKS.items():
                for rule in RULES:
                    t = compare(sizes, rule, args.rounds)
                    rate = {key: 1 / statistics.median(values) for key, values in t.items()}
                    print(
                        f"{name + ', ' + rule:<28}{rate['ours']:>13.0f}{rate['torch']:>13.0f}"
                        f"{median_ratio(t['torch'], t['ours']):>13.2f}{rate['fused']:>13.0f}"
                        f"{median_ratio(t['fused'], t['ours']):>13.2f}"
                        f"{median_ratio(t['matmul'], t['ours']):>13.0%}",
                        flush=True,
                    )
        print()


if __name__ == "__main__":
    main()
