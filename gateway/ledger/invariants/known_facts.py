"""Every posting is of a kind that some part of the gateway posts: money is not invented under a name of its own."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.module_loading import import_string

from gateway.core.invariants import Violation, selected
from gateway.ledger.rules import PostedFact

NAME = "ledger.known_facts"
DESCRIPTION = (
    "Every transaction is a fact that this gateway posts, between the accounts that this fact moves money between."
)

_KNOWN = """
WITH known AS (
    SELECT source_type, '^(' || events || ')$' AS events, string_to_array(accounts, ',') AS accounts
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS fact (source_type, events, accounts)
)
"""
_UNKNOWN = f"""{_KNOWN}
SELECT t.id, t.source_type || ' ' || t.event || ' is nothing that is posted here' FROM ledger_transaction t
WHERE NOT EXISTS (SELECT FROM known k WHERE k.source_type = t.source_type AND t.event ~ k.events)
"""  # noqa: S608  (constants only)
_STRAY = f"""{_KNOWN}
SELECT e.id, 'moves ' || a.type || ', which ' || t.source_type || ' ' || t.event || ' never does'
FROM ledger_transaction t
JOIN known k ON k.source_type = t.source_type AND t.event ~ k.events
JOIN ledger_entry e ON e.transaction_id = t.id
JOIN ledger_account a ON a.id = e.account_id
WHERE a.type <> ALL (k.accounts)
"""  # noqa: S608


def violations() -> Iterator[Violation]:
    """Transactions of no known kind, and entries in accounts that their fact does not touch."""
    facts: list[PostedFact] = [fact for dotted in settings.LEDGER_FACTS for fact in import_string(dotted)]
    parameters = (
        [fact.source_type for fact in facts],
        [fact.events for fact in facts],
        [",".join(sorted(fact.accounts)) for fact in facts],
    )
    for query in (_UNKNOWN, _STRAY):
        yield from selected(query, parameters)
