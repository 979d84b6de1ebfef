"""`python -m demo`: take real payments from a running gateway, verify its webhooks, compare it with the bank's journal.

It talks HTTP only; the comparison at the end runs `manage.py wait_quiet` and `manage.py oracle` in the gateway's own
environment. The last line is one JSON object; the exit status is 0 only when everything held.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from demo.client import ApiClient
from demo.receiver import Receiver
from demo.scenarios import Story, require, tell

ROOT = Path(__file__).resolve().parents[1]
QUIET_TIMEOUT_S = 90


def main() -> int:
    """Run the story and print its figures."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--run-file", type=Path, required=True, help="what `make run` wrote: addresses and keys")
    parser.add_argument("--receiver-port", type=int, required=True, help="a loopback port named in DEV_WEBHOOK_ALLOW")
    options = parser.parse_args()
    started = time.monotonic()
    run = json.loads(options.run_file.read_text())
    api = ApiClient(run["base_url"], run["api_key"]["id"], run["api_key"]["secret"])
    story = Story(api=api, publishable=ApiClient(run["base_url"], run["publishable_key"]))
    receiver = Receiver(options.receiver_port)
    error = ""
    verified, differences = 0, -1
    try:
        endpoint = api.post("/api/v1/webhook_endpoints", {"url": receiver.url, "enabled_events": ["*"]})
        receiver.secret = endpoint["secret"]
        tell(story)
        manage("wait_quiet", "--timeout", str(QUIET_TIMEOUT_S))
        verified = len(receiver.verified)
        oracle = json.loads(manage("oracle", "--json", statuses=(0, 1)))
        differences = len(oracle["differences"])
        require(not differences, "; ".join(oracle["differences"][:5]))
        require(receiver.refused == 0, f"{receiver.refused} webhooks did not verify")
        require(verified > story.payments, f"only {verified} webhooks arrived")
    except (RuntimeError, LookupError, TimeoutError, subprocess.SubprocessError, OSError) as failure:
        error = f"{type(failure).__name__}: {failure}"
    finally:
        receiver.stop()
    result: dict[str, Any] = {
        "ok": not error,
        "payments": story.payments,
        "succeeded": story.succeeded,
        "declined": story.declined,
        "refunds": story.refunds,
        "webhooks_verified": verified,
        "oracle_differences": differences,
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(result | ({"error": error} if error else {})))
    return 1 if error else 0


def manage(*arguments: str, statuses: tuple[int, ...] = (0,)) -> str:
    """Run a management command in the gateway's environment; the last line of its standard output."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=QUIET_TIMEOUT_S + 30, cwd=ROOT, check=False)
    if done.returncode not in statuses:
        message = f"manage.py {arguments[0]} failed: {done.stdout[-500:]} {done.stderr[-500:]}"
        raise RuntimeError(message)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


if __name__ == "__main__":
    sys.exit(main())
