"""Which addresses a tenant may make us call. Pure: nothing here resolves a name or opens a socket.

>>> is_public_address("93.184.216.34"), is_public_address("2606:4700::1111")
(True, True)
>>> any(map(is_public_address, ["10.1.2.3", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "169.254.1.1"]))
False
>>> parse_url("https://hooks.example.com/in?x=1")
Target(scheme='https', host='hooks.example.com', port=443, path='/in?x=1')
>>> [looks_like_odd_ip(host) for host in ("0x7f.1", "2130706433", "127.0.0.1", "a.example")]
[True, True, False, False]
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx2

_MAX_URL = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ALLOWED_PORTS = {True: frozenset({443, 8443}), False: frozenset({80, 443, 8080, 8443})}
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_EMPTY_USERINFO = re.compile(r"^[^/?#]*//[^/?#]*@")
_NUMERIC_LABEL = re.compile(r"^(0[xX][0-9a-fA-F]*|[0-9]+)$")
_PRIVATE_SUFFIXES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "arpa")

# An explicit list, because `ipaddress.is_global` has changed its mind between Python releases.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Only global unicast is allowed at all: that leaves out loopback, link-local, unique-local, multicast, v4-mapped and
# NAT64 (64:ff9b::/96 and 64:ff9b:1::/48). Inside it: Teredo and the IETF's 2001::/23, documentation, 6to4.
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20")
)


class UntrustedUrl(ValueError):
    """A tenant's address that we do not call. `code` and `message` are for the caller."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed address: parsed once, so that what was checked is what is called. `host` is ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The Host header: the original name, and the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(url: str) -> Target:
    """Parse an absolute http or https address. Raises `UntrustedUrl` where two parsers might read differently."""
    if len(url) > _MAX_URL or _NEVER_IN_A_URL.search(url):
        raise UntrustedUrl("invalid_url", "The address is too long or contains characters that must be escaped.")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").lower()
        port = parsed.port
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise UntrustedUrl("invalid_url", "The address is not a valid URL.") from error
    if parsed.scheme not in _DEFAULT_PORTS:
        raise UntrustedUrl("invalid_url", "The address must start with https:// or http://.")
    if parsed.userinfo or _EMPTY_USERINFO.match(url):
        raise UntrustedUrl("userinfo_not_allowed", "The address must not contain a user name or password.")
    if not host or "%" in host or host.startswith(".") or ".." in host:
        raise UntrustedUrl("invalid_url", "The address has no usable host.")
    port = _DEFAULT_PORTS[parsed.scheme] if port is None else port
    if not 1 <= port <= 65535:
        raise UntrustedUrl("port_not_allowed", "The port is not valid.")
    return Target(parsed.scheme, host, port, parsed.raw_path.decode("ascii"))


def check_untrusted(target: Target, *, livemode: bool) -> None:
    """What can be said about a tenant's address without resolving it. Raises `UntrustedUrl`."""
    if livemode and target.scheme != "https":
        raise UntrustedUrl("https_required", "In live mode the address must start with https://.")
    if target.port not in _ALLOWED_PORTS[livemode]:
        allowed = ", ".join(map(str, sorted(_ALLOWED_PORTS[livemode])))
        raise UntrustedUrl("port_not_allowed", f"Use one of the ports {allowed}.")
    if looks_like_odd_ip(target.host):
        raise UntrustedUrl("address_not_allowed", "Write the IP address in its usual form.")
    literal = as_ip(target.host)
    if literal is None:
        labels = target.host.rstrip(".").split(".")
        if len(labels) < 2 or labels[-1] in _PRIVATE_SUFFIXES:
            raise UntrustedUrl("address_not_allowed", "The address must be reachable from the internet.")
    elif not is_public_address(target.host):
        raise UntrustedUrl("address_not_allowed", "The address must be reachable from the internet.")


def is_public_address(text: str) -> bool:
    """Whether this IP address is globally routable, and not a way to spell one that is not."""
    address = as_ip(text)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if isinstance(address, IPv6Address):
        return (
            address.scope_id is None
            and address in _GLOBAL_UNICAST_V6
            and not any(address in network for network in _REFUSED_V6)
        )
    return False


def as_ip(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that `host` is, in its usual spelling, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def looks_like_odd_ip(host: str) -> bool:
    """Whether a C library would read this name as an IPv4 address though it is not in the usual four decimal parts."""
    last = host.rstrip(".").rsplit(".", 1)[-1]
    return bool(_NUMERIC_LABEL.match(last)) and as_ip(host) is None
