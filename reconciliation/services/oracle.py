"""The oracle: bank journal = ledger = payments and refunds = events delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from gateway.work import states as work_states
from gateway.work.models import Work
from payments.models import ProviderAccount
from payments.selectors.provider_accounts import credentials_of
from reconciliation.rules.compare import Fact, FactKey, compare_facts
from reconciliation.selectors import our_facts
from reconciliation.services.ask_bank import BankUnreadable
from reconciliation.services.read_bank_journal import JournalLine, read_bank_journal

WITNESSED_PROVIDER = "simulated_bank"
_MONEY_KINDS = frozenset({"authorize", "capture", "refund"})
# A kind of line that takes back what another kind said.
_REVERSALS = {"refund_returned": "refund"}


@dataclass
class OracleResult:
    """What differs, as plain sentences, and how much was compared."""

    differences: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everybody tells the same story."""
        return not self.differences


def compare() -> OracleResult:
    """Compare what the bank wrote down with what we did, for every merchant. Call it when the queues are quiet.

    Beside the witnesses of this app it asks those that `settings.ORACLE_PARTS` names (deliveries, which this app does
    not know).
    """
    result = OracleResult()
    counts: Counter[str] = Counter()
    rows = ProviderAccount.objects.unscoped("the oracle compares all there is")
    for account in rows.filter(provider=WITNESSED_PROVIDER).order_by("id"):
        try:
            lines = list(read_bank_journal(account=credentials_of(account)))
        except BankUnreadable as refusal:
            result.differences.append(f"{account.public_id}: {refusal}")
            continue
        counts["bank_lines"] += len(lines)
        result.differences += _bank_against_ledger(account, lines)
    for name, part in _PARTS.items():
        found = list(part())
        result.differences += found
        counts[f"{name}_differences"] += len(found)
    for dotted in settings.ORACLE_PARTS:
        result.differences += list(import_string(dotted)())
    result.counts = {**counts, **our_facts.totals()}
    return result


def _bank_against_ledger(account: ProviderAccount, lines: list[JournalLine]) -> Iterator[str]:
    ledger = our_facts.ledger_facts(account)
    bank = _bank_facts(lines, ledger)
    name = f"ledger of {account.public_id}"
    yield from compare_facts("bank", bank, name, ledger)
    money = Counter[str]()
    for (kind, _), (amount, currency) in bank.items():
        money[currency] += {"capture": amount, "refund": -amount}.get(kind, 0)
    for currency, held in our_facts.clearing_balances(account).items():
        if held != money[currency]:
            owed = f"bank owes {money[currency]} {currency}"
            yield f"provider_clearing of {account.public_id}: {owed}, ledger says {held}."
    done = {key for kind, key in bank if kind in _MONEY_KINDS}
    for line in lines:
        # A tombstone is a promise: what it names never happens, before or after.
        if line.kind == "tombstone" and line.key in done:
            yield f"{line.key}: the bank carried it out and buried it."


def _bank_facts(lines: list[JournalLine], ledger: dict[FactKey, Fact]) -> dict[FactKey, Fact]:
    """The lines by our id of them, or by the bank's where it is not ours (such money stands in our suspense)."""
    facts: dict[FactKey, Fact] = {}
    for line in lines:
        kind = _REVERSALS.get(line.kind, line.kind)
        if kind not in _MONEY_KINDS:
            continue
        names = (line.reference, line.object, line.payment)
        key = next(((kind, name) for name in names if (kind, name) in ledger), (kind, line.reference))
        amount, _ = facts.get(key, (0, ""))
        facts[key] = (amount + (line.amount if kind == line.kind else -line.amount), line.currency)
    return {key: fact for key, fact in facts.items() if fact[0]}


def _unfinished() -> Iterator[str]:
    for public_id, status in our_facts.open_operations():
        yield f"operation {public_id} is still {status}."
    for public_id, status in our_facts.open_refunds():
        yield f"refund {public_id} is still {status}."
    for kind, subject, error in (
        Work.objects.filter(state=work_states.QUARANTINED).values_list("kind", "subject_id", "error").order_by("id")
    ):
        yield f"work {kind} of {subject} is quarantined: {error[:200]}."


_PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "ledger_and_rows": our_facts.rows_against_ledger,
    "amounts": our_facts.rows_against_sums,
    "events": our_facts.rows_against_events,
    "unfinished": _unfinished,
}
