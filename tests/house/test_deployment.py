"""`check --deploy` lets a good deployment pass and names what makes another a bad one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from gateway.core.checks import check_database_roles, check_nothing_of_tests
from scripts.check import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def _check(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"WEBHOOK_TIME_SCALE", "DEV_WEBHOOK_ALLOW"}
    }
    environment |= PRODUCTION | changes
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


def test_a_good_deployment_passes() -> None:
    done = _check()
    assert done.returncode == 0, done.stderr


def test_a_bad_deployment_is_told_everything_that_is_wrong_with_it() -> None:
    done = _check(
        DATABASE_OWNER_URL=PRODUCTION["DATABASE_URL"],
        WEBHOOK_TIME_SCALE="10",
        DEV_WEBHOOK_ALLOW="127.0.0.1:9999",
        SECRET_KEY="short",
        SECURE_SSL_REDIRECT="off",
        COOKIES_SECURE="off",
    )
    assert done.returncode == 1
    expected = ["gateway.E001", "gateway.E002", "gateway.E003", "W008", "W009", "W012"]
    assert [identifier for identifier in expected if identifier not in done.stderr] == []


@pytest.mark.parametrize(
    ("believed", "proxies", "refused"), [("on", "0", True), ("on", "1", False), ("off", "0", False)]
)
def test_a_proxy_that_is_believed_for_tls_must_be_believed_for_addresses(
    believed: str, proxies: str, refused: bool
) -> None:
    done = _check(BEHIND_TLS_PROXY=believed, TRUSTED_PROXIES=proxies)
    assert ("gateway.E005" in done.stderr, done.returncode) == (refused, int(refused)), done.stderr


def test_a_deployment_whose_owner_is_not_known_is_told_where_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(settings.DATABASES, "owner")
    assert [message.id for message in check_database_roles(None)] == ["gateway.W001"]


def test_points_where_tests_kill_a_process_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOW_CRASH_POINTS", True)
    assert [message.id for message in check_nothing_of_tests(None)] == ["gateway.E004"]


@pytest.mark.parametrize("variable", ["SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "BROKER_URL", "CACHE_URL"])
def test_a_deployment_without_a_required_variable_does_not_start(variable: str) -> None:
    environment = {**os.environ, **PRODUCTION}
    del environment[variable]
    command = [sys.executable, "-c", "import config.settings.production"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 1
    assert f"Set the {variable} environment variable" in done.stderr


def test_a_key_of_the_wrong_length_is_refused() -> None:
    done = _check(ENCRYPTION_KEYS="k1:c2hvcnQ=")
    assert done.returncode == 1
    assert "each key of 32 bytes" in done.stderr
