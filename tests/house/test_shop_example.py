"""The example shop believes and reads no more than it should: people copy it."""

from __future__ import annotations

import doctest
from io import BytesIO

import pytest

from examples.shop import app, webhooks
from examples.shop.webhooks import NotGenuine, verify


def test_its_examples_hold() -> None:
    for module in (app, webhooks):
        assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("timestamp", ["", "\u00b2", "9" * 5000, "-1", "1e9", " 1614265330"])
def test_a_time_that_is_no_number_is_not_genuine(timestamp: str) -> None:
    with pytest.raises(NotGenuine):
        verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {"webhook-timestamp": timestamp}, b"{}", now=1614265330)


@pytest.mark.parametrize(
    ("length", "read"),
    [("3", b"abc"), ("", b""), ("-1", b""), ("\u00b2", b""), ("9" * 5000, b""), ("999999999", b"abcdef")],
)
def test_a_body_is_read_as_far_as_its_length_says(length: str, read: bytes) -> None:
    assert app._body({"CONTENT_LENGTH": length, "wsgi.input": BytesIO(b"abcdef")}) == read


def test_no_more_than_the_limit_is_read() -> None:
    sent = BytesIO(b"x" * (app.MAX_BODY + 10))
    assert len(app._body({"CONTENT_LENGTH": str(app.MAX_BODY + 10), "wsgi.input": sent})) == app.MAX_BODY
