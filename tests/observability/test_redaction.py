"""Card numbers and secrets in texts and structures, and the innocent digits beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.redaction import CARD_MASK, luhn_valid, redact, redact_text

NUMBERS = [
    "4242424242424242", "378282246310005", "36227206271667", "6205500000000000004", "2223003122003222",
    "5555555555554444", "3566002020360505", "6011111111111117", "6527658900001005",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("frame", ["{}", "a{}b", '"{}"', "={}&", "({}) 12/30", "{}123", "12 {} 12"])
def test_published_numbers_are_masked_wherever_they_stand(number: str, frame: str) -> None:
    assert number not in redact_text(frame.format(number))


@given(
    st.text(alphabet="0123456789", min_size=12, max_size=18), st.sampled_from(["", " ", "-", " - ", "%20", "\u00a0"])
)
def test_every_run_that_passes_luhn_is_masked_with_spaces_and_dashes(digits: str, separator: str) -> None:
    number = digits + next(check for check in "0123456789" if luhn_valid(digits + check))
    spelled = separator.join(number[index : index + 4] for index in range(0, len(number), 4))

    shown = redact_text(f"before:{spelled}:after")

    assert CARD_MASK in shown and number not in shown and spelled not in shown


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails Luhn
        "2026-11-21T07:54:12.123456+00:00",
        "order 123456789012",
        "pay_01h455vb4pex5vsknk084sn02q",
        "amount 4999 EUR",
        "work 01a1fd76-4242-7424-8242-424242424242",  # an id of ours that passes by chance
        "127.0.0.1:8000",
    ],
)
def test_other_digits_stay(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "Authorization: Basic a2V5X3Rlc3Q6c2VjcmV0",
        "Bearer eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
        "postgres://gateway:pa55word@db/gateway",
    ],
)
def test_secrets_are_masked(text: str) -> None:
    assert "[redacted]" in redact_text(text)
    assert not any(part in redact_text(text) for part in ("MfKQ", "a2V5", "eyJ", "pa55word"))


def test_what_is_not_data_keeps_only_its_redacted_words() -> None:
    class Card:
        def __str__(self) -> str:
            return "Card 4242424242424242"

    assert redact([Card(), b"4242424242424242", {"cvc": 123, "n": 1.5}]) == [
        "Card [card number]", "[card number]", {"cvc": "[redacted]", "n": 1.5}
    ]  # fmt: skip
