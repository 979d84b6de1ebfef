"""The only outbound door. Two policies: `operator` (addresses from settings) and `untrusted` (addresses from tenants).

Untrusted: the name is resolved once, refused if *any* answer is not globally routable, and the connection goes to
exactly that address with the original SNI and Host. Both: no proxies, no redirects, a connection of its own per
exchange, one deadline over resolving, connecting, TLS, writing and reading, which no dripping receiver can stretch, and
a bounded body.

Never call it with a transaction open: a slow answer would hold locks.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import httpcore2
import httpx2
from django.conf import settings
from django.db import connections

from gateway.core import context, metrics
from gateway.core.addresses import Target, UntrustedUrl, as_ip, check_untrusted, is_public_address, parse_url

__all__ = ["NoAnswer", "NotSent", "Response", "UntrustedUrl", "check_untrusted_url", "request"]

Policy = Literal["operator", "untrusted"]

_USER_AGENT = "payment-gateway/1"
_NOT_SENT = {
    "connection_refused": "The connection was refused.",
    "connect_timeout": "The connection was not made within the time limit.",
}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class NotSent(Exception):
    """The request definitely did not leave: refused by policy, name not resolved, no connection, TLS refused."""

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.reason, self.code = reason, code


class NoAnswer(Exception):
    """The request was sent, or perhaps sent, and no definite answer came: what it did is unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TransactionOpen(RuntimeError):
    """An outbound request was tried inside a database transaction: a programming error."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are lower case. `body` ends at the cap, and `truncated` says so."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int
    truncated: bool = False


def check_untrusted_url(url: str, *, livemode: bool) -> None:
    """Raise `UntrustedUrl(code, message)` unless a tenant may give us this address.

    Resolves nothing: that comes when it is called.
    """
    target = parse_url(url)
    if not _is_dev_receiver(target, livemode=livemode):
        check_untrusted(target, livemode=livemode)


def request(
    method: str,
    url: str,
    *,
    policy: Policy,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_s: float,
    max_body: int = 65_536,
    livemode: bool = False,
) -> Response:
    """One HTTP exchange of at most `timeout_s` seconds, from resolving the name to the last byte.

    Raises `NotSent` or `NoAnswer`, and nothing else for what the network does; any status is a `Response`.
    Reads at most `max_body` bytes of the body. Redirects are answers like any other.
    """
    _assert_no_transaction()
    if method not in _METHODS:
        message = f"method {method!r}"
        raise ValueError(message)
    started = time.monotonic()
    try:
        target = parse_url(url)
        exchange = _Exchange(target, deadline=started + timeout_s)
        exchange.addresses = _vetted(target, policy, livemode=livemode, deadline=exchange.deadline)
    except UntrustedUrl as refusal:
        metrics.OUTBOUND_REFUSED.labels(code=refusal.code).inc()
        raise NotSent(refusal.message, refusal.code) from refusal
    try:
        status, answered, content, truncated = _perform(
            exchange, method, _complete(headers, target, policy), body, max_body
        )
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout, _CannotConnect) as error:
        raise NotSent(_NOT_SENT.get(exchange.failure) or _reason(error), exchange.failure) from error
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as error:
        if not exchange.wrote:
            raise NotSent(_reason(error), exchange.failure) from error
        raise NoAnswer(_reason(error)) from error
    return Response(
        status=status,
        headers=answered,
        body=content,
        elapsed_ms=round((time.monotonic() - started) * 1000),
        truncated=truncated,
    )


# --- policy ---------------------------------------------------------------------------------------------------------


def _vetted(target: Target, policy: Policy, *, livemode: bool, deadline: float) -> list[str]:
    """The addresses that this exchange may connect to. Nothing is resolved again after this."""
    if policy == "operator":
        return _resolve(target, deadline)
    if _is_dev_receiver(target, livemode=livemode):
        addresses = _resolve(target, deadline)
        if all(ipaddress.ip_address(address).is_loopback for address in addresses):
            return addresses
        raise UntrustedUrl("address_not_allowed", "An allowed development receiver must be on this machine.")
    check_untrusted(target, livemode=livemode)
    addresses = _resolve(target, deadline)
    if not all(is_public_address(address) for address in addresses):
        raise UntrustedUrl("address_not_allowed", "The address must be reachable from the internet.")
    return addresses


def _is_dev_receiver(target: Target, *, livemode: bool) -> bool:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return not livemode and f"{host}:{target.port}" in settings.DEV_WEBHOOK_ALLOW


def _resolve(target: Target, deadline: float) -> list[str]:
    """Every address of the host, resolved once. The resolver knows no timeout, so it works beside us in a thread."""
    if as_ip(target.host) is not None:
        return [target.host]
    answers: list[str] = []
    failures: list[OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            answers.extend(dict.fromkeys(str(entry[4][0]) for entry in found))
        except (OSError, UnicodeError) as error:
            failures.append(error)

    thread = threading.Thread(target=look_up, name="resolve", daemon=True)
    thread.start()
    thread.join(max(deadline - time.monotonic(), 0))
    if thread.is_alive():
        raise NotSent("The name was not resolved in time.", "dns_timeout")
    if failures or not answers:
        raise NotSent("The name could not be resolved.", "dns_failed")
    return list(answers)


def _assert_no_transaction() -> None:
    for database in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in database.atomic_blocks):
            message = f"an outbound request inside a transaction on {database.alias!r}"
            raise TransactionOpen(message)


# --- the exchange -----------------------------------------------------------------------------------------------------


class _CannotConnect(Exception):
    """No address of the host took the connection."""


@dataclass(slots=True)
class _Exchange:
    """What the network layer shares with `request` about one exchange."""

    target: Target
    deadline: float
    addresses: list[str] = field(default_factory=list)
    wrote: bool = False
    failure: str = "connect_failed"

    def left_s(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole exchange is over")
        return left


class _Stream(httpcore2.NetworkStream):
    """A socket whose every wait ends at the exchange's deadline, however slowly the other side drips."""

    def __init__(self, sock: socket.socket, exchange: _Exchange) -> None:
        self._sock, self._exchange = sock, exchange

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._sock.settimeout(self._exchange.left_s())
        return self._sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)
        try:
            while left:
                self._sock.settimeout(self._exchange.left_s())
                self._exchange.wrote = True
                left = left[self._sock.send(left) :]
        except TimeoutError as error:
            raise httpcore2.WriteTimeout from error
        except OSError as error:  # the other side may have answered before it hung up: httpcore2 goes on to read
            raise httpcore2.WriteError from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        self._exchange.failure = "tls_failed"
        try:
            self._sock.settimeout(self._exchange.left_s())
            return _Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname), self._exchange)
        except BaseException:
            self._sock.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return getattr(self._sock, "_sslobj", None)
        return self._sock if info == "socket" else None


class _VettedBackend(httpcore2.NetworkBackend):
    """Connects to the addresses that were vetted, whatever the name would resolve to by now."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        last: OSError | None = None
        for address in self._exchange.addresses:
            try:
                return self._connect(address, port)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            self._exchange.failure = "connect_timeout"
        elif isinstance(last, ConnectionRefusedError):
            self._exchange.failure = "connection_refused"
        raise _CannotConnect from last

    def _connect(self, address: str, port: int) -> _Stream:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._exchange.left_s())
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return _Stream(sock, self._exchange)


def _perform(
    exchange: _Exchange, method: str, headers: dict[str, str], body: bytes | None, max_body: int
) -> tuple[int, dict[str, str], bytes, bool]:
    """One connection, one request, one answer; then the connection is closed."""
    target = exchange.target
    if body is None and method in _METHODS_WITH_BODY:
        body = b""  # so that a Content-Length is sent
    url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    with (
        httpcore2.ConnectionPool(
            ssl_context=_tls(), network_backend=_VettedBackend(exchange), max_connections=1
        ) as pool,
        pool.stream(method, url, headers=list(headers.items()), content=body) as answer,
    ):
        content, truncated = _read(answer, max_body)
    answered: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        answered[name] = f"{answered[name]}, {value}" if name in answered else value
    return answer.status, answered, content, truncated


def _read(answer: httpcore2.Response, max_body: int) -> tuple[bytes, bool]:
    content = bytearray()
    for chunk in answer.iter_stream():
        content += chunk
        if len(content) > max_body:
            return bytes(content[:max_body]), True
    return bytes(content), False


def _complete(given: Mapping[str, str] | None, target: Target, policy: Policy) -> dict[str, str]:
    headers = {
        "Host": target.host_header,
        "User-Agent": _USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # the cap counts what was sent: nothing is unpacked
        "Connection": "close",
    }
    if policy == "operator" and context.current().request_id:
        headers["X-Request-Id"] = context.current().request_id
    fixed = {"host", "connection", "accept-encoding", "content-length", "transfer-encoding"}
    wanted = {name.lower(): (name, value) for name, value in (given or {}).items() if name.lower() not in fixed}
    return {name: value for name, value in headers.items() if name.lower() not in wanted} | dict(wanted.values())


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Made once: loading the certificates takes longer than a request."""
    return httpx2.create_ssl_context(trust_env=False)


def _reason(error: BaseException) -> str:
    """A short reason without addresses or bytes of the answer."""
    root = error.__cause__ or error
    if isinstance(error, httpcore2.TimeoutException | TimeoutError) or isinstance(root, TimeoutError):
        return "No complete answer within the time limit."
    if isinstance(root, ssl.SSLError):
        return f"TLS failed ({root.reason or type(root).__name__})."
    return f"The connection failed ({type(root).__name__})."
