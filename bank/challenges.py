"""What the customer decides on the bank's own page. Only a payment that still waits can be decided: the first wins."""

from __future__ import annotations

from django.db import transaction

from bank.cards import CARDS_BY_NAME
from bank.decisions import Circumstances, charge_decline
from bank.models import Payment, VaultEntry
from bank.payments import Status, approve, decline

DECISIONS = ("approve", "fail", "cancel")


def find_challenge(challenge_id: str) -> Payment | None:
    """The payment behind a challenge's unguessable id."""
    return Payment.objects.select_related("account").filter(challenge_id=challenge_id).first()


def decide_challenge(challenge_id: str, decision: str) -> Payment | None:
    """Apply the customer's decision, once. After the payment was decided or voided nothing changes."""
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("account")
            .filter(challenge_id=challenge_id)
            .first()
        )
        if payment is None or payment.status != Status.REQUIRES_ACTION:
            return payment
        if decision == "approve":
            _approve(payment)
        elif decision == "fail":
            payment.three_d_secure = _result(payment, "failed")
            decline(payment, "upi_declined" if payment.challenge_kind == "upi" else "authentication_failed")
        else:
            payment.three_d_secure = _result(payment, "canceled")
            decline(payment, "payment_cancelled", status=Status.FAILED)
        return payment


def _approve(payment: Payment) -> None:
    payment.three_d_secure = _result(payment, "authenticated")
    refusal = ""
    if payment.method_type == "card":
        cvc_given = payment.checks.get("cvc") != "unchecked"
        refusal = charge_decline(CARDS_BY_NAME[payment.scenario], Circumstances(cvc_given=cvc_given))
    if refusal:
        decline(payment, refusal)
        return
    if payment.setup_future_usage:
        VaultEntry.objects.filter(id=payment.vault_reference).update(set_up=True)
    approve(payment)


def _result(payment: Payment, word: str) -> dict[str, str]:
    return payment.three_d_secure if payment.challenge_kind == "upi" else {"result": word}
