"""Tests: fixed secrets, embedded servers below `var/test/`; `tests/conftest.py` names the database of each worker.

Nothing is started by importing this, so that type checkers may.
"""

import base64
import os
from pathlib import Path

from embedded import services
from embedded.layout import Layout

TEST_VAR = Path(__file__).resolve().parents[2] / "var" / "test"
_layout = Layout.of(TEST_VAR)
_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
_cache_url = services.cache_url(_layout)

os.environ |= {
    "SECRET_KEY": "only-for-tests-" + "s" * 50,
    "ENCRYPTION_KEYS": "test1:" + base64.b64encode(b"e" * 32).decode(),
    "FINGERPRINT_KEYS": "test1:" + base64.b64encode(b"f" * 32).decode(),
    "DATABASE_URL": f"postgres://gateway_app@/not_yet_named?host={_layout.sockets}",
    "DATABASE_OWNER_URL": f"postgres://gateway_owner@/not_yet_named?host={_layout.sockets}",
    "DATABASE_POOL_MAX": "0",
    "BROKER_URL": services.broker_url(_layout),
    "BROKER_KEY_PREFIX": f"test-{_worker}-",
    "CACHE_URL": _cache_url if _cache_url.startswith("redis") else "locmemcache://",
    "CACHE_KEY_PREFIX": f"test-{_worker}",
    "CACHE_TIMEOUT_SECONDS": "10",  # a machine that stalls must not pass for a cache that is down
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "PUBLIC_URL": "http://testserver",
    "BANK_URL": "http://127.0.0.1:8100",
    "DEBUG": "off",
}
for _name in ("WEBHOOK_TIME_SCALE", "DEV_WEBHOOK_ALLOW", "BANK_PUBLIC_URL"):
    os.environ.pop(_name, None)

from config.settings.base import *  # noqa: E402, F403  (base reads what was just set)

WHITENOISE_AUTOREFRESH = True  # looks for a static file when it is asked for, not at every start of a client
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; no password here guards anything
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
