"""Rules of the house that no other linter knows: `python -m scripts.house_lint [root]` prints each breach.

- `all_rows`, the manager without tenancy, is for Django's internals: only tenancy, admin and migrations name it.
- Small apps, never a drawer: no module called utils, helpers, common, misc or shared.
- A file becomes a folder near 400 lines.
- A service is one public verb in a file of its name; arguments that could be swapped unnoticed are named.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

APPS = (
    "gateway",
    "merchants",
    "payments",
    "refunds",
    "reconciliation",
    "webhooks",
    "checkout",
    "dashboard",
    "demo",
    "config",
    "embedded",
    "bank",
)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
LINES_MAX = 480
ALL_ROWS_PARTS = {"admin", "admin.py", "migrations"}
ALL_ROWS_FILES = {"gateway/core/tenancy.py"}


def breaches(root: Path) -> Iterator[str]:
    """Every breach below the root, as `path:line: what`."""
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            relative = path.relative_to(root)
            text = path.read_text()
            if DRAWERS & {path.stem, *relative.parts}:
                yield f"{relative}:1: a drawer: name the module for what it knows"
            if len(text.splitlines()) > LINES_MAX and "migrations" not in relative.parts:
                yield f"{relative}:1: {len(text.splitlines())} lines: make it a folder"
            tree = ast.parse(text)
            yield from _all_rows(relative, tree)
            if "services" in relative.parts and app != "bank":
                yield from _positional_services(relative, tree)


def _all_rows(relative: Path, tree: ast.Module) -> Iterator[str]:
    if ALL_ROWS_PARTS & set(relative.parts) or str(relative) in ALL_ROWS_FILES:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "all_rows":
            yield f"{relative}:{node.lineno}: all_rows knows no tenant: use for_merchant() or unscoped(reason)"


def _positional_services(relative: Path, tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == relative.stem:
            types = [ast.unparse(each.annotation) if each.annotation else "" for each in node.args.args]
            if len(set(types)) < len(types):
                yield f"{relative}:{node.lineno}: {node.name}() takes two of one type without naming them"


def main(arguments: list[str]) -> int:
    """Print the breaches; 1 when there are any."""
    found = list(breaches(Path(arguments[0]) if arguments else Path.cwd()))
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
