"""The whole integration, inward: believe a webhook only when its signature says so (https://www.standardwebhooks.com).

>>> verify(
...     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
...     {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
...      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
...     b'{"test": 2432232314}', now=1614265330)
{'test': 2432232314}
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

TOLERANCE_S = 300


class NotGenuine(Exception):
    """The signature is missing or wrong, or the message is too old: answer 400 and change nothing."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> dict[str, Any]:
    """The event, if one of the signatures over `id.timestamp.body` is ours and the time is within five minutes."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > TOLERANCE_S:
        raise NotGenuine("the timestamp is missing or more than five minutes off")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(expected.encode(), candidate.encode()) for candidate in given):
        raise NotGenuine("no signature matches")
    event: dict[str, Any] = json.loads(body)
    return event
