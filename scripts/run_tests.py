"""`make test`: the whole suite on every core, on the embedded servers, which are stopped afterwards."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS_MAX = 4


def main(arguments: list[str]) -> int:
    """Run pytest; its closing line is the last that is printed, its exit status is ours."""
    workers = min(os.cpu_count() or 1, WORKERS_MAX)
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-n", str(workers), "--dist", "worksteal", *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    finally:
        stop = [sys.executable, "-m", "embedded", "--var", "var/test", "stop"]
        subprocess.run(stop, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
