"""`make check`: everything that can be judged without running the tests, step by step.

`python scripts/check.py [step ...]` runs only the named steps; `--packages` narrows the types to some packages.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
BIN = Path(PYTHON).parent
AUDIT_TIMEOUT_SECONDS = 90

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "an-example-of-length-for-the-deployment-check-0123456789-abcdefghij",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
    "FINGERPRINT_KEYS": "f1:" + "B" * 43 + "=",
    "DATABASE_URL": "postgres://gateway_app:x@db.example/gateway",
    "DATABASE_OWNER_URL": "postgres://gateway_owner:x@db.example/gateway",
    "BROKER_URL": "redis://redis.example:6379/0",
    "CACHE_URL": "redis://redis.example:6379/1",
    "PUBLIC_URL": "https://pay.example",
    "ALLOWED_HOSTS": "pay.example",
    "TRUSTED_PROXIES": "1",
    "BANK_URL": "https://bank.example",
}
OFFLINE = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
BANK = {
    "BANK_SECRET_KEY": "types",
    "BANK_DATABASE_URL": "postgres://bank@/bank?host=/nowhere",
    "BANK_DATABASE_POOL": "0",
    "DJANGO_SETTINGS_MODULE": "bank.settings",
}


@dataclass(frozen=True)
class Verdict:
    """What a step found: `ok` None means that it could not be checked here."""

    ok: bool | None
    output: str = ""


def command(*words: str, environment: dict[str, str] | None = None) -> Callable[[], Verdict]:
    """A step that is good when the command ends with 0."""

    def run() -> Verdict:
        done = _run([*words], environment)
        return Verdict(done.returncode == 0, done.stdout + done.stderr)

    return run


def dependencies() -> Verdict:
    """No known vulnerability in what is locked, where the database of vulnerabilities can be reached."""
    words = [PYTHON, "-m", "pip_audit", "--strict", "--require-hashes", "--disable-pip", "-f", "json"]
    words += ["--progress-spinner", "off", "--timeout", "10", "-r", "requirements-dev.lock"]
    try:
        done = _run(words, timeout_s=AUDIT_TIMEOUT_SECONDS)
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return Verdict(None, "the database of vulnerabilities was not reached")
    bad = [f"{each['name']} {each['version']}: {vuln['id']}" for each in found for vuln in each.get("vulns", [])]
    return Verdict(not bad, "\n".join(bad))


def packages() -> list[str]:
    """Our packages: every folder of the repository that holds Python."""
    hidden = ("var", "node_modules")
    return sorted(
        each.name
        for each in ROOT.iterdir()
        if each.is_dir()
        and (each / "__init__.py").exists()
        and not each.name.startswith(".")
        and each.name not in hidden
    )


def steps(typed: list[str]) -> dict[str, Callable[[], Verdict]]:
    """Every step by its name."""
    ours = typed or [name for name in packages() if name != "bank"]
    shipped = [name for name in packages() if name not in {"tests", "demo", "bench", "scripts"}]
    manage = (PYTHON, "manage.py")
    return {
        "types": command(str(BIN / "mypy"), *(word for name in ours for word in ("-p", name))),
        "types of the bank": command(
            str(BIN / "mypy"),
            "--config-file",
            "bank/mypy.ini",
            "--cache-dir",
            ".mypy_cache/bank",
            "-p",
            "bank",
            environment=BANK,
        ),
        "format": command(str(BIN / "ruff"), "format", "--check", "."),
        "lint": command(str(BIN / "ruff"), "check", "."),
        "house rules": command(PYTHON, "-m", "scripts.house_lint"),
        "import contracts": command(str(BIN / "lint-imports"), "--no-cache"),
        "missing migrations": command(
            PYTHON, "-W", "ignore", *manage[1:], "makemigrations", "--check", "--dry-run", environment=OFFLINE
        ),
        "missing migrations of the bank": command(
            PYTHON, "-W", "ignore", "-m", "bank.manage", "makemigrations", "--check", "--dry-run", environment=BANK
        ),
        # The document that the code makes now is the one in the repository: no change of the API is an accident.
        "API snapshot": command(*manage, "openapi", "--check", "docs/openapi.json", environment=OFFLINE),
        "deployment": command(*manage, "check", "--deploy", "--fail-level", "WARNING", environment=PRODUCTION),
        "templates": command(str(BIN / "djlint"), "--lint", "--quiet", "."),
        "security": command(str(BIN / "bandit"), "-q", "-ll", "-c", "pyproject.toml", "-r", *shipped),
        "dependencies": dependencies,
    }


def main(arguments: list[str]) -> int:
    """Run the steps, as many at once as there are cores; 1 when any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", nargs="+", default=[], help="check the types of these packages only")
    parser.add_argument("step", nargs="*", help=f"one of: {', '.join(steps([]))}")
    options = parser.parse_args(arguments)
    chosen = steps(options.packages)
    if unknown := set(options.step) - set(chosen):
        parser.error(f"there is no step {', '.join(sorted(unknown))}")
    chosen = {name: step for name, step in chosen.items() if name in (options.step or chosen)}

    def timed(name: str) -> tuple[str, Verdict, float]:
        started = time.monotonic()
        return name, chosen[name](), time.monotonic() - started

    failed = []
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for name, verdict, seconds in pool.map(timed, chosen):
            word = {True: "ok", False: "FAILED", None: "not checked"}[verdict.ok]
            print(f"{name:<32} {word:<12} {seconds:5.1f} s", flush=True)
            if not verdict.ok:
                print("\n".join(f"    {line}" for line in verdict.output.strip().splitlines()[-80:]), flush=True)
            if verdict.ok is False:
                failed.append(name)
    print(f"check failed: {', '.join(failed)}" if failed else "check passed", flush=True)
    return 1 if failed else 0


def _run(
    words: list[str], environment: dict[str, str] | None = None, timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
