"""The adapter against the real bank over HTTP: every answer, and every kind of no answer, in the gateway's words."""

import dataclasses
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bank.cards import DECLINE_MESSAGES
from gateway.core import http
from gateway.core.ids import new_id, to_public
from payments.providers.base import (
    AccountCredentials,
    AuthorizeRequest,
    BadSignature,
    CaptureRequest,
    CardInput,
    NamedTestMethod,
    NotDone,
    Observation,
    Outcome,
    OutcomeUnknown,
    RefundRequest,
    Refused,
    UpiInput,
    VoidRequest,
)
from payments.providers.simulated_bank.adapter import SimulatedBank
from payments.providers.simulated_bank.codes import DECLINES
from tests.support.bank import BankAccount

ADAPTER = SimulatedBank()
YEAR = time.gmtime().tm_year + 2


@pytest.fixture
def account(bank_account: BankAccount) -> AccountCredentials:
    return AccountCredentials(
        id=uuid4(),
        provider="simulated_bank",
        livemode=False,
        config={"base_url": bank_account.base_url, "account": bank_account.id},
        secrets={"api_key": bank_account.api_key, "webhook_secret": bank_account.webhook_secret},
    )


def asked(method: str = "pm_card_visa", *, simulate: str = "", **fields: Any) -> AuthorizeRequest:
    request = AuthorizeRequest(
        operation_id=to_public("opn", new_id()),
        payment_id=to_public("pay", new_id()),
        amount=4999,
        currency="EUR",
        capture=True,
        method_reference=method,
        return_url="https://shop.example/return",
        metadata={"simulate": simulate} if simulate else {},
    )
    return dataclasses.replace(request, **fields)


def held(account: AccountCredentials) -> Observation:
    return ADAPTER.authorize(account, asked(capture=False))


def test_a_card_becomes_a_reference_and_a_masked_form(account: AccountCredentials) -> None:
    card = CardInput("4242424242424242", 12, YEAR, "123", holder_name="Ada", postal_code="1010", line1="Ring 1")

    method = ADAPTER.tokenize(account, card)

    assert method.type == "card"
    assert method.details == {
        "brand": "visa",
        "last4": "4242",
        "exp_month": 12,
        "exp_year": YEAR,
        "funding": "credit",
        "country": "US",
    }
    assert len(method.fingerprint) == 32
    assert ADAPTER.authorize(account, asked(method.reference)).outcome is Outcome.SUCCEEDED
    assert ADAPTER.authorize(account, asked(method.reference)).outcome is Outcome.SUCCEEDED


def test_a_upi_address_and_a_named_method_become_references(account: AccountCredentials) -> None:
    upi = ADAPTER.tokenize(account, UpiInput("success@upi"))
    named = ADAPTER.tokenize(account, NamedTestMethod("pm_card_mastercard"))

    assert (upi.type, upi.details) == ("upi", {"vpa_masked": "su***@upi"})
    assert (named.type, named.details["brand"]) == ("card", "mastercard")


@pytest.mark.parametrize(
    ("method", "code", "field"),
    [
        (CardInput("4242424242424241", 12, YEAR, None), "incorrect_number", "card.number"),
        (CardInput("4000000000000051", 12, YEAR, None), "test_mode_live_card", "card.number"),
        (CardInput("4242424242424242", 13, YEAR, None), "invalid_expiry_month", "card.exp_month"),
        (CardInput("4242424242424242", 1, YEAR - 3, None), "invalid_expiry_year", "card.exp_year"),
        (CardInput("4242424242424242", 12, YEAR, "99"), "invalid_cvc", "card.cvc"),
        (UpiInput("somebody@upi"), "invalid_vpa", "upi.vpa"),
        (NamedTestMethod("pm_card_gold"), "unknown_test_method", "payment_method"),
    ],
)
def test_refused_input_names_the_field(account: AccountCredentials, method: Any, code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        ADAPTER.tokenize(account, method)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.message


def test_an_authorisation_with_capture(account: AccountCredentials) -> None:
    request = asked()

    observed = ADAPTER.authorize(account, request)

    assert (observed.outcome, observed.amount, observed.code) == (Outcome.SUCCEEDED, 4999, "")
    assert observed.provider_reference.startswith("bpay_")
    assert observed.method_details["last4"] == "4242"
    assert observed.method_details["checks"] == {"cvc": "pass", "line1": "pass", "postal_code": "pass"}
    assert observed.risk == {"level": "normal", "score": 12}
    fact = observed.payment
    assert fact is not None
    assert fact.authorize_operation_id == request.operation_id
    assert (fact.currency, fact.amount_authorized, fact.amount_captured, fact.voided) == ("EUR", 4999, 4999, False)
    assert [(capture.our_id, capture.amount) for capture in fact.captures] == [(request.operation_id, 4999)]


def test_a_decline_is_an_observation_with_a_cause_and_a_next_step(account: AccountCredentials) -> None:
    observed = ADAPTER.authorize(account, asked("pm_card_chargeDeclinedInsufficientFunds"))

    assert observed.outcome is Outcome.DECLINED
    assert (observed.code, observed.decline_code) == ("card_declined", "insufficient_funds")
    assert (observed.advice, observed.message) == (
        "use_other_method",
        "There is not enough money. Use another method.",
    )
    assert observed.payment is not None and observed.payment.amount_authorized == 0


@pytest.mark.parametrize(
    "name", ["pm_card_chargeDeclinedStolenCard", "pm_card_chargeDeclinedLostCard", "pm_card_radarBlock"]
)
def test_suspected_fraud_gives_the_customer_no_detail(account: AccountCredentials, name: str) -> None:
    observed = ADAPTER.authorize(account, asked(name))

    assert observed.message == "The card was declined. Use another method."


def test_a_challenge_says_where_to_go_and_what_came_of_it(
    account: AccountCredentials, bank_account: BankAccount
) -> None:
    request = asked("pm_card_authenticationRequired")

    waiting = ADAPTER.authorize(account, request)
    assert waiting.outcome is Outcome.REQUIRES_ACTION
    assert waiting.next_action is not None
    assert (waiting.next_action.type, waiting.next_action.origin) == ("redirect", bank_account.base_url)
    bank_account.decide(waiting.next_action.url, "approve")

    fact = ADAPTER.fetch_payment(account, provider_reference=waiting.provider_reference)
    assert fact is not None
    assert (fact.authorize.outcome, fact.authorize.next_action) == (Outcome.SUCCEEDED, None)
    assert fact.authorize.three_d_secure == {"result": "authenticated"}
    assert fact.amount_captured == 4999


@pytest.mark.parametrize(
    ("decision", "outcome", "code"),
    [
        ("fail", Outcome.DECLINED, "authentication_failed"),
        ("cancel", Outcome.FAILED, "payment_canceled"),
    ],
)
def test_a_challenge_that_is_not_passed(
    account: AccountCredentials, bank_account: BankAccount, decision: str, outcome: Outcome, code: str
) -> None:
    waiting = ADAPTER.authorize(account, asked("pm_card_authenticationRequired"))
    assert waiting.next_action is not None
    bank_account.decide(waiting.next_action.url, decision)

    fact = ADAPTER.fetch_payment(account, provider_reference=waiting.provider_reference)

    assert fact is not None
    assert (fact.authorize.outcome, fact.authorize.code) == (outcome, code)


def test_partial_captures_and_refunds_carry_our_ids(account: AccountCredentials) -> None:
    payment = held(account)
    reference = payment.provider_reference

    first = ADAPTER.capture(account, CaptureRequest("opn_c1", reference, 1000, "EUR", final=False))
    second = ADAPTER.capture(account, CaptureRequest("opn_c2", reference, 500, "EUR", final=True))
    refund = ADAPTER.refund(account, RefundRequest("rfd_1", "pay_1", reference, 300, "EUR", reason="duplicate"))

    assert [(item.outcome, item.amount) for item in (first, second, refund)] == [
        (Outcome.SUCCEEDED, 1000),
        (Outcome.SUCCEEDED, 500),
        (Outcome.SUCCEEDED, 300),
    ]
    assert first.operation_reference.startswith("bcap_") and refund.operation_reference.startswith("brfd_")
    fact = refund.payment
    assert fact is not None
    assert [(item.our_id, item.amount) for item in fact.captures] == [("opn_c1", 1000), ("opn_c2", 500)]
    assert [(item.our_id, item.amount, item.outcome) for item in fact.refunds] == [("rfd_1", 300, Outcome.SUCCEEDED)]
    assert (fact.amount_captured, fact.amount_refunded) == (1500, 300)


def test_too_much_is_a_failure_that_shows_the_present_state(account: AccountCredentials) -> None:
    payment = held(account)

    capture = ADAPTER.capture(account, CaptureRequest("opn_c", payment.provider_reference, 5000, "EUR", final=True))
    refund = ADAPTER.refund(account, RefundRequest("rfd_1", "pay_1", payment.provider_reference, 1, "EUR"))

    assert (capture.outcome, capture.code) == (Outcome.FAILED, "amount_too_large")
    assert capture.payment is not None and capture.payment.amount_captured == 0
    assert (refund.outcome, refund.code) == (Outcome.FAILED, "invalid_state")


def test_a_void_and_a_void_that_came_too_late(account: AccountCredentials) -> None:
    payment, taken = held(account), ADAPTER.authorize(account, asked())

    voided = ADAPTER.void(account, VoidRequest("opn_v", payment.provider_reference))
    late = ADAPTER.void(account, VoidRequest("opn_w", taken.provider_reference))

    assert (voided.outcome, voided.amount) == (Outcome.SUCCEEDED, 4999)
    assert voided.payment is not None
    assert (voided.payment.voided, voided.payment.void_operation_id) == (True, "opn_v")
    assert voided.payment.authorize.outcome is Outcome.SUCCEEDED
    assert (late.outcome, late.code) == (Outcome.FAILED, "invalid_state")
    assert late.payment is not None and late.payment.amount_captured == 4999


def test_calling_off_a_challenge(account: AccountCredentials, bank_account: BankAccount) -> None:
    first, second = (ADAPTER.authorize(account, asked("pm_card_authenticationRequired")) for _ in range(2))
    assert second.next_action is not None
    bank_account.decide(second.next_action.url, "approve")

    off = ADAPTER.void(account, VoidRequest("opn_v", first.provider_reference, only_if_waiting=True))
    beaten = ADAPTER.void(account, VoidRequest("opn_w", second.provider_reference, only_if_waiting=True))

    assert (off.outcome, off.amount) == (Outcome.SUCCEEDED, 0)
    assert off.payment is not None
    assert (off.payment.voided, off.payment.authorize.outcome, off.payment.authorize.code) == (
        True,
        Outcome.FAILED,
        "payment_voided",
    )
    assert (beaten.outcome, beaten.code) == (Outcome.FAILED, "not_waiting")
    assert beaten.payment is not None and beaten.payment.amount_captured == 4999


@pytest.mark.parametrize(
    "fault", ["drop_response", "error_500_after_commit", "error_500_before_commit", "never_answer:0"]
)
def test_no_definite_answer_is_unknown_and_the_same_key_resolves_it(
    account: AccountCredentials, bank_account: BankAccount, fault: str
) -> None:
    request = asked(simulate=fault)

    with pytest.raises(OutcomeUnknown):
        ADAPTER.authorize(account, request)
    resent = ADAPTER.authorize(account, request)

    assert resent.outcome is Outcome.SUCCEEDED
    assert bank_account.totals()["capture"]["EUR"]["count"] == 1


def test_a_timeout_is_unknown(account: AccountCredentials) -> None:
    hasty = dataclasses.replace(account, config={**account.config, "timeout_s": 1.5})

    with pytest.raises(OutcomeUnknown):
        ADAPTER.authorize(hasty, asked(simulate="delay_before_commit:5"))


def test_a_rate_limit_was_definitely_not_done(account: AccountCredentials, bank_account: BankAccount) -> None:
    with pytest.raises(NotDone) as refused:
        ADAPTER.authorize(account, asked(simulate="rate_limited"))

    assert (refused.value.retryable, refused.value.retry_after_s) == (True, 1.0)
    assert bank_account.journal() == []


def test_a_rate_limit_without_a_wait_that_can_be_read_is_the_same(
    account: AccountCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = http.Response(status=429, headers={"retry-after": "\u00b2"}, body=b"", elapsed_ms=1)
    monkeypatch.setattr(http, "request", lambda *_args, **_kwargs: answer)

    with pytest.raises(NotDone) as refused:
        ADAPTER.authorize(account, asked())

    assert (refused.value.code, refused.value.retry_after_s) == ("provider_rate_limited", None)


def test_a_refused_connection_was_definitely_not_done(account: AccountCredentials) -> None:
    nowhere = dataclasses.replace(account, config={**account.config, "base_url": "http://127.0.0.1:9"})

    with pytest.raises(NotDone) as refused:
        ADAPTER.authorize(nowhere, asked())

    assert (refused.value.code, refused.value.retryable) == ("provider_unreachable", True)


def test_wrong_credentials_are_not_worth_another_try(account: AccountCredentials) -> None:
    wrong = dataclasses.replace(account, secrets={**account.secrets, "api_key": "bk_test_wrong"})

    with pytest.raises(NotDone) as refused:
        ADAPTER.authorize(wrong, asked())

    assert (refused.value.code, refused.value.retryable) == ("provider_credentials_refused", False)


def test_live_mode_is_refused(account: AccountCredentials, bank_account: BankAccount) -> None:
    observed = ADAPTER.authorize(dataclasses.replace(account, livemode=True), asked())

    assert (observed.outcome, observed.code) == (Outcome.FAILED, "test_mode_only")
    assert bank_account.journal() == []


def test_another_body_under_our_key_is_unknown_until_the_key_is_asked(account: AccountCredentials) -> None:
    request = asked()
    ADAPTER.authorize(account, request)

    with pytest.raises(OutcomeUnknown):
        ADAPTER.authorize(account, dataclasses.replace(request, amount=1))

    word = ADAPTER.void_if_absent(account, target_operation_id=request.operation_id)
    assert (word.outcome, word.amount) == (Outcome.SUCCEEDED, 4999)


def test_a_key_never_seen_is_voided_for_ever(account: AccountCredentials, bank_account: BankAccount) -> None:
    request = asked()

    word = ADAPTER.void_if_absent(account, target_operation_id=request.operation_id)
    late = ADAPTER.authorize(account, request)

    for observed in (word, late):
        assert (observed.outcome, observed.code, observed.voided_by_key) == (Outcome.FAILED, "voided_by_key", True)
    assert [line["kind"] for line in bank_account.journal()] == ["tombstone"]


def test_the_word_about_every_kind_of_operation(account: AccountCredentials) -> None:
    declined = asked("pm_card_chargeDeclined")
    ADAPTER.authorize(account, declined)
    payment, voided = held(account), held(account)
    ADAPTER.capture(account, CaptureRequest("opn_c", payment.provider_reference, 4000, "EUR", final=True))
    ADAPTER.refund(account, RefundRequest("rfd_1", "pay_1", payment.provider_reference, 7, "EUR"))
    ADAPTER.refund(account, RefundRequest("rfd_2", "pay_1", payment.provider_reference, 9999, "EUR"))
    ADAPTER.void(account, VoidRequest("opn_v", voided.provider_reference))

    def word(key: str) -> tuple[Outcome, int, str]:
        observed = ADAPTER.void_if_absent(account, target_operation_id=key)
        return observed.outcome, observed.amount, observed.code

    assert word(declined.operation_id) == (Outcome.DECLINED, 0, "card_declined")
    assert word("opn_c") == (Outcome.SUCCEEDED, 4000, "")
    assert word("rfd_1") == (Outcome.SUCCEEDED, 7, "")
    assert word("rfd_2") == (Outcome.FAILED, 0, "amount_too_large")
    assert word("opn_v") == (Outcome.SUCCEEDED, 4999, "")


def test_a_payment_is_found_by_either_id(account: AccountCredentials) -> None:
    request = asked()
    observed = ADAPTER.authorize(account, request)

    by_ours = ADAPTER.fetch_payment(account, operation_id=request.operation_id)
    by_theirs = ADAPTER.fetch_payment(account, provider_reference=observed.provider_reference)

    assert by_ours == by_theirs == observed.payment
    assert ADAPTER.fetch_payment(account, operation_id="opn_unknown") is None
    assert ADAPTER.fetch_payment(account, provider_reference="bpay_unknown") is None


def event_body(account: AccountCredentials) -> bytes:
    event = {
        "id": "bev_1",
        "type": "payment.captured",
        "created_at": "2026-11-21T08:00:00+00:00",
        "account": account.config["account"],
        "livemode": False,
        "data": {"object": {"id": "bpay_1", "reference": "opn_1"}},
    }
    return json.dumps(event).encode()


def signed(account: AccountCredentials, body: bytes, at: datetime) -> dict[str, str]:
    stamp = int(at.timestamp())
    secret = account.secrets["webhook_secret"].encode()
    digest = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"BANK-Signature": f"t={stamp},v1={digest}"}


NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signed_event_is_a_hint_with_ids(account: AccountCredentials, seconds: int) -> None:
    body = event_body(account)

    event = ADAPTER.verify_event(
        account, headers=signed(account, body, NOW + timedelta(seconds=seconds)), body=body, now=NOW
    )

    assert (event.event_id, event.type) == ("bev_1", "payment.captured")
    assert (event.payment_reference, event.operation_id, event.occurred_at) == ("bpay_1", "opn_1", NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_event_of_another_time_is_refused(account: AccountCredentials, seconds: int) -> None:
    body = event_body(account)

    with pytest.raises(BadSignature):
        ADAPTER.verify_event(
            account, headers=signed(account, body, NOW + timedelta(seconds=seconds)), body=body, now=NOW
        )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Bank-Signature": ""},
        {"Bank-Signature": "t=x,v1=y"},
        {"Bank-Signature": "t=1763712000"},
        {"Bank-Signature": "ä"},
    ],
)
def test_a_missing_or_malformed_signature_is_refused(account: AccountCredentials, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        ADAPTER.verify_event(account, headers=headers, body=event_body(account), now=NOW)


def test_a_changed_body_another_secret_and_another_account_are_refused(account: AccountCredentials) -> None:
    body = event_body(account)
    stranger = dataclasses.replace(account, secrets={**account.secrets, "webhook_secret": "other"})
    foreign = event_body(dataclasses.replace(account, config={**account.config, "account": "acct_other"}))

    for headers, raw in [
        (signed(account, body, NOW), body + b" "),
        (signed(stranger, body, NOW), body),
        (signed(account, foreign, NOW), foreign),
        (signed(account, b"[]", NOW), b"[]"),
    ]:
        with pytest.raises(BadSignature):
            ADAPTER.verify_event(account, headers=headers, body=raw, now=NOW)


def test_every_decline_code_of_the_bank_has_words_for_the_customer() -> None:
    assert set(DECLINE_MESSAGES) == set(DECLINES)
    assert {decline.advice for decline in DECLINES.values()} <= {"retry", "use_other_method", "contact_bank"}
