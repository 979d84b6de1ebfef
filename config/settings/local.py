"""One machine: what the environment does not name comes from the embedded servers and secrets below `var/`.

`DEBUG` stays off. Set `DATABASE_URL`, `BROKER_URL` and `CACHE_URL` to use servers instead.
"""

import os
from pathlib import Path

from embedded import services
from embedded.layout import Layout, ensure_secrets

_var = Path(os.environ.get("GATEWAY_VAR", Path(__file__).resolve().parents[2] / "var"))
_layout = Layout.of(_var)
_secrets = ensure_secrets(_layout)

if "DATABASE_URL" not in os.environ:
    _servers = services.ensure(_var)
    os.environ["DATABASE_URL"] = _servers.database_url
    os.environ.setdefault("DATABASE_OWNER_URL", _servers.owner_database_url)
os.environ.setdefault("BROKER_URL", services.broker_url(_layout))
os.environ.setdefault("CACHE_URL", services.cache_url(_layout))
os.environ.setdefault("SECRET_KEY", _secrets["secret_key"])
os.environ.setdefault("ENCRYPTION_KEYS", _secrets["encryption_keys"])
os.environ.setdefault("FINGERPRINT_KEYS", _secrets["fingerprint_keys"])

from config.settings.base import *  # noqa: E402, F403  (base reads what was just set)

WHITENOISE_USE_FINDERS = True  # no collectstatic step on one machine
STATIC_ROOT = _layout.var / "static"  # stays empty; it exists so that nobody looks for it in vain
STATIC_ROOT.mkdir(exist_ok=True)
