"""Which addresses a tenant may make us call, in every spelling, before and after resolving."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from gateway.core import http
from gateway.core.addresses import UntrustedUrl, is_public_address, parse_url
from gateway.core.http import NotSent, check_untrusted_url

PRIVATE = [
    # this machine, private networks, link-local, metadata services
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "169.254.169.254", "169.254.0.1", "168.63.129.16", "192.0.0.192", "100.100.100.200",
    # carrier-grade NAT, benchmarks, documentation, multicast, reserved, broadcast, 6to4 relays
    "100.64.0.1", "100.127.255.255", "198.18.0.1", "198.19.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    # IPv6: unspecified, loopback, unique-local, link-local, site-local, multicast, discard, documentation, ORCHID
    "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "2001:db8::1",
    "3fff::1", "2001:10::1", "2001:20::1", "5f00::1", "3ffe::1",
    # IPv6 that carries IPv4: mapped, compatible, translated, NAT64, 6to4, Teredo - public ones inside too
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2002:808:808::1", "2001::1", "2001:0:4136:e378::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
          "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_globally_routable_is_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_globally_routable_address_is_public(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize("address", [address for address in PRIVATE if "%" not in address])
@pytest.mark.parametrize("livemode", [True, False])
def test_a_private_literal_is_refused_when_it_is_given_to_us(address: str, livemode: bool) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(UntrustedUrl) as refusal:
        check_untrusted_url(f"https://{host}/hook", livemode=livemode)
    assert refusal.value.code == "address_not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        # one number, hexadecimal, octal, fewer parts, padded: what a C library reads as an address
        "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/",
        "https://127.0.1/", "https://017700000001/", "https://0x7f.1/", "https://127.0.0.01/", "https://134744072/",
        "https://0/", "https://0x/", "https://127.0.0.1./", "https://1.2.3.4.5/", "https://00000000010.0.0.1/",
        # names of this machine and of private networks
        "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/", "https://intranet/",
        "https://printer.local/", "https://metadata.google.internal/", "https://router.lan/", "https://1.0.0.127.in-addr.arpa/",
        # digits of other scripts, which normalise to ASCII
        "https://①②⑦.⓪.⓪.①/", "https://１２７.0.0.1/", "https://127。0。0。1/",
    ],
)  # fmt: skip
def test_odd_spellings_and_private_names_are_refused(url: str) -> None:
    with pytest.raises(UntrustedUrl) as refusal:
        check_untrusted_url(url, livemode=False)
    assert refusal.value.code in ("address_not_allowed", "invalid_url")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://user@hooks.example.com/", "userinfo_not_allowed"),
        ("https://user:secret@hooks.example.com/", "userinfo_not_allowed"),
        ("https://hooks.example.com@127.0.0.1/", "userinfo_not_allowed"),
        ("https://@hooks.example.com/", "userinfo_not_allowed"),
        ("https://hooks.example.com:22/", "port_not_allowed"),
        ("https://hooks.example.com:5432/", "port_not_allowed"),
        ("https://hooks.example.com:0/", "port_not_allowed"),
        ("https://hooks.example.com:65536/", "port_not_allowed"),
        ("ftp://hooks.example.com/", "invalid_url"),
        ("gopher://hooks.example.com/", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        ("//hooks.example.com/", "invalid_url"),
        ("hooks.example.com", "invalid_url"),
        ("https:///path", "invalid_url"),
        ("https://", "invalid_url"),
        ("", "invalid_url"),
        ("https://hooks.example.com\\@127.0.0.1/", "invalid_url"),
        ("https://hooks.example.com\t/", "invalid_url"),
        ("https://hooks.example.com/\r\nX: y", "invalid_url"),
        (" https://hooks.example.com/", "invalid_url"),
        ("https://hooks..example.com/", "invalid_url"),
        ("https://.example.com/", "invalid_url"),
        ("https://[fe80::1%25eth0]/", "invalid_url"),
        ("https://[::1/", "invalid_url"),
        ("https://hooks.example.com/" + "a" * 2048, "invalid_url"),
    ],
)
def test_an_address_that_is_wrong_in_itself_is_refused_with_its_code(url: str, code: str) -> None:
    with pytest.raises(UntrustedUrl) as refusal:
        check_untrusted_url(url, livemode=False)
    assert refusal.value.code == code


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "http://hooks.example.com:443/"])
def test_live_mode_takes_https_only(url: str) -> None:
    with pytest.raises(UntrustedUrl) as refusal:
        check_untrusted_url(url, livemode=True)
    assert refusal.value.code == "https_required"
    check_untrusted_url(url, livemode=False)


@pytest.mark.parametrize(
    ("port", "live", "test"), [(443, True, True), (8443, True, True), (80, False, True), (8080, False, True)]
)
def test_each_mode_has_its_ports(port: int, live: bool, test: bool) -> None:
    for livemode, allowed in ((True, live), (False, test)):
        url = f"https://hooks.example.com:{port}/"
        if allowed:
            check_untrusted_url(url, livemode=livemode)
        else:
            with pytest.raises(UntrustedUrl):
                check_untrusted_url(url, livemode=livemode)


def test_what_is_checked_is_what_is_called() -> None:
    target = parse_url("HTTPS://Hooks.Example.COM:8443/a%20b/../c?q=1#fragment")
    assert (target.scheme, target.host, target.port) == ("https", "hooks.example.com", 8443)
    assert target.path == "/a%20b/../c?q=1" or target.path == "/c?q=1"
    assert target.host_header == "hooks.example.com:8443"
    assert parse_url("http://[2606:4700::1111]/").host_header == "[2606:4700::1111]"
    assert parse_url("https://bücher.example/").host == "xn--bcher-kva.example"


# --- after resolving --------------------------------------------------------------------------------------------------


class Resolver:
    """Stands in for the system's resolver; counts how often it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = answers, 0

    def __call__(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        self.asked += 1
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port))
            for a in self.answers
        ]


def refused(monkeypatch: pytest.MonkeyPatch, *answers: str, url: str = "https://hooks.example.com/") -> tuple[str, int]:
    """The code of the refusal, and how often the name was resolved; fails if anything tried to connect."""
    resolver = Resolver(*answers)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(http._VettedBackend, "_connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(NotSent) as refusal:
        http.request("POST", url, policy="untrusted", body=b"{}", timeout_s=2)
    return refusal.value.code, resolver.asked


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_resolves_to_a_private_address_is_never_connected_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    assert refused(monkeypatch, address) == ("address_not_allowed", 1)


def test_one_private_answer_among_public_ones_refuses_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, "8.8.8.8", "2606:4700::1111", "10.0.0.1") == ("address_not_allowed", 1)


def test_a_name_that_does_not_resolve_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch) == ("dns_failed", 1)


def test_what_is_refused_in_itself_is_not_even_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, "8.8.8.8", url="https://localhost/") == ("address_not_allowed", 0)
    assert refused(monkeypatch, "8.8.8.8", url="https://hooks.example.com:22/") == ("port_not_allowed", 0)


def test_the_name_is_resolved_once_and_exactly_the_vetted_addresses_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, tried = Resolver("8.8.8.8", "2606:4700::1111"), []

    def refuse(_backend: object, address: str, port: int) -> None:
        tried.append((address, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(http._VettedBackend, "_connect", refuse)
    with pytest.raises(NotSent) as outcome:
        http.request("POST", "https://hooks.example.com/", policy="untrusted", timeout_s=2)
    assert outcome.value.code == "connection_refused"
    assert (resolver.asked, tried) == (1, [("8.8.8.8", 443), ("2606:4700::1111", 443)])


# --- the one exception ------------------------------------------------------------------------------------------------


def test_a_development_receiver_is_allowed_by_exact_host_and_port_in_test_mode_only(settings: Settings) -> None:
    settings.DEV_WEBHOOK_ALLOW = ["127.0.0.1:9009", "[::1]:9009"]
    check_untrusted_url("http://127.0.0.1:9009/hook", livemode=False)
    check_untrusted_url("http://[::1]:9009/hook", livemode=False)
    for url in ("http://127.0.0.1:9010/", "http://127.0.0.2:9009/", "http://localhost:9009/", "http://127.1:9009/"):
        with pytest.raises(UntrustedUrl):
            check_untrusted_url(url, livemode=False)
    with pytest.raises(UntrustedUrl):
        check_untrusted_url("http://127.0.0.1:9009/hook", livemode=True)


def test_a_development_receiver_must_resolve_to_this_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEV_WEBHOOK_ALLOW = ["receiver.example.com:9009"]
    for answer in ("10.0.0.1", "169.254.169.254", "8.8.8.8"):
        assert refused(monkeypatch, answer, url="http://receiver.example.com:9009/") == ("address_not_allowed", 1)


def test_the_exception_is_not_there_unless_it_is_set() -> None:
    with pytest.raises(UntrustedUrl):
        check_untrusted_url("http://127.0.0.1:9009/hook", livemode=False)
