"""Find what was changed, deleted, inserted or rewritten in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from gateway.audit.models import AuditEntry, Seal
from gateway.audit.rules import (
    ENTRY_COLUMNS,
    HEAD_EVENT,
    HEAD_PURPOSE,
    entry_hash,
    kept_since,
    moment,
    seal_hash,
    unspelled,
)
from gateway.core.ids import id_time
from gateway.core.secrets import keyed_digest_matches

_SEALS_AT_ONCE = 50
_UNSEALED_FOR_TOO_LONG_S = 3600
_HEAD = re.compile(HEAD_EVENT + r" number=(\d+) head=(\w+\.[a-p]{64}) previous=(\w+\.[a-p]{64})")

# One statement, one snapshot: what is sealed meanwhile is in the queue or in a seal, never in neither.
_IN_NO_SEAL = """
SELECT entry.id FROM audit_entry entry
LEFT JOIN (SELECT (named ->> 0)::uuid AS id FROM audit_seal, jsonb_array_elements(entries) AS named) sealed
    ON sealed.id = entry.id
LEFT JOIN audit_unsealed waiting ON waiting.entry_id = entry.id
WHERE sealed.id IS NULL AND waiting.entry_id IS NULL
"""
_QUEUE = """
SELECT waiting.entry_id, entry.id IS NULL, extract(epoch FROM statement_timestamp() - waiting.queued_at)
FROM audit_unsealed waiting LEFT JOIN audit_entry entry ON entry.id = waiting.entry_id
WHERE entry.id IS NULL OR waiting.queued_at < statement_timestamp() - make_interval(secs => %s)
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `kind` is changed, deleted, inserted, broken_chain, unsealed or rewritten."""

    kind: str
    subject: str
    detail: str


def verify(*, heads: Iterable[str] = ()) -> Iterator[Problem]:
    """Yield everything that is wrong with the audit log, reading it whole.

    `heads` are lines of the log that hold sealed heads: with them a chain that was rewritten from start to end, or cut
    off at its end, is found too.
    """
    known = list(_known_heads(heads))
    hashes = {0: ""}
    yield from _check_chain(hashes, wanted={number for number, _ in known})
    yield from _check_unnamed()
    yield from _check_heads(known, hashes)


def _check_chain(hashes: dict[int, str], *, wanted: set[int]) -> Iterator[Problem]:
    """Walk along the chain; the hashes of the `wanted` seals are left in `hashes`."""
    expected, previous = 1, ""
    while seals := list(Seal.objects.filter(number__gte=expected).order_by("number")[:_SEALS_AT_ONCE]):
        for seal in seals:
            if seal.number != expected:
                yield Problem("broken_chain", f"seal {expected}", f"missing: the next one is {seal.number}")
            elif seal.previous != previous:
                yield Problem("broken_chain", f"seal {seal.number}", "does not follow from the one before it")
            made = seal_hash(
                number=seal.number, previous=seal.previous, sealed_at=moment(seal.sealed_at), entries=seal.entries
            )
            if made != seal.hash:
                yield Problem("broken_chain", f"seal {seal.number}", "its content does not have its hash")
            yield from _check_entries(seal)
            if seal.number in wanted:
                hashes[seal.number] = seal.hash
            expected, previous = seal.number + 1, seal.hash


def _check_entries(seal: Seal) -> Iterator[Problem]:
    named = {UUID(entry_id): hashed for entry_id, hashed in seal.entries}
    if not named:
        return
    rows = AuditEntry.objects.unscoped("the chain spans all merchants").filter(
        id__in=list(named), id__gte=min(named), id__lte=max(named)
    )
    found = {row["id"]: entry_hash(row) for row in rows.values(*ENTRY_COLUMNS)}
    since = kept_since(timezone.now())
    for entry_id, hashed in named.items():
        if entry_id not in found:
            if id_time(entry_id) >= since:
                yield Problem("deleted", f"entry {entry_id}", f"named by seal {seal.number}, and not there")
        elif found[entry_id] != hashed:
            yield Problem("changed", f"entry {entry_id}", f"is not what seal {seal.number} named")


def _check_unnamed() -> Iterator[Problem]:
    with connection.cursor() as cursor:
        cursor.execute(_IN_NO_SEAL)
        for (entry_id,) in cursor.fetchall():
            yield Problem("inserted", f"entry {entry_id}", "no seal names it, and it does not wait for one")
        cursor.execute(_QUEUE, [_UNSEALED_FOR_TOO_LONG_S])
        for entry_id, gone, age_s in cursor.fetchall():
            if gone:
                yield Problem("deleted", f"entry {entry_id}", "was recorded, and is gone before it was sealed")
            else:
                yield Problem("unsealed", f"entry {entry_id}", f"has waited for its seal for {int(age_s)} s")


def _known_heads(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The numbers of the seals that the log knows, each with the keyed digest of its hash."""
    for line in lines:
        if (match := _HEAD.search(line)) is not None:
            number = int(match[1])
            yield number, match[2]
            yield number - 1, match[3]


def _check_heads(known: Iterable[tuple[int, str]], hashes: dict[int, str]) -> Iterator[Problem]:
    for number, digest in known:
        if number not in hashes:
            yield Problem("rewritten", f"seal {number}", "the log knows its head, and it is not in the chain")
        elif not keyed_digest_matches(unspelled(digest), HEAD_PURPOSE, hashes[number]):
            yield Problem("rewritten", f"seal {number}", "its hash is not the one in the log")
