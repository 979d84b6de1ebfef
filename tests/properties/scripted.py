"""A provider that says exactly what the machine wants it to say next."""

from __future__ import annotations

from typing import Any, NoReturn

from payments.providers.base import (
    AccountCredentials,
    Capabilities,
    MethodInput,
    NotDone,
    Observation,
    OutcomeUnknown,
    TokenizedMethod,
)


class ScriptedProvider:
    """`says` is the next answer: an observation, or the name of a failure to answer."""

    name = "fake"
    capabilities = Capabilities(void_if_absent=True, key_retention=None, method_types=frozenset({"card"}))
    says: Observation | str = "unknown"

    def tokenize(self, account: AccountCredentials, method: MethodInput) -> TokenizedMethod:
        return TokenizedMethod("scripted", "card", {"brand": "visa", "last4": "4242"}, "fp")

    def _answer(self, *_: Any, **__: Any) -> Observation:
        match self.says:
            case "not_sent":
                raise NotDone("provider_unreachable", "connection refused", retryable=True)
            case "refused":
                raise NotDone("not_supported", "not here", retryable=False)
            case "unknown":
                raise OutcomeUnknown("the connection was cut")
        assert isinstance(self.says, Observation)
        return self.says

    authorize = capture = void = refund = void_if_absent = _answer

    def fetch_payment(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("the machine brings every fact itself")

    verify_event = fetch_payment


PROVIDER = ScriptedProvider()


def scripted_provider() -> ScriptedProvider:
    """What `settings.PROVIDERS["fake"]` names here."""
    return PROVIDER
