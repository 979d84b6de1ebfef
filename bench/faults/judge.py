"""The end of a round: wait until all is quiet, then compare what everybody says."""

from __future__ import annotations

import json
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.faults.client import Client, Json, Witness
from bench.faults.receivers import Receiver
from bench.faults.system import System
from bench.faults.traffic import Told, is_final
from gateway.core.ids import to_public

QUIET_S = 240
NOTHING_TO_SETTLE = 409
_COMMAND_S = 180
_DELIVERED = """
SELECT endpoint.url, delivery.event_id FROM webhooks_delivery delivery
JOIN webhooks_endpoint endpoint ON endpoint.id = delivery.endpoint_id WHERE delivery.status = 'delivered'
"""
_IN_SUSPENSE = "SELECT kind, subject_id, amount FROM payments_anomaly WHERE resolved_at IS NULL AND amount <> 0"


@dataclass
class Verdict:
    """What a round found, as sentences; empty lists are what we want."""

    payments: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    quiet_s: float = 0.0
    settled_lines: int = 0

    @property
    def failures(self) -> dict[str, list[str]]:
        """Every kind of finding that has one."""
        kinds = ("lost", "duplicated", "unresolved", "differences", "violations", "unexpected")
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}


def wait_quiet(system: System, merchants: list[Json]) -> tuple[float, str]:
    """Until neither the bank nor we have anything left to do: the seconds that it took, and what was left at the end."""
    started = time.monotonic()
    deadline = started + QUIET_S
    left = ""
    while time.monotonic() < deadline:
        timeout_s = max(deadline - time.monotonic(), 5)
        status, output = system.manage(
            "wait_quiet", "--timeout", f"{timeout_s:.0f}", timeout_s=timeout_s + 30, while_waiting=system.revive
        )
        left = "" if status == 0 else f"not quiet: {output.strip() or system.log('manage').strip()[-600:]}"
        owed = _owed_by_bank(system, merchants)
        if status == 0 and not owed:
            # The bank's last word may have arrived between the two questions.
            status, output = system.manage("wait_quiet", "--timeout", "30", timeout_s=60, while_waiting=system.revive)
            if status == 0 and not _owed_by_bank(system, merchants):
                return time.monotonic() - started, ""
        left = left or f"the bank still owes {owed}"
        time.sleep(0.3)
    return time.monotonic() - started, left


def judge(
    system: System,
    merchants: list[Json],
    tolds: list[Told],
    earlier: set[str],
    witness: Witness,
    *,
    settle: bool = False,
) -> Verdict:
    """Compare the oracle, the invariants, the journal and what the merchants were told. `earlier`: payments of rounds before.

    With `settle` the bank pays out first, so that every movement has to match a line of its files too.
    """
    verdict = Verdict(payments=sum(bool(told.payment_id) for told in tolds))
    system.errands.submit(int).result()  # whatever was asked for in the background has ended
    verdict.quiet_s, left = wait_quiet(system, merchants)
    verdict.unresolved += [left] if left else []
    if settle:
        _settle(system, merchants, verdict)
    _ask_oracle(system, verdict)
    _ask_invariants(system, verdict)
    for number, merchant in enumerate(merchants):
        client = Client(system.base_urls, merchant["key_id"], merchant["secret"], witness)
        mine = [told for told in tolds if told.merchant == number]
        payments = {payment["id"]: payment for payment in client.listed("/api/v1/payments")}
        refunds = {refund["id"]: refund for refund in client.listed("/api/v1/refunds")}
        for told in mine:
            verdict.lost += _lost(told, payments.get(told.payment_id), refunds)
        known = {told.payment_id for told in mine} | earlier
        verdict.duplicated += [f"{extra} was never told to anybody" for extra in payments.keys() - known]
        verdict.duplicated += _charged_twice(system, merchant)
        earlier.update(payments)
    verdict.unresolved += [f"never answered: {what}" for what in witness.unanswered]
    verdict.unexpected += witness.unexpected
    verdict.unexpected += [
        f"a delivery with a wrong signature: {each}" for each in [*system.steady.forged, *system.moody.forged]
    ]
    with psycopg.connect(system.environment["DATABASE_OWNER_URL"]) as asking:
        verdict.lost += _never_received(asking, [system.steady, system.moody])
        verdict.differences += _in_suspense(asking)
    return verdict


def _lost(told: Told, payment: Json | None, refunds: dict[str, Json]) -> Iterator[str]:
    """What a merchant was told and does not hold."""
    name = f"{told.payment_id or told.key} ({told.kind}, told {told.seen}{', gave up' if told.gave_up else ''})"
    if not told.payment_id:
        return
    if payment is None:
        yield f"{name} does not exist"
        return
    status = payment["status"]
    if not is_final(status, told) or (told.ends and status not in told.ends):
        yield f"{name} is {status}, not {sorted(told.ends)}"
    if told.captured is not None and payment["amount_captured"] != told.captured:
        yield f"{name} captured {payment['amount_captured']}, not {told.captured}"
    given_back = 0
    for refund_id, (amount, ends) in told.refunds.items():
        refund = refunds.get(refund_id)
        if refund is None or refund["status"] not in ends or refund["amount"] != amount:
            yield f"{name}: refund {refund_id} of {amount} is {refund and refund['status']}, not {sorted(ends)}"
        elif refund["status"] == "succeeded":
            given_back += amount
    if payment["amount_refunded"] != given_back:
        yield f"{name} refunded {payment['amount_refunded']}, not {given_back}"


def _never_received(asking: psycopg.Connection[Any], receivers: list[Receiver]) -> Iterator[str]:
    """Deliveries that our rows call delivered, and that their receiver never took."""
    rows = asking.execute(_DELIVERED).fetchall()
    by_address = {receiver.address: receiver for receiver in receivers}
    for url, event_id in rows:
        receiver = by_address[urlsplit(url).netloc]
        if not receiver.seen[to_public("evt", event_id)]:
            yield f"{to_public('evt', event_id)} is delivered, and {url} never had it"


def _in_suspense(asking: psycopg.Connection[Any]) -> Iterator[str]:
    """Money of which nobody knows whose it is: nothing that these merchants do may leave any."""
    for kind, subject, amount in asking.execute(_IN_SUSPENSE).fetchall():
        yield f"{kind} of {subject}: {amount} in suspense"


def _charged_twice(system: System, merchant: Json) -> Iterator[str]:
    """Keys and payments that the bank's journal shows twice."""
    by_key: Counter[tuple[str, str]] = Counter()
    by_payment: Counter[str] = Counter()
    after = 0
    while True:
        page = system.bank("GET", f"/v1/journal?limit=1000&after={after}", merchant["bank_key"])
        for line in page["data"]:
            if line["kind"] in ("authorize", "capture", "refund"):
                by_key[line["kind"], line["key"]] += 1
            if line["kind"] == "authorize":
                by_payment[line["payment_reference"]] += 1
        if not page["has_more"]:
            break
        after = page["next_after"]
    yield from (f"{kind} with key {key}: {count} times" for (kind, key), count in by_key.items() if count > 1)
    yield from (f"{payment} was authorised {count} times" for payment, count in by_payment.items() if count > 1)


def _settle(system: System, merchants: list[Json], verdict: Verdict) -> None:
    """The bank pays out and says for what; every line must be something that our books hold, with that amount."""
    for merchant in merchants:
        close_books(system, merchant)
    status, _ = system.manage("import_settlements", timeout_s=_COMMAND_S, while_waiting=system.revive)
    if status:
        verdict.unexpected.append(f"import_settlements ended with {status}: {system.log('manage')[-600:]}")
    _, left = wait_quiet(system, merchants)
    verdict.unresolved += [f"after the settlement: {left}"] if left else []
    with psycopg.connect(system.environment["DATABASE_OWNER_URL"]) as asking:
        lines = asking.execute("SELECT file_id, number, state FROM reconciliation_settlementline").fetchall()
        files = asking.execute("SELECT external_id, state FROM reconciliation_settlementfile").fetchall()
    verdict.settled_lines = len(lines)
    verdict.differences += [
        f"line {number} of {file} is {state}" for file, number, state in lines if state != "matched"
    ]
    verdict.unresolved += [f"settlement file {name} is {state}" for name, state in files if state != "imported"]
    known = {name for name, _ in files}
    for merchant in merchants:
        made = system.bank("GET", "/v1/settlements?limit=1000", merchant["bank_key"])["data"]
        verdict.unresolved += [
            f"settlement file {each['id']} was never seen" for each in made if each["id"] not in known
        ]


def close_books(system: System, merchant: Json) -> None:
    """Let the bank close a settlement file now, if there is anything in it."""
    try:
        system.bank("POST", "/v1/settlements", merchant["bank_key"], {})
    except urllib.error.HTTPError as error:
        if error.code != NOTHING_TO_SETTLE:
            raise


def _ask_oracle(system: System, verdict: Verdict) -> None:
    found = _report(system, verdict, "oracle")
    for difference in found.get("differences", []):
        is_open = " is still " in difference or "quarantined" in difference
        (verdict.unresolved if is_open else verdict.differences).append(difference)


def _ask_invariants(system: System, verdict: Verdict) -> None:
    found = _report(system, verdict, "check_invariants")
    for invariant in found.get("invariants", []):
        for violation in invariant["violations"]:
            verdict.violations.append(f"{invariant['name']}: {violation['subject']}: {violation['detail']}")
        if not invariant["holds"] and not invariant["violations"]:
            verdict.violations.append(f"{invariant['name']} does not hold")


def _report(system: System, verdict: Verdict, command: str) -> dict[str, Any]:
    """The JSON that a command prints last; that it printed none is a finding of its own."""
    status, output = system.manage(command, "--json", timeout_s=_COMMAND_S, while_waiting=system.revive)
    try:
        report: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    except (ValueError, IndexError):
        verdict.unexpected.append(f"{command} ended with {status}: {output[-300:]} {system.log('manage')[-600:]}")
        return {}
    return report


def _owed_by_bank(system: System, merchants: list[Json]) -> str:
    owed: Counter[str] = Counter()
    for merchant in merchants:
        status = system.bank("GET", "/v1/status", merchant["bank_key"])
        owed.update({name: count for name, count in status.items() if isinstance(count, int) and count})
    return ", ".join(f"{count} {name}" for name, count in owed.items())
