"""Settings of the bank, all from the environment (`docs/bank.md` lists the variables)."""

import sys
from urllib.parse import unquote

import environ

env = environ.Env()

DEBUG = False
SECRET_KEY = env.str("BANK_SECRET_KEY")
ALLOWED_HOSTS = env.list("BANK_ALLOWED_HOSTS", default=["*"])
ROOT_URLCONF = "bank.urls"
WSGI_APPLICATION = "bank.wsgi.application"
INSTALLED_APPS = ["bank.apps.BankConfig"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

_database = env.db_url("BANK_DATABASE_URL")
_database["HOST"] = unquote(_database["HOST"])  # a socket folder may come percent-encoded in the place of the host
_database["OPTIONS"] = {
    **_database.get("OPTIONS", {}),
    "application_name": "bank",
}
if _pool_max := env.int("BANK_DATABASE_POOL", default=16):  # 0: a connection per request
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _pool_max, "timeout": 30}
DATABASES = {"default": _database}

# Where browsers find this bank: challenge pages are linked with it.
BANK_PUBLIC_URL = env.str("BANK_PUBLIC_URL", default="http://127.0.0.1:8100").rstrip("/")
# Opens further accounts over HTTP; empty switches that off.
BANK_ADMIN_KEY = env.str("BANK_ADMIN_KEY", default="")
# [{"id", "api_key", "webhook_url", "webhook_secret"}, ...]: written by `migrate`.
BANK_ACCOUNTS = env.json("BANK_ACCOUNTS", default=[])
# "thread": the web process sends its webhooks itself; "off": `python -m bank.manage send_webhooks` does.
BANK_WEBHOOK_SENDER = env.str("BANK_WEBHOOK_SENDER", default="thread")
BANK_WEBHOOK_TIMEOUT_SECONDS = env.float("BANK_WEBHOOK_TIMEOUT_SECONDS", default=10.0)
# How long each fault lasts when the request does not say ("delay_before_commit:5").
BANK_DELAY_SECONDS = env.float("BANK_DELAY_SECONDS", default=2.0)
BANK_LATE_SECONDS = env.float("BANK_LATE_SECONDS", default=5.0)
BANK_HOLD_SECONDS = env.float("BANK_HOLD_SECONDS", default=60.0)
# How long after a refund its later outcome comes, where the card has one.
BANK_REFUND_SECONDS = env.float("BANK_REFUND_SECONDS", default=3.0)
# How long a request waits for another one with the same key.
BANK_KEY_WAIT_SECONDS = env.float("BANK_KEY_WAIT_SECONDS", default=30.0)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s bank %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("BANK_LOG_LEVEL", default="INFO")},
    # Paths are text from outside: only this service's own failures are logged, not every 404 that somebody asks for.
    "loggers": {"django.request": {"level": "ERROR"}},
}
