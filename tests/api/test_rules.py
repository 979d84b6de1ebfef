"""The small pure parts of the border: their doctests read as their specification."""

import doctest
from importlib import import_module

import pytest
from django.test import RequestFactory, override_settings

from gateway.api.client_address import client_address


@pytest.mark.parametrize(
    "name",
    [
        "gateway.api.client_address",
        "gateway.api.fields",
        "gateway.api.json_body",
        "gateway.api.waiting",
        "merchants.rules.credentials",
        "merchants.rules.permissions",
        "merchants.selectors.fee_policy",
    ],
)
def test_the_examples_in_the_code_hold(name: str) -> None:
    result = doctest.testmod(import_module(name), raise_on_error=False)

    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.1, 198.51.100.2", "198.51.100.2"),
        (2, "198.51.100.1, 198.51.100.2", "198.51.100.1"),
        (2, "198.51.100.2", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_a_forwarded_address_is_believed_for_as_many_proxies_as_there_are(
    proxies: int, forwarded: str, address: str
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == address
