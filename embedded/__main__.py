"""`python -m embedded run | demo | start | stop | status`."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from embedded import runner, services
from embedded.layout import EmbeddedError, Layout
from embedded.processes import die_with_parent


def main(arguments: list[str]) -> int:
    """Run one command of the launcher; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m embedded", description=__doc__)
    folder = Path(os.environ.get("GATEWAY_VAR") or "var")
    parser.add_argument("--var", type=Path, default=folder, help="the data folder (default: GATEWAY_VAR, or var)")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything in the foreground; Ctrl-C stops it")
    run.add_argument("--with-parent", action="store_true", help="end when the parent process ends (Linux)")
    run.add_argument("--no-history", action="store_true", help="start without two weeks of demo payments")
    commands.add_parser("demo", help="run, take payments by HTTP, check the books, stop")
    commands.add_parser("guard")
    commands.add_parser("start", help="start PostgreSQL and Valkey and print their addresses")
    commands.add_parser("stop", help="stop them, those of the tests included")
    commands.add_parser("status", help="say what runs; exit status 1 when something does not")
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            if options.with_parent:
                die_with_parent()
            return runner.run(options.var, history=not options.no_history)
        if options.command == "demo":
            return runner.demo()
        if options.command == "guard":
            return runner.guard(options.var)
        if options.command == "start":
            print(json.dumps(asdict(services.ensure(options.var)), indent=2))
        elif options.command == "stop":
            if runner.stop_runner(Layout.of(options.var)):
                print(f"stopped the gateway ({options.var})")
            for folder in (options.var / "test", options.var):
                for name in services.stop(folder):
                    print(f"stopped {name} ({folder})")
        else:
            state = services.status(options.var)
            print(json.dumps(state))
            return 0 if all(state.values()) else 1
    except EmbeddedError as error:
        print(f"embedded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
