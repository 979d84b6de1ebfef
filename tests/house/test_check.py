"""`make check` notices: each kind of breach, planted in a copy of the repository, fails it and is named."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "staticfiles", ".*_cache", ".hypothesis")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("copy") / "repository"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


@pytest.fixture
def repository(untouched: Path) -> Iterator[Path]:
    """A copy to plant in; what a test changes is put back after it."""
    before = {
        path: path.read_bytes() for path in untouched.rglob("*") if path.is_file() and path.suffix in {".py", ".json"}
    }
    yield untouched
    for path in list(untouched.rglob("*.py")):
        if path not in before:
            path.unlink()
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def _check(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/check.py", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=900)


def _plant(path: Path, code: str) -> None:
    path.write_text((path.read_text() if path.exists() else "") + "\n" + code + "\n")


IMPORT_BREACHES = [
    pytest.param("gateway/work/rules.py", "import merchants.models", "An import may only go down", id="floors"),
    pytest.param("payments/oddments.py", "x = 1", "Every app has the same rooms", id="rooms"),
    pytest.param("gateway/oddments.py", "x = 1", "The ground has no drawer", id="drawer"),
    pytest.param(
        "payments/services/__init__.py", "import rest_framework.views", "neither requests nor queues", id="drf"
    ),
    pytest.param("payments/services/__init__.py", "import celery", "neither requests nor queues", id="celery"),
    pytest.param(
        "payments/services/__init__.py",
        "import payments.providers.simulated_bank.adapter",
        "Adapters are reached only through the registry",
        id="adapter",
    ),
    pytest.param("merchants/services/__init__.py", "import httpx2", "goes out", id="http"),
    pytest.param("bank/journal.py", "import gateway.core.money", "The bank is an independent witness", id="bank"),
    pytest.param("config/urls.py", "import bank.models", "The bank is an independent witness", id="witness"),
    pytest.param("embedded/layout.py", "import django", "The launcher knows no Django", id="launcher"),
]


@pytest.mark.parametrize(("file", "code", "contract"), IMPORT_BREACHES)
def test_a_planted_import_breaks_its_contract(repository: Path, file: str, code: str, contract: str) -> None:
    _plant(repository / file, code)
    done = _check(repository, "import contracts")
    assert done.returncode == 1, done.stdout
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken), done.stdout


def test_the_contracts_hold_without_a_planted_import(repository: Path) -> None:
    done = _check(repository, "import contracts", "house rules", "API snapshot")
    assert done.returncode == 0, done.stdout


HOUSE_BREACHES = [
    pytest.param(
        "payments/services/planted.py", "rows = Payment.all_rows.count()", "all_rows knows no tenant", id="all_rows"
    ),
    pytest.param("payments/models/helpers.py", "x = 1", "a drawer", id="drawer"),
    pytest.param("payments/rules/planted.py", "x = 1\n" * 500, "make it a folder", id="long"),
    pytest.param(
        "payments/services/planted.py",
        "def planted(amount: int, fee: int) -> None: ...",
        "takes two of one type",
        id="positional",
    ),
]


@pytest.mark.parametrize(("file", "code", "word"), HOUSE_BREACHES)
def test_a_planted_breach_of_the_house_rules_is_named(repository: Path, file: str, code: str, word: str) -> None:
    _plant(repository / file, code)
    done = _check(repository, "house rules")
    assert done.returncode == 1
    assert word in done.stdout
    assert file in done.stdout


def test_a_planted_type_error_is_named(repository: Path) -> None:
    _plant(repository / "embedded" / "environment.py", "planted: int = HOST")
    done = _check(repository, "types", "--packages", "embedded")
    assert done.returncode == 1
    assert 'Incompatible types in assignment (expression has type "str", variable has type "int")' in done.stdout


def test_an_untyped_function_is_named(repository: Path) -> None:
    _plant(repository / "embedded" / "environment.py", "def planted(amount):\n    return amount")
    done = _check(repository, "types", "--packages", "embedded")
    assert done.returncode == 1
    assert "Function is missing a type annotation" in done.stdout


def test_a_planted_change_of_the_api_is_named(repository: Path) -> None:
    _plant(
        repository / "config" / "api_urls.py",
        "from gateway.api.views import GatewayView\n"
        "class Planted(GatewayView):\n"
        "    required_permission = 'orders:read'\n"
        "    def get(self, request): ...\n"
        "urlpatterns.append(path('planted', Planted.as_view()))",
    )
    done = _check(repository, "API snapshot")
    assert done.returncode == 1
    assert "differs from the API" in done.stdout


def test_a_planted_change_of_a_model_without_its_migration_is_named(repository: Path) -> None:
    merchant = repository / "merchants" / "models" / "merchant.py"
    merchant.write_text(
        merchant.read_text().replace(
            "    name = models.", "    planted = models.IntegerField(null=True)\n    name = models.", 1
        )
    )
    done = _check(repository, "missing migrations")
    assert done.returncode == 1
    assert "planted" in done.stdout


def test_a_step_that_does_not_exist_is_refused(repository: Path) -> None:
    done = _check(repository, "typos")
    assert done.returncode == 2
    assert "there is no step typos" in done.stderr
