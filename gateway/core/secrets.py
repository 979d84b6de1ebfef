"""Secrets at rest: sealing with a rotatable key, keyed digests, random tokens, hashes of secrets we only ever compare.

What is sealed is bound to the row it belongs to, so that a ciphertext copied into another row does not open there.
Settings: `ENCRYPTION_KEYS` and `FINGERPRINT_KEYS`, each `{key id: 32 bytes}` with the current key first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12


class CannotUnseal(Exception):
    """The ciphertext was changed, belongs to another row, or its key is gone. Says nothing about the content."""


def seal(plaintext: str | bytes, *, bound_to: str) -> str:
    """Encrypt with the current key (AES-256-GCM): `<key id>.<base64url>`.

    `bound_to` names the row and field, like `"webhooks.Secret:<uuid>"`; the same words are needed to unseal.
    """
    key_id, key = _current(settings.ENCRYPTION_KEYS)
    return f"{key_id}.{_base64(seal_with(key, _bytes(plaintext), bound_to=bound_to))}"


def unseal(sealed: str, *, bound_to: str) -> bytes:
    """The plaintext, with whichever known key sealed it. Raises `CannotUnseal`."""
    key_id, _, encoded = sealed.partition(".")
    key = settings.ENCRYPTION_KEYS.get(key_id)
    if key is None:
        message = f"no encryption key named {key_id!r} is configured"
        raise CannotUnseal(message)
    try:
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError as error:
        message = "this is not a sealed value"
        raise CannotUnseal(message) from error
    return unseal_with(key, data, bound_to=bound_to)


def needs_rotation(sealed: str) -> bool:
    """Whether another than the current key sealed it."""
    return sealed.partition(".")[0] != _current(settings.ENCRYPTION_KEYS)[0]


def seal_with(key: bytes, plaintext: bytes, *, bound_to: str) -> bytes:
    """Encrypt with a given 32-byte key: nonce, then ciphertext with its tag."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())


def unseal_with(key: bytes, data: bytes, *, bound_to: str) -> bytes:
    """The reverse of `seal_with`. Raises `CannotUnseal`."""
    try:
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        message = f"the sealed value does not open as {bound_to!r}"
        raise CannotUnseal(message) from error


def keyed_digest(purpose: str, value: str | bytes) -> str:
    """`<key id>.<hex HMAC-SHA256>` with the current fingerprint key; the same value has another digest per purpose."""
    key_id, key = _current(settings.FINGERPRINT_KEYS)
    return f"{key_id}.{_hmac(key, purpose, value)}"


def keyed_digest_matches(digest: str, purpose: str, value: str | bytes) -> bool:
    """Whether `digest` was made from this value, by the key that it names (False when that key is gone)."""
    key_id, _, given = digest.partition(".")
    key = settings.FINGERPRINT_KEYS.get(key_id)
    return key is not None and hmac.compare_digest(given.encode(), _hmac(key, purpose, value).encode())


def hash_secret(secret: str) -> str:
    """What we keep of a *random* secret (an API secret). Not for passwords: those are guessable and need a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, hashed: str) -> bool:
    """Whether `secret` has this hash, in constant time."""
    return hmac.compare_digest(hash_secret(secret).encode(), hashed.encode())


def _current(keys: Mapping[str, bytes]) -> tuple[str, bytes]:
    return next(iter(keys.items()))


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _hmac(key: bytes, purpose: str, value: str | bytes) -> str:
    return hmac.new(key, purpose.encode() + b"\0" + _bytes(value), hashlib.sha256).hexdigest()
