"""The simulated bank as a provider. Our operation or refund id is the key and the reference of every call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from payments.providers.base import (
    AccountCredentials,
    AuthorizeRequest,
    Capabilities,
    CaptureRequest,
    MethodInput,
    NamedTestMethod,
    NotDone,
    Observation,
    OutcomeUnknown,
    PaymentFact,
    ProviderEvent,
    RefundRequest,
    Refused,
    SettlementFile,
    SettlementFileRef,
    TokenizedMethod,
    UpiInput,
    VoidRequest,
)
from payments.providers.simulated_bank import dialect, events, settlements
from payments.providers.simulated_bank.client import Answer, ask, ask_for_file


class SimulatedBank:
    """Test mode only; keeps every key for ever; knows `void_if_absent`."""

    name = "simulated_bank"
    capabilities = Capabilities(
        void_if_absent=True,
        key_retention=None,
        method_types=frozenset({"card", "upi"}),
        currencies=None,
        settlement_files=True,
    )

    def tokenize(self, account: AccountCredentials, method: MethodInput) -> TokenizedMethod:
        """Hand the details to the bank's vault. A reference can be charged many times, for 30 days."""
        body = {**_method_body(method), "livemode": account.livemode}
        answer = ask(account, "tokenize", "POST", "/v1/tokens", body=body)
        if answer.problem == "unknown_test_card":
            raise Refused("unknown_test_method", "There is no test method of that name.", field="payment_method")
        if answer.problem:
            field = str(answer.body.get("field", ""))
            raise Refused(answer.problem, str(answer.body.get("detail", "")), field=field)
        return dialect.tokenized_method(answer.body)

    def authorize(self, account: AccountCredentials, request: AuthorizeRequest) -> Observation:
        """Ask for the money; with `capture` it is one charge under one key."""
        body = {
            "amount": request.amount,
            "currency": request.currency,
            "capture": request.capture,
            "source": request.method_reference,
            "reference": request.operation_id,
            "payment_reference": request.payment_id,
            "return_url": request.return_url,
            "statement_descriptor": request.statement_descriptor,
            "three_d_secure": request.three_d_secure,
            "setup_future_usage": request.setup_future_usage,
            "metadata": dict(request.metadata),
            "livemode": account.livemode,
        }
        answer = ask(account, "authorize", "POST", "/v1/payments", body=body, key=request.operation_id)
        return dialect.refusal(answer) if answer.problem else dialect.authorization(answer.body)

    def capture(self, account: AccountCredentials, request: CaptureRequest) -> Observation:
        """Take (part of) what is authorised."""
        body = {
            "amount": request.amount,
            "final": request.final,
            "reference": request.operation_id,
            "metadata": dict(request.metadata),
        }
        path = _path(request.provider_reference, "captures")
        answer = ask(account, "capture", "POST", path, body=body, key=request.operation_id)
        return dialect.refusal(answer) if answer.problem else dialect.capture(answer.body, request.operation_id)

    def void(self, account: AccountCredentials, request: VoidRequest) -> Observation:
        """Give back what is not captured, or call off a challenge."""
        body = {
            "reference": request.operation_id,
            "only_if_waiting": request.only_if_waiting,
            "metadata": dict(request.metadata),
        }
        path = _path(request.provider_reference, "void")
        answer = ask(account, "void", "POST", path, body=body, key=request.operation_id)
        return dialect.refusal(answer) if answer.problem else dialect.void(answer.body, request.operation_id)

    def void_if_absent(self, account: AccountCredentials, *, target_operation_id: str) -> Observation:
        """The bank's last word about an operation or refund id: what it did, or that it will never happen."""
        body = {"target_key": target_operation_id}
        answer = ask(account, "void_if_absent", "POST", "/v1/void_if_absent", body=body)
        if answer.problem:
            raise OutcomeUnknown(f"the bank does not tell: {answer.problem}")
        return dialect.word_about_key(answer.body, target_operation_id)

    def refund(self, account: AccountCredentials, request: RefundRequest) -> Observation:
        """Send captured money back."""
        body = {
            "amount": request.amount,
            "reason": request.reason,
            "reference": request.refund_id,
            "metadata": dict(request.metadata),
        }
        path = _path(request.provider_reference, "refunds")
        answer = ask(account, "refund", "POST", path, body=body, key=request.refund_id)
        return dialect.refusal(answer) if answer.problem else dialect.refund(answer.body, request.refund_id)

    def fetch_payment(
        self, account: AccountCredentials, *, provider_reference: str = "", operation_id: str = ""
    ) -> PaymentFact | None:
        """The present state, by the bank's id or by our authorize operation's. None proves nothing."""
        if provider_reference:
            answer = ask(account, "fetch_payment", "GET", _path(provider_reference))
            return dialect.payment_fact(_required(answer)) if answer.status != 404 else None
        answer = ask(account, "fetch_payment", "GET", f"/v1/payments?reference={quote(operation_id, safe='')}")
        found = [payment for payment in _required(answer)["data"] if payment["reference"] == operation_id]
        return dialect.payment_fact(found[0]) if found else None

    def verify_event(
        self, account: AccountCredentials, *, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """Verify a webhook's raw bytes. No network."""
        return events.verify(account, headers=headers, body=body, now=now)

    def list_settlement_files(self, account: AccountCredentials) -> tuple[SettlementFileRef, ...]:
        """The newest thousand files that the bank has closed."""
        answer = ask(account, "list_settlements", "GET", "/v1/settlements?limit=1000")
        return settlements.file_refs(_required(answer))

    def fetch_settlement_file(self, account: AccountCredentials, ref: SettlementFileRef) -> SettlementFile:
        """One file, read strictly."""
        raw = ask_for_file(account, "fetch_settlement", f"/v1/settlements/{quote(ref.id, safe='')}")
        return settlements.settlement_file(ref, raw)


def _method_body(method: MethodInput) -> dict[str, Any]:
    if isinstance(method, NamedTestMethod):
        return {"type": "card", "card": {"name": method.name}}
    if isinstance(method, UpiInput):
        return {"type": "upi", "upi": {"vpa": method.vpa}}
    card = {"number": method.number, "exp_month": method.exp_month, "exp_year": method.exp_year}
    optional = {"cvc": method.cvc, "holder_name": method.holder_name}
    optional |= {"postal_code": method.postal_code, "line1": method.line1}
    return {"type": "card", "card": {**card, **{name: value for name, value in optional.items() if value}}}


def _path(provider_reference: str, action: str = "") -> str:
    path = f"/v1/payments/{quote(provider_reference, safe='')}"
    return f"{path}/{action}" if action else path


def _required(answer: Answer) -> Mapping[str, Any]:
    if answer.problem:
        raise NotDone(answer.problem, str(answer.body.get("detail", "")), retryable=False)
    return answer.body
