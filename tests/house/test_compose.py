"""docker-compose.yml hands on what .env may say, and no container gets a password that is not its own."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Made by the image, for tests and trials, or read by the launcher only.
NOT_HANDED_ON = {
    "PROMETHEUS_MULTIPROC_DIR",
    "WEBHOOK_TIME_SCALE",
    "DEV_WEBHOOK_ALLOW",
    "ALLOW_CRASH_POINTS",
    "CRASH_POINT",
    "PORT",
    "BANK_PORT",
    "SHOP_PORT",
    "GATEWAY_VAR",
    "EMBEDDED_POSTGRES_BIN",
    "EMBEDDED_VALKEY_BIN",
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = document["services"]
    return found


def documented() -> set[str]:
    return set(re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_every_variable_of_the_example_reaches_the_service_that_reads_it(services: dict[str, Any]) -> None:
    handed_on = {name for service in ("web", "migrate", "bank") for name in services[service]["environment"]}

    assert documented() - NOT_HANDED_ON - handed_on == set()
    assert handed_on - documented() == {"DJANGO_SETTINGS_MODULE"}


@pytest.mark.parametrize("name", ["web", "worker", "beat", "bank"])
def test_no_service_but_migrate_knows_the_owner_s_password(services: dict[str, Any], name: str) -> None:
    assert "env_file" not in services[name]
    assert "OWNER" not in str(services[name]["environment"])


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "BEHIND_TLS_PROXY", "SECURE_SSL_REDIRECT", "COOKIES_SECURE"])
def test_the_switches_that_belong_together_are_named_together(services: dict[str, Any], name: str) -> None:
    header = (ROOT / "docker-compose.yml").read_text().split("x-gateway:")[0]

    assert f"{name}=" in header
    assert name in services["web"]["environment"]
