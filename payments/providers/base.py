"""The one contract between the gateway and anybody who moves money for it.

An adapter turns these frozen values into the provider's dialect and back. It opens no transaction, writes no row and
decides nothing: it tells what the provider said. Every call carries *our* id as the provider's idempotency key.

What may be retried is answered by the type of the outcome, exhaustively:

==================  ========================================================================================
`Observation`        the provider's word about the operation (a decline included): a fact, settle it
`NotDone`            raised: the request definitely had no effect (never sent, 429, refused); `retryable` says
                     whether the same operation may be sent again or routed elsewhere
`OutcomeUnknown`     raised: it may or may not have happened; only the provider's word resolves it
==================  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class NotDone(Exception):
    """The provider definitely did nothing. `code` is ours; `retryable` allows another try or another provider."""

    def __init__(self, code: str, message: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retryable, self.retry_after_s = code, message, retryable, retry_after_s

    @property
    def retry_after(self) -> timedelta | None:
        """How long the provider asks to wait; None where it did not say."""
        return None if self.retry_after_s is None else timedelta(seconds=self.retry_after_s)


class OutcomeUnknown(Exception):
    """The request may have reached the provider and no definite answer came back (timeout, dropped connection, 5xx)."""


class Refused(Exception):
    """The provider refused the *input* of a call that moves no money (tokenisation): what to tell the caller."""

    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class UnreadableFile(Exception):
    """A settlement file that is truncated, altered or not in the agreed form: nothing of it may be believed."""


class BadSignature(Exception):
    """A provider event whose raw bytes do not verify, or whose time is more than 300 s off."""


class Outcome(StrEnum):
    """What became of one operation."""

    SUCCEEDED = "succeeded"
    REQUIRES_ACTION = "requires_action"  # the customer must act; not open any more
    PENDING = "pending"  # accepted by the provider, no outcome yet (asynchronous methods and refunds)
    DECLINED = "declined"  # the issuer said no
    FAILED = "failed"  # the provider said no, or the operation was voided by its key (`absent_voided`)


@dataclass(frozen=True, slots=True)
class AccountCredentials:
    """A provider account, decrypted for one call. `config` and `secrets` have the keys that the adapter documents."""

    id: UUID
    provider: str
    livemode: bool
    config: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardInput:
    """A card as typed. Lives in memory only, between the form and the tokenisation call."""

    number: str = field(repr=False)
    exp_month: int
    exp_year: int
    cvc: str | None = field(repr=False)
    holder_name: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    line1: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UpiInput:
    """A UPI virtual payment address."""

    vpa: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedTestMethod:
    """A published test method by name, like `pm_card_visa`; test mode only. Chargeable any number of times."""

    name: str


MethodInput = CardInput | UpiInput | NamedTestMethod


@dataclass(frozen=True, slots=True)
class TokenizedMethod:
    """What the provider keeps for us. `details` is the masked public form (card: brand, last4, exp_month, exp_year,
    funding, country, fingerprint; upi: vpa_masked). `fingerprint` is the provider's keyed hash, which we hash again."""

    reference: str
    type: str  # "card" | "upi"
    details: Mapping[str, Any]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """Ask for the customer's money. `operation_id` is the idempotency key and the reference that is echoed."""

    operation_id: str  # TypeID opn_...
    payment_id: str  # TypeID pay_...
    amount: int
    currency: str
    capture: bool
    method_reference: str
    return_url: str
    statement_descriptor: str = ""
    three_d_secure: str = "automatic"  # automatic | always
    setup_future_usage: bool = False  # the customer lets us keep the method and charge it again
    metadata: Mapping[str, str] = field(default_factory=dict)  # carries `simulate` in test mode


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Take (part of) an authorisation. `final` releases the rest."""

    operation_id: str
    provider_reference: str
    amount: int
    currency: str
    final: bool
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """Give an authorisation (or a waiting challenge) back.

    `only_if_waiting` calls off a challenge and nothing else: a customer who approved first wins (`FAILED`, code
    `not_waiting`).
    """

    operation_id: str
    provider_reference: str
    only_if_waiting: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Send captured money back. `refund_id` is the idempotency key and is echoed."""

    refund_id: str  # TypeID rfd_...
    payment_id: str
    provider_reference: str
    amount: int
    currency: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NextAction:
    """Where the customer must go."""

    type: str  # "redirect" | "upi_qr"
    url: str
    origin: str  # scheme://host[:port] of the challenge, for CSP form-action and frame-src


@dataclass(frozen=True, slots=True)
class RefundFact:
    """One refund as the provider shows it. `our_id` is the refund id it echoes, or "" for one made elsewhere.

    `was_sent` tells of one that failed whether the money had gone and came back: two movements, not none.
    """

    reference: str
    our_id: str
    amount: int
    outcome: Outcome
    failure_code: str = ""
    was_sent: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaptureFact:
    """One capture at the provider. `our_id` is the operation id it echoes (the authorize's for automatic capture)."""

    reference: str
    our_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Observation:
    """The provider's word about one of our operations or refunds, with the present totals of the provider's payment."""

    outcome: Outcome
    provider_reference: str  # the provider's payment id ("" when it has none)
    operation_reference: str = ""  # the provider's id of this capture/void/refund, where it has one
    amount: int = 0  # of this operation: authorised, captured, voided or refunded
    code: str = ""  # stable code of ours: card_declined, authentication_failed, expired, voided_by_key, ...
    decline_code: str = ""  # generic_decline, insufficient_funds, ...
    message: str = ""
    advice: str = ""  # retry | use_other_method | contact_bank
    next_action: NextAction | None = None
    was_sent: bool = False  # of a refund that failed: the money had gone and came back
    voided_by_key: bool = False  # a tombstone: this operation will never happen
    method_details: Mapping[str, Any] = field(default_factory=dict)
    risk: Mapping[str, Any] = field(default_factory=dict)
    three_d_secure: Mapping[str, Any] = field(default_factory=dict)
    payment: PaymentFact | None = None  # the whole payment, where the answer carries it


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """The present state of one payment at the provider: what `sync_payment` settles from."""

    provider_reference: str
    authorize_operation_id: str  # our id, echoed
    authorize: Observation  # outcome of the authorisation (declined, requires_action, succeeded ...)
    currency: str
    amount_authorized: int
    amount_captured: int
    amount_refunded: int
    voided: bool
    void_operation_id: str = ""
    captures: tuple[CaptureFact, ...] = ()
    refunds: tuple[RefundFact, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A verified event: a hint that something changed. `payment_reference` is the provider's, `operation_id` ours."""

    event_id: str
    type: str
    payment_reference: str
    operation_id: str
    occurred_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SettlementFileRef:
    """A settlement file that can be fetched. `id` is the provider's, unique in its account; `date` the day it is for."""

    id: str
    date: date


@dataclass(frozen=True, slots=True)
class SettledMovement:
    """A line of a settlement file: one movement of money. What leaves the merchant is negative.

    `type` is `capture`, `refund`, `refund_returned`, or the provider's word for something we do not know. `type` and
    `reference` together name the movement, once for ever.
    """

    number: int
    type: str
    reference: str  # the provider's id of the capture or refund
    our_id: str  # the operation or refund id that it echoes
    provider_payment: str
    payment_id: str  # our payment id that it echoes
    currency: str
    gross: int
    fee: int
    occurred_at: datetime  # the provider's clock, real time

    @property
    def net(self) -> int:
        """What is paid out for it."""
        return self.gross - self.fee


@dataclass(frozen=True, slots=True)
class SettlementTotals:
    """The sums of a file in one currency."""

    count: int
    gross: int
    fee: int
    net: int

    def plus(self, line: SettledMovement) -> SettlementTotals:
        """With one more line."""
        return SettlementTotals(self.count + 1, self.gross + line.gross, self.fee + line.fee, self.net + line.net)


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A file that is whole: its totals are the sums of its lines. `sha256` is the hex digest of its bytes."""

    ref: SettlementFileRef
    sha256: str
    lines: tuple[SettledMovement, ...]
    totals: Mapping[str, SettlementTotals]  # by currency


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do. `key_retention` is how long a re-sent key is deduplicated (None: for ever)."""

    void_if_absent: bool
    key_retention: timedelta | None
    method_types: frozenset[str]
    currencies: frozenset[str] | None = None  # None: every ISO currency
    settlement_files: bool = False


class Provider(Protocol):
    """One adapter. `name` is the folder's name and the word in `POST /webhooks/{provider}/{account}`.

    Every method may raise `NotDone` or `OutcomeUnknown`; `tokenize` may raise `Refused`. The two about settlement files
    are called only where the capability is there.
    """

    name: str
    capabilities: Capabilities

    def tokenize(self, account: AccountCredentials, method: MethodInput) -> TokenizedMethod: ...

    def authorize(self, account: AccountCredentials, request: AuthorizeRequest) -> Observation: ...

    def capture(self, account: AccountCredentials, request: CaptureRequest) -> Observation: ...

    def void(self, account: AccountCredentials, request: VoidRequest) -> Observation: ...

    def void_if_absent(self, account: AccountCredentials, *, target_operation_id: str) -> Observation:
        """The word about the operation with this key. Never seen: a tombstone (`voided_by_key`). Seen: its outcome."""
        ...

    def refund(self, account: AccountCredentials, request: RefundRequest) -> Observation: ...

    def fetch_payment(
        self, account: AccountCredentials, *, provider_reference: str = "", operation_id: str = ""
    ) -> PaymentFact | None:
        """The payment's present state, by the provider's id or our authorize operation id. None proves no absence."""
        ...

    def verify_event(
        self, account: AccountCredentials, *, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """Check the signature over the raw bytes, then parse. Raises `BadSignature`. No network."""
        ...

    def list_settlement_files(self, account: AccountCredentials) -> tuple[SettlementFileRef, ...]:
        """The files that can be fetched, oldest first."""
        ...

    def fetch_settlement_file(self, account: AccountCredentials, ref: SettlementFileRef) -> SettlementFile:
        """The whole file. Raises `UnreadableFile`."""
        ...
