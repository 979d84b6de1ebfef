"""`make lock`: both lock files from pyproject.toml; names and hashes only, no addresses."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPILE = "uv pip compile -q --universal -p 3.11 --generate-hashes --no-header --no-annotate pyproject.toml"


def main() -> int:
    """Write the lock files, and refuse any that names where a package comes from."""
    for file, options in (("requirements.lock", []), ("requirements-dev.lock", ["--group", "dev"])):
        command = [sys.executable, "-m", *COMPILE.split(), *options, "-o", file]
        subprocess.run(command, cwd=ROOT, check=True)
        if "://" in (ROOT / file).read_text():
            sys.exit(f"{file} names an address; lock files carry names and hashes only.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
