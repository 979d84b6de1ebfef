"""Settings that every mode shares. Everything that a deployment may change is read from the environment here.

`.env.example` lists every variable with its default and meaning; a test compares the two.
"""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings.registry import *  # noqa: F403  (upward calls)
from gateway.observability.logs import logging_config

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

# --- what a deployment is -------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", False)
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[]) or [PUBLIC_URL]


def keyring(variable: str) -> dict[str, bytes]:
    """The keys of `id:base64,id:base64` by id: the first is the current one, the others open what they sealed."""
    keys = {
        name.strip(): base64.b64decode(key, validate=True)
        for name, _, key in (part.strip().partition(":") for part in env.str(variable).split(","))
    }
    if not keys or any(not name or len(key) != 32 for name, key in keys.items()):
        raise ImproperlyConfigured(f"{variable} must be a list of id:base64, each key of 32 bytes.")
    return keys


ENCRYPTION_KEYS = keyring("ENCRYPTION_KEYS")
FINGERPRINT_KEYS = keyring("FINGERPRINT_KEYS")

BANK_URL = env.str("BANK_URL", "http://127.0.0.1:8100").rstrip("/")
BANK_PUBLIC_URL = env.str("BANK_PUBLIC_URL", BANK_URL).rstrip("/")
# Opens further accounts at the simulated bank; empty where nobody may.
BANK_ADMIN_KEY = env.str("BANK_ADMIN_KEY", "")

WEBHOOK_TIME_SCALE = env.float("WEBHOOK_TIME_SCALE", 1.0)
DEV_WEBHOOK_ALLOW: list[str] = env.list("DEV_WEBHOOK_ALLOW", default=[])
# Both secrets of an endpoint sign for so long after a rotation.
WEBHOOK_SECRET_OVERLAP_HOURS = env.int("WEBHOOK_SECRET_OVERLAP_HOURS", 24)
# Exchanges at once: with one endpoint, in one worker process, and of those with endpoints that failed or took long last time.
WEBHOOK_ENDPOINT_CONCURRENCY = env.int("WEBHOOK_ENDPOINT_CONCURRENCY", 3)
WEBHOOK_PLACES = env.int("WEBHOOK_PLACES", 4)
WEBHOOK_FAILING_PLACES = env.int("WEBHOOK_FAILING_PLACES", 2)
# Whose default account at the simulated bank POST /api/payments/webhook belongs to.
DEMO_MERCHANT_SLUG = env.str("DEMO_MERCHANT_SLUG", "lumen")
WORK_POLL_THREADS = env.int("WORK_POLL_THREADS", 4)
ALLOW_CRASH_POINTS = env.bool("ALLOW_CRASH_POINTS", False)  # fault tests only: CRASH_POINT then kills the process there

# --- applications ---------------------------------------------------------------------------------------------------

DJANGO_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
THIRD_PARTY_APPS = [
    "csp",
    "corsheaders",
    "django_celery_beat",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
# From the ground up, one line each; gateway.core first, so that its `migrate` wins over Django's.
LOCAL_APPS = [
    "gateway.core",
    "gateway.work",
    "gateway.events",
    "gateway.idempotency",
    "gateway.requestlog",
    "gateway.observability",
    "gateway.ledger",
    "gateway.audit",
    "gateway.api",
    "merchants",
    "payments",
    "refunds",
    "webhooks",
    "reconciliation",
    "checkout",
    "dashboard",
    "demo",
]
INSTALLED_APPS = [*LOCAL_APPS, *DJANGO_APPS, *THIRD_PARTY_APPS]

MIDDLEWARE = [
    "gateway.observability.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "gateway.requestlog.middleware.RequestLogMiddleware",
    "gateway.api.middleware.ApiMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# --- database -------------------------------------------------------------------------------------------------------

DATABASE_POOL_MAX = env.int("DATABASE_POOL_MAX", 20)
# Milliseconds; 0 sends none (behind PgBouncer set them on the role; transaction_timeout needs PostgreSQL 17).
DATABASE_TIMEOUTS = {
    "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_MS", 30_000),
    "idle_in_transaction_session_timeout": env.int("DATABASE_IDLE_TRANSACTION_TIMEOUT_MS", 60_000),
    "transaction_timeout": env.int("DATABASE_TRANSACTION_TIMEOUT_MS", 300_000),
}


def database(variable: str, *, pool_max: int, timeouts: dict[str, int]) -> dict[str, Any]:
    """Django's settings of the database that an environment variable names."""
    config: dict[str, Any] = env.db(variable)
    config["HOST"] = unquote(config["HOST"])  # a socket folder may come percent-encoded in the place of the host
    options = config.setdefault("OPTIONS", {})
    if words := [f"-c {name}={value}" for name, value in timeouts.items() if value]:
        options["options"] = " ".join(words)
    options["application_name"] = "gateway"
    config["CONN_HEALTH_CHECKS"] = True
    if pool_max:
        options["pool"] = {"min_size": 1, "max_size": pool_max, "timeout": 10}
    return config


DATABASES = {"default": database("DATABASE_URL", pool_max=DATABASE_POOL_MAX, timeouts=DATABASE_TIMEOUTS)}
if env.str("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = database("DATABASE_OWNER_URL", pool_max=0, timeouts={})
DATABASE_ROUTERS = ["config.databases.AppRoleRouter"]

# --- cache ----------------------------------------------------------------------------------------------------------

CACHES = {"default": env.cache_url("CACHE_URL")}
CACHES["default"]["KEY_PREFIX"] = env.str("CACHE_KEY_PREFIX", "gateway")
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    CACHES["default"].setdefault("OPTIONS", {}).update(
        socket_connect_timeout=env.float("CACHE_TIMEOUT_SECONDS", 0.5),
        socket_timeout=env.float("CACHE_TIMEOUT_SECONDS", 0.5),
        retry=Retry(NoBackoff(), 1),  # once, at once: a connection that a restart of the cache has cut
    )
else:
    # Django's caches drop a third of their entries beyond 300: those are the counters of the limits.
    CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 100_000)

# --- broker: a doorbell only; publishing gives up fast and never fails a request --------------------------------------

CELERY_BROKER_URL = env.str("BROKER_URL")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    _folder = Path(unquote(urlsplit(CELERY_BROKER_URL).path))
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_folder / "data"),
        "data_folder_out": str(_folder / "data"),
        "processed_folder": str(_folder / "processed"),
        "control_folder": str(_folder / "control"),
    }
    for _part in set(CELERY_BROKER_TRANSPORT_OPTIONS.values()):
        Path(_part).mkdir(parents=True, exist_ok=True)
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "global_keyprefix": env.str("BROKER_KEY_PREFIX", ""),
        "socket_connect_timeout": 1.0,
        "socket_timeout": 3.0,
        "retry_on_timeout": False,
        "max_retries": 0,
        "health_check_interval": 10,
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
    }

# --- time and language ------------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]

# --- files ----------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- browser's rules --------------------------------------------------------------------------------------------------

# Where a form may lead in the end: us, and the provider's challenge pages. Chromium blocks a redirect to any other.
CHALLENGE_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(BANK_PUBLIC_URL))]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF, *CHALLENGE_ORIGINS],
        "form-action": [SELF, *CHALLENGE_ORIGINS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # a working day
LOGIN_URL = "dashboard:sign-in"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Any page may call what a publishable key may call, and nothing else; no cookie ever counts there.
CORS_ALLOW_ALL_ORIGINS = True
CORS_URLS_REGEX = r"^/api/v1/(tokens|checkout/sessions/[^/]+)$"
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "x-api-key", "x-request-id"]
CORS_EXPOSE_HEADERS = [
    "X-Request-Id",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "ETag",
]

# --- the API --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "merchants.User"
MERCHANT_CLOCK = "merchants.selectors.clock_offset.clock_offset"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "merchants.handlers.SessionsEndWithThePassword"},
]
# Secrets that still verify what they signed (tokens, links) after SECRET_KEY was replaced.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", 256 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = API_MAX_BODY_BYTES
# How many proxies in front of us write X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
# Threads of one web process; a quarter of them may hold requests that asked to wait.
WEB_THREADS = env.int("WEB_THREADS", 16)
# bucket -> (how many, in how many seconds)
RATE_LIMITS: dict[str, tuple[int, int]] = {
    "ip": (env.int("RATE_LIMIT_IP", 1000), 60),
    "key": (env.int("RATE_LIMIT_KEY", 3000), 60),
    "wrong_key": (env.int("RATE_LIMIT_WRONG_KEY", 30), 60),
    "login_ip": (env.int("RATE_LIMIT_LOGIN_IP", 30), 300),
    "login_account": (env.int("RATE_LIMIT_LOGIN_ACCOUNT", 10), 900),
    "checkout_submit_ip": (env.int("RATE_LIMIT_CHECKOUT_SUBMIT", 60), 600),
    "checkout_declines_ip": (env.int("RATE_LIMIT_CHECKOUT_DECLINES_IP", 30), 600),
    "checkout_declines_session": (env.int("RATE_LIMIT_CHECKOUT_DECLINES_SESSION", 15), 3600),
    "checkout_declines_card": (env.int("RATE_LIMIT_CHECKOUT_DECLINES_CARD", 10), 3600),
    "checkout_declines_merchant": (env.int("RATE_LIMIT_CHECKOUT_DECLINES_MERCHANT", 1000), 600),
    "checkout_cards_ip": (env.int("RATE_LIMIT_CHECKOUT_CARDS_IP", 25), 3600),
}
# The numbers that the card guard looks for everywhere but in the card fields of /tokens.
PUBLISHED_TEST_NUMBERS = "payments.rules.test_numbers.PUBLISHED_NUMBERS"
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "merchants.api.authentication.ApiKeyAuthentication",
        "merchants.api.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["gateway.api.parsers.StrictJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["gateway.api.renderers.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "gateway.api.openapi.GatewaySchema",
    "EXCEPTION_HANDLER": "gateway.api.problems.handle_exception",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Payment gateway",
    "DESCRIPTION": (
        "The merchant API. Amounts are integers in the currency's minor unit. Errors are RFC 9457 problems with a "
        "stable `code`; every code is explained at `/api/docs/errors`. Writes that move money take an "
        "`Idempotency-Key`."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True, "defaultModelsExpandDepth": 0},
    "SERVERS": [{"url": "/", "description": "This gateway"}],
    "POSTPROCESSING_HOOKS": ["gateway.api.openapi.finish"],
}

# --- logs -----------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = logging_config(LOG_LEVEL, form=env.str("LOG_FORM", "json"))
# Neither pages nor mails about errors show settings, requests or local variables.
DEFAULT_EXCEPTION_REPORTER = "gateway.observability.errors.QuietReporter"
ADMINS: list[str] = []

# --- health and metrics ---------------------------------------------------------------------------------------------

# Paths (their ends) whose request bodies may hold a card: the request log keeps nothing of them.
REQUEST_LOG_BODILESS = ("/tokens", "/initiate", "/confirm")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
