"""Servers: every secret and address must be given; TLS in front; static files with hashed names."""

from config.settings.base import *  # noqa: F403
from config.settings.base import STORAGES, env

DEBUG = False
ALLOW_CRASH_POINTS = False
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", True) else None
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^health"]  # probes come from inside
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = env.bool("COOKIES_SECURE", True)
CSRF_COOKIE_SECURE = env.bool("COOKIES_SECURE", True)
