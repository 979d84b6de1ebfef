"""Moving the money: authorize, capture, void. Every change writes its journal line in the same transaction.

The caller holds the lock of the request's key; here the payment's row is locked.
"""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from bank import journal, webhooks
from bank.cards import UPI_ADDRESSES
from bank.decisions import Circumstances, Decision, decide_card, decide_upi
from bank.errors import Problem, not_found
from bank.faults import Fault, Faults
from bank.models import Account, Capture, JournalEntry, Payment, Refund, VaultEntry, new_id
from bank.representations import payment_body
from bank.vault import card_of, method_details, resolve_source

Kind = JournalEntry.Kind
Status = Payment.Status


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a merchant asks for. `reference` is its id of this operation, `payment_reference` of its payment."""

    amount: int
    currency: str
    capture: bool
    source: str
    reference: str
    payment_reference: str
    return_url: str
    statement_descriptor: str
    forced_decline: str  # by the holder's name, or as instructed
    forced_challenge: bool
    three_d_secure: str  # automatic | always
    off_session: bool
    setup_future_usage: bool
    metadata: dict[str, str]


def authorize(account: Account, key: str, asked: Authorization, faults: Faults) -> Payment:
    """Ask the issuer. The payment exists afterwards whatever the answer was; a challenge leaves it waiting."""
    entry = resolve_source(account, asked.source)
    decision = _decide(entry, asked)
    late = Fault.LATE_SUCCESS in faults and decision.approved
    payment = Payment(
        id=new_id("bpay"),
        account=account,
        key=key,
        reference=asked.reference,
        payment_reference=asked.payment_reference,
        status=Status.DECLINED,
        amount=asked.amount,
        currency=asked.currency,
        capture_at_once=asked.capture,
        method_type=entry.type,
        scenario=entry.scenario,
        method_details=method_details(entry),
        vault_reference=entry.id,
        decline_code="generic_decline" if late else decision.decline,
        checks=_checks(entry),
        risk={"level": decision.risk, "score": decision.risk_score},
        three_d_secure={"result": decision.three_d_secure},
        setup_future_usage=asked.setup_future_usage,
        return_url=asked.return_url,
        statement_descriptor=asked.statement_descriptor,
        metadata=asked.metadata,
        webhook_faults=faults.of_webhooks(),
    )
    if late:
        payment.late_success_at = timezone.now() + timedelta(seconds=faults.seconds[Fault.LATE_SUCCESS])
    if decision.challenge:
        payment.status = Status.REQUIRES_ACTION
        payment.challenge_kind = decision.challenge
        payment.challenge_id = secrets.token_urlsafe(32)
    payment.save(force_insert=True)
    if payment.status == Status.REQUIRES_ACTION:
        webhooks.queue("payment.requires_action", payment, payment.webhook_faults)
    elif payment.decline_code:
        _record_decline(payment)
    else:
        approve(payment)
    return payment


def approve(payment: Payment) -> None:
    """The money is there: authorised in full, captured if that was asked for. The caller holds the payment's lock."""
    payment.status = Status.AUTHORIZED
    payment.amount_authorized = payment.amount
    payment.decline_code = ""
    payment.late_success_at = None
    payment.version += 1
    journal.write(
        Kind.AUTHORIZE,
        payment,
        object_id=payment.id,
        reference=payment.reference,
        key=payment.key,
        amount=payment.amount,
    )
    if not payment.capture_at_once:
        payment.save()
        webhooks.queue("payment.authorized", payment, payment.webhook_faults)
        return
    before = copy.copy(payment)
    _take(payment, reference=payment.reference, key=payment.key, amount=payment.amount, final=True)
    webhooks.queue("payment.captured", payment, payment.webhook_faults, stale=before)


def decline(payment: Payment, code: str, *, status: str = Status.DECLINED) -> None:
    """A final no: the issuer's (`declined`) or the customer's (`failed`). The caller holds the payment's lock."""
    payment.status = status
    payment.decline_code = code
    payment.version += 1
    payment.save()
    _record_decline(payment)


def capture(
    account: Account, payment_id: str, key: str, *, amount: int | None, final: bool, reference: str, faults: Faults
) -> Payment:
    """Take some or all of what is authorised; a final capture releases the rest."""
    payment = lock_payment(account, payment_id)
    if payment.amount_capturable == 0:
        raise wrong_state(payment, "Nothing of this payment can be captured.")
    amount = payment.amount_capturable if amount is None else amount
    if amount > payment.amount_capturable:
        raise Problem(
            409, "amount_too_large", "More than what is authorised cannot be captured.", payment=payment_body(payment)
        )
    _take(payment, reference=reference, key=key, amount=amount, final=final)
    webhooks.queue("payment.captured", payment, faults.of_webhooks())
    return payment


def void(
    account: Account, payment_id: str, key: str, *, reference: str, only_if_waiting: bool, faults: Faults
) -> Payment:
    """Give back what is not captured, or call off a challenge. Voiding what is voided changes nothing.

    `only_if_waiting` calls off a challenge and never undoes an approval that came first.
    """
    payment = lock_payment(account, payment_id)
    if payment.status == Status.VOIDED:
        return payment
    if only_if_waiting and payment.status != Status.REQUIRES_ACTION:
        raise Problem(409, "not_waiting", f"It is {payment.status} by now.", payment=payment_body(payment))
    released = payment.amount_capturable
    if payment.status != Status.REQUIRES_ACTION and released == 0:
        raise wrong_state(payment, "Nothing of this payment can be voided.")
    payment.status = Status.CAPTURED if payment.amount_captured else Status.VOIDED
    payment.capture_closed = True
    payment.void_reference = reference
    payment.version += 1
    payment.save()
    journal.write(Kind.VOID, payment, object_id=payment.id, reference=reference, key=key, amount=released)
    webhooks.queue("payment.voided", payment, faults.of_webhooks())
    return payment


def find(account: Account, payment_id: str) -> Payment:
    """The payment, or 404."""
    payment = Payment.objects.filter(account=account, id=payment_id).first()
    if payment is None:
        raise not_found("payment")
    return payment


def search(account: Account, *, reference: str, payment_reference: str, limit: int) -> list[Payment]:
    """Payments by the merchant's ids: `reference` names an authorisation, a capture or a refund."""
    found = Payment.objects.filter(account=account)
    if payment_reference:
        found = found.filter(payment_reference=payment_reference)
    if reference:
        ids = {
            *Payment.objects.filter(account=account, reference=reference).values_list("id", flat=True),
            *Capture.objects.filter(payment__account=account, reference=reference).values_list("payment_id", flat=True),
            *Refund.objects.filter(payment__account=account, reference=reference).values_list("payment_id", flat=True),
        }
        found = found.filter(id__in=ids)
    return list(found.prefetch_related("captures", "refunds").order_by("created_at", "id")[:limit])


def _decide(entry: VaultEntry, asked: Authorization) -> Decision:
    circumstances = Circumstances(
        forced_decline=asked.forced_decline or entry.forced_decline,
        forced_challenge=asked.forced_challenge,
        cvc_given=entry.cvc_check != "unchecked",
        authentication_wanted=asked.three_d_secure == "always",
        off_session=asked.off_session,
        set_up=entry.set_up,
    )
    if entry.type == "upi":
        return decide_upi(UPI_ADDRESSES[entry.scenario], circumstances)
    return decide_card(card_of(entry), circumstances)


def _checks(entry: VaultEntry) -> dict[str, str]:
    if entry.type == "upi":
        return {}
    card = card_of(entry)
    return {"cvc": entry.cvc_check, "line1": card.line1_check, "postal_code": card.postal_code_check}


def lock_payment(account: Account, payment_id: str) -> Payment:
    """The payment's row, locked, or 404."""
    payment = (
        Payment.objects.select_for_update(of=("self",))
        .select_related("account")
        .filter(account=account, id=payment_id)
        .first()
    )
    if payment is None:
        raise not_found("payment")
    return payment


def _take(payment: Payment, *, reference: str, key: str, amount: int, final: bool) -> None:
    taken = Capture.objects.create(id=new_id("bcap"), payment=payment, reference=reference, amount=amount, final=final)
    payment.amount_captured += amount
    payment.capture_closed = final or payment.amount_captured == payment.amount_authorized
    payment.status = Status.CAPTURED if payment.capture_closed else Status.PARTIALLY_CAPTURED
    payment.version += 1
    payment.save()
    journal.write(Kind.CAPTURE, payment, object_id=taken.id, reference=reference, key=key, amount=amount)


def _record_decline(payment: Payment) -> None:
    journal.write(
        Kind.DECLINE,
        payment,
        object_id=payment.id,
        reference=payment.reference,
        key=payment.key,
        amount=payment.amount,
        detail=payment.decline_code,
    )
    kind = "payment.declined" if payment.status == Status.DECLINED else "payment.failed"
    webhooks.queue(kind, payment, payment.webhook_faults)


def wrong_state(payment: Payment, detail: str) -> Problem:
    """A refusal that shows the payment as it is."""
    return Problem(409, "invalid_state", f"{detail} It is {payment.status}.", payment=payment_body(payment))
