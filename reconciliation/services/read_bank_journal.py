"""The simulated bank's own journal: the independent witness."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.core import http
from payments.providers.base import AccountCredentials

_PAGE = 1000
_MAX_PAGES = 10_000
_TIMEOUT_S = 20.0
_MAX_BODY_BYTES = 4 * 1024 * 1024


class JournalUnreadable(Exception):
    """The bank did not show its journal, so nothing was compared."""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line: `reference` is our id of the operation or refund, `object` the bank's."""

    kind: str  # authorize | capture | void | refund | decline | tombstone
    payment: str
    object: str
    reference: str
    key: str
    amount: int
    currency: str


def read_bank_journal(*, account: AccountCredentials) -> Iterator[JournalLine]:
    """Every line of that account's journal, oldest first. Raises JournalUnreadable."""
    after = 0
    for _ in range(_MAX_PAGES):
        page = _page(account, after)
        for line in page["data"]:
            yield JournalLine(
                kind=line["kind"],
                payment=line["payment"] or "",
                object=line["object"] or "",
                reference=line["reference"] or "",
                key=line["key"] or "",
                amount=line["amount"],
                currency=line["currency"] or "",
            )
        if not page["has_more"]:
            return
        after = page["next_after"]


def _page(account: AccountCredentials, after: int) -> dict[str, Any]:
    url = f"{str(account.config['base_url']).rstrip('/')}/v1/journal?after={after}&limit={_PAGE}"
    headers = {"Authorization": f"Bearer {account.secrets['api_key']}", "Accept": "application/json"}
    try:
        response = http.request(
            "GET", url, policy="operator", headers=headers, timeout_s=_TIMEOUT_S, max_body=_MAX_BODY_BYTES
        )
    except (http.NotSent, http.NoAnswer) as silence:
        raise JournalUnreadable(f"The bank's journal could not be read: {silence.reason}.") from silence
    if response.status != 200:
        raise JournalUnreadable(f"The bank answered {response.status} when asked for its journal.")
    page: dict[str, Any] = json.loads(response.body)
    return page
