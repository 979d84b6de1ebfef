"""The shop's own memory: its orders, and the webhooks that it has already acted on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SCHEMA = """
create table if not exists purchase (
    reference text primary key, product text not null, amount integer not null, currency text not null,
    order_id text unique, checkout_url text, status text not null default 'waiting', version integer not null default 0
);
create table if not exists webhook (
    id text primary key, type text not null, received_at text not null default current_timestamp, body text not null
);
"""


@dataclass(frozen=True)
class Purchase:
    """One order as the shop knows it. `status` is waiting, paid, expired or canceled: only webhooks change it."""

    reference: str
    product: str
    amount: int
    currency: str
    order_id: str | None
    checkout_url: str | None
    status: str
    version: int


class Store:
    """SQLite, one connection per call: plenty for an example, and safe with threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self._connection() as connection:
            connection.executescript(SCHEMA)

    def add(self, *, reference: str, product: str, amount: int, currency: str) -> None:
        """Remember the purchase *before* asking the gateway, so that a crash in between can be asked again."""
        with self._connection() as connection:
            connection.execute(
                "insert or ignore into purchase (reference, product, amount, currency) values (?, ?, ?, ?)",
                (reference, product, amount, currency),
            )

    def opened(self, reference: str, *, order_id: str, checkout_url: str) -> None:
        """The gateway knows the order now."""
        with self._connection() as connection:
            connection.execute(
                "update purchase set order_id = ?, checkout_url = ? where reference = ?",
                (order_id, checkout_url, reference),
            )

    def purchase(self, reference: str) -> Purchase | None:
        """One purchase, or None."""
        with self._connection() as connection:
            row = connection.execute("select * from purchase where reference = ?", (reference,)).fetchone()
        return Purchase(*row) if row else None

    def act_on(self, webhook_id: str, event: dict[str, Any]) -> bool:
        """Record the webhook and apply it, together. False when it was seen before: webhooks arrive at least once."""
        with self._connection() as connection:
            seen = connection.execute(
                "insert or ignore into webhook (id, type, body) values (?, ?, ?)",
                (webhook_id, event["type"], json.dumps(event)),
            )
            if seen.rowcount == 0:
                return False
            order, status = event["data"]["object"], _status_after(event)
            if status is not None:
                # `version` orders what arrives out of order: an older fact never overwrites a newer one.
                connection.execute(
                    "update purchase set status = ?, version = ? where reference = ? and version < ?",
                    (status, order["version"], order["reference"], order["version"]),
                )
            return True

    def webhooks(self, limit: int = 50) -> list[tuple[str, str, str, str]]:
        """The newest webhooks: id, type, received_at, body."""
        with self._connection() as connection:
            return connection.execute(
                "select id, type, received_at, body from webhook order by rowid desc limit ?", (limit,)
            ).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=10)
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def _status_after(event: dict[str, Any]) -> str | None:
    if event["type"] == "order.paid":
        return "paid"
    if event["type"] in {"order.expired", "order.canceled"}:
        return str(event["type"].removeprefix("order."))
    return None
