"""The bank's answers as the gateway's values. The bank counts in ISO 4217 minor units, as we do: no conversion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from payments.providers.base import (
    CaptureFact,
    NextAction,
    Observation,
    Outcome,
    PaymentFact,
    RefundFact,
    TokenizedMethod,
)
from payments.providers.simulated_bank.client import Answer
from payments.providers.simulated_bank.codes import decline_of

Body = Mapping[str, Any]


def tokenized_method(body: Body) -> TokenizedMethod:
    """A token's answer."""
    kind = str(body["type"])
    details = {name: value for name, value in body[kind].items() if name != "fingerprint"}
    return TokenizedMethod(str(body["id"]), kind, details, str(body[kind]["fingerprint"]))


def authorization(payment: Body) -> Observation:
    """What became of the authorisation, from the bank's payment."""
    return _observe_authorization(payment, payment_fact(payment))


def capture(payment: Body, operation_id: str) -> Observation:
    """What became of the capture that carries our id."""
    for item in payment["captures"]:
        if item["reference"] == operation_id:
            return _done(payment, str(item["id"]), int(item["amount"]))
    return _refused(payment, "not_captured")


def void(payment: Body, operation_id: str) -> Observation:
    """What became of the void: the payment is voided, or what was not captured is released; whoever asked first."""
    if payment["status"] == "voided" or payment["void_reference"] == operation_id:
        released = int(payment["amount_authorized"]) - int(payment["amount_captured"])
        return _done(payment, str(payment["id"]), released)
    return _refused(payment, "not_voided")


def refund(payment: Body, refund_id: str) -> Observation:
    """What became of the refund that carries our id."""
    for item in payment["refunds"]:
        if item["reference"] == refund_id:
            return Observation(
                outcome=Outcome(item["status"]),
                provider_reference=str(payment["id"]),
                operation_reference=str(item["id"]),
                amount=int(item["amount"]),
                code=str(item["failure_code"] or ""),
                was_sent=item["succeeded_at"] is not None,
                payment=payment_fact(payment),
            )
    return _refused(payment, "not_refunded")


def refusal(answer: Answer) -> Observation:
    """The bank said no, definitely, and changed nothing; with the payment's present state where it is shown."""
    payment = answer.body.get("payment")
    voided_by_key = answer.problem == "voided_by_key"
    return Observation(
        outcome=Outcome.FAILED,
        provider_reference=str(payment["id"]) if payment else "",
        code=answer.problem,
        message=str(answer.body.get("detail", "")),
        voided_by_key=voided_by_key,
        payment=payment_fact(payment) if payment else None,
    )


def word_about_key(word: Body, target_id: str) -> Observation:
    """The answer of void_if_absent: a tombstone, or what the request with this key did."""
    if word["outcome"] == "absent_voided":
        return Observation(outcome=Outcome.FAILED, provider_reference="", code="voided_by_key", voided_by_key=True)
    answer, payment = Answer(int(word["answer"]["status"]), word["answer"]["body"]), word["payment"]
    if answer.problem or payment is None:
        return refusal(answer)
    if payment["reference"] == target_id:
        return authorization(payment)
    if any(item["reference"] == target_id for item in payment["captures"]):
        return capture(payment, target_id)
    if any(item["reference"] == target_id for item in payment["refunds"]):
        return refund(payment, target_id)
    return void(payment, target_id)


def payment_fact(payment: Body) -> PaymentFact:
    """The present state of the bank's payment, with everything by our own ids."""
    return PaymentFact(
        provider_reference=str(payment["id"]),
        authorize_operation_id=str(payment["reference"]),
        authorize=_observe_authorization(payment, None),
        currency=str(payment["currency"]),
        amount_authorized=int(payment["amount_authorized"]),
        amount_captured=int(payment["amount_captured"]),
        amount_refunded=int(payment["amount_refunded"]),
        voided=payment["status"] == "voided",
        void_operation_id=str(payment["void_reference"] or ""),
        captures=tuple(
            CaptureFact(str(item["id"]), str(item["reference"]), int(item["amount"])) for item in payment["captures"]
        ),
        refunds=tuple(
            RefundFact(
                reference=str(item["id"]),
                our_id=str(item["reference"]),
                amount=int(item["amount"]),
                outcome=Outcome(item["status"]),
                failure_code=str(item["failure_code"] or ""),
                was_sent=item["succeeded_at"] is not None,
                reason=str(item["reason"]),
            )
            for item in payment["refunds"]
        ),
    )


def _observe_authorization(payment: Body, fact: PaymentFact | None) -> Observation:
    outcome = _authorization_outcome(payment)
    decline_code = str(payment["decline_code"] or "")
    refused = outcome in (Outcome.DECLINED, Outcome.FAILED)
    decline = decline_of(decline_code) if refused and decline_code else None
    return Observation(
        outcome=outcome,
        provider_reference=str(payment["id"]),
        operation_reference=str(payment["id"]),
        amount=int(payment["amount_authorized"]),
        code=decline.code if decline else ("payment_voided" if refused else ""),
        decline_code=decline_code if refused else "",
        message=decline.message if decline else "",
        advice=decline.advice if decline else "",
        next_action=_next_action(payment["next_action"]) if outcome is Outcome.REQUIRES_ACTION else None,
        method_details=_method_details(payment),
        risk=payment["risk"],
        three_d_secure=payment["three_d_secure"],
        payment=fact,
    )


def _authorization_outcome(payment: Body) -> Outcome:
    """A payment voided after its authorisation was authorised all the same; one voided while it waited never was."""
    if int(payment["amount_authorized"]) > 0:
        return Outcome.SUCCEEDED
    return {
        "requires_action": Outcome.REQUIRES_ACTION,
        "declined": Outcome.DECLINED,
        "failed": Outcome.FAILED,
        "voided": Outcome.FAILED,
    }[payment["status"]]


def _method_details(payment: Body) -> dict[str, Any]:
    method = payment["payment_method"]
    details = {name: value for name, value in method[method["type"]].items() if name != "fingerprint"}
    return {**details, "checks": payment["checks"]} if payment["checks"] else details


def _next_action(action: Body) -> NextAction:
    parts = urlsplit(action["url"])
    return NextAction("redirect", action["url"], f"{parts.scheme}://{parts.netloc}")


def _done(payment: Body, operation_reference: str, amount: int) -> Observation:
    return Observation(
        outcome=Outcome.SUCCEEDED,
        provider_reference=str(payment["id"]),
        operation_reference=operation_reference,
        amount=amount,
        payment=payment_fact(payment),
    )


def _refused(payment: Body, code: str) -> Observation:
    return Observation(
        outcome=Outcome.FAILED, provider_reference=str(payment["id"]), code=code, payment=payment_fact(payment)
    )
