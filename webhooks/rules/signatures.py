"""How an outbound webhook is signed: two header families over the same bytes.

The known answer of the Standard Webhooks specification:

>>> standard_webhooks_signature(
...     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
... )
'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - the published prefix, not a secret
_NEW_SECRET_BYTES = 32
_ALLOWED_KEY_BYTES = range(24, 65)


def new_secret() -> str:
    """A fresh signing secret: `whsec_` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(randomness.token_bytes(_NEW_SECRET_BYTES)).decode()


def signing_key(secret: str) -> bytes:
    """The Standard Webhooks key: the decoded part after `whsec_`. ValueError unless it is 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        message = "the secret is not whsec_ and base64"
        raise ValueError(message) from error
    if not secret.startswith(SECRET_PREFIX) or len(key) not in _ALLOWED_KEY_BYTES:
        message = "the secret must be whsec_ and the base64 of 24 to 64 bytes"
        raise ValueError(message)
    return key


def standard_webhooks_signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over `id.timestamp.body` with the decoded key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(signing_key(secret), signed, hashlib.sha256)).decode()


def body_signature(secret: str, body: bytes) -> str:
    """Lowercase hex over the raw body, keyed with the secret as shown: what `openssl dgst -sha256 -hmac "$SECRET"`
    prints.

    >>> body_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"{}")[:16]
    '6cbbcdf2c8016ca8'
    """
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def signature_headers(
    secrets_oldest_first: Sequence[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Every signature header of one attempt. The older of two live secrets keeps `X-Webhook-Signature` during a
    rotation.
    """
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            standard_webhooks_signature(secret, message_id, timestamp, body) for secret in secrets_oldest_first
        ),
        "X-Webhook-Signature": body_signature(secrets_oldest_first[0], body),
    }
    if len(secrets_oldest_first) > 1:
        headers["X-Webhook-Signature-Next"] = body_signature(secrets_oldest_first[-1], body)
    return headers
