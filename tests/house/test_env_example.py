""".env.example says what the settings read: no more, no less, with the same defaults."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = ("config", "bank", "embedded", "gateway")
NOT_OURS = {"PYTEST_XDIST_WORKER", "DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}
CALLED_WITH_A_NAME = {"database", "keyring"}


def _documented() -> dict[str, str]:
    lines = re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return dict(lines)


def _reads(tree: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Every variable that the code reads, with its default's expression where it names one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = node.args[0].value
        source = ast.unparse(node.func)
        reads = source.startswith(("env.", "os.environ.get", "environment.get")) or source in CALLED_WITH_A_NAME
        if reads and isinstance(name, str) and re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "default"]
            yield name, [*node.args[1:], *named, None][0]


def _all_reads() -> Iterator[tuple[str, ast.expr | None]]:
    for package in READERS:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from _reads(ast.parse(path.read_text()))


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ",".join(value) if value else ""
    return str(value)


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    read = {name for name, _ in _all_reads()} - NOT_OURS
    assert read == set(_documented())


def test_no_variable_stands_twice() -> None:
    names = re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_the_documented_defaults_are_those_of_the_code() -> None:
    documented = _documented()
    wrong = {}
    for name, default in _all_reads():
        if name in NOT_OURS or default is None:
            continue
        try:
            written = _as_written(eval(ast.unparse(default), {"__builtins__": {}}))
        except (NameError, TypeError):
            continue  # computed from another setting; its comment says so
        if name == "BANK_ACCOUNTS":
            written = "[]"
        if documented[name] != written:
            wrong[name] = (documented[name], written)
    assert wrong == {}


def test_no_secret_is_given_an_example_value_that_somebody_would_keep() -> None:
    secret = [name for name in _documented() if name.endswith(("_KEY", "_KEYS", "_SECRET")) and "RATE" not in name]
    assert {name: _documented()[name] for name in secret if _documented()[name]} == {}
