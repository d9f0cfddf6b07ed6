"""How much longer `import cs231n_lib` takes than `import numpy`, each in a new interpreter.

    python benchmarks/bench_import.py [--rounds 9]
"""

import statistics
import subprocess
import sys

from interleaved import arguments, time_by_turns

IMPORTS = {
    "numpy": "import numpy",
    "cs231n_lib": "import cs231n_lib",
    "numpy and cs231n_lib": "import numpy, cs231n_lib",
    "network": "from cs231n_lib import gradcheck, nn, optim, train",
}


def main():
    args = arguments(__doc__.splitlines()[0], rounds=9).parse_args()
    seconds = time_by_turns(
        {
            name: lambda line=line: subprocess.run([sys.executable, "-c", line], check=True)
            for name, line in IMPORTS.items()
        },
        args.rounds,
        warmup=1,
    )
    for name, line in IMPORTS.items():
        more = statistics.median(a - b for a, b in zip(seconds[name], seconds["numpy"]))
        print(f"{statistics.median(seconds[name]):.3f} s  {more:+.3f} s  {line}")


if __name__ == "__main__":
    main()
