"""Run every benchmark one after another: `python -m benchmarks` (that is `make bench`)."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ALL = ("bench_import.py", "bench_distances.py", "bench_training.py", "bench_grading.py")


def main() -> int:
    """Run them; return 1 if one could not run."""
    failed = []
    for name in ALL:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(HERE / name)], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\ncould not run: {', '.join(failed)} (bench_training needs torch==2.13.0)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
