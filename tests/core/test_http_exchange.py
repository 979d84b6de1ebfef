"""One outbound exchange against real sockets: its deadline, its caps, what was sent and what is unknown."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import transaction

from gateway.core import context, http
from gateway.core.http import NoAnswer, NotSent

Serve = Callable[[Callable[[socket.socket], None]], int]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Server:
    """Accepts connections on loopback and lets `answer` speak with each; remembers what it was sent."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.answer = answer
        self.received: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(peer,), daemon=True).start()

    def _speak(self, peer: socket.socket) -> None:
        with peer:
            try:
                peer = self.wrap(peer)
                self.received.append(read_request(peer))
                self.answer(peer)
            except OSError:
                pass  # the client hung up: that is what many tests want

    def wrap(self, peer: socket.socket) -> socket.socket:
        return peer


def read_request(peer: socket.socket) -> bytes:
    """One whole request, by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = peer.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


def says(*parts: bytes, every_s: float = 0) -> Callable[[socket.socket], None]:
    """An answer in parts, with a pause after each."""

    def answer(peer: socket.socket) -> None:
        for part in parts:
            peer.sendall(part)
            time.sleep(every_s)

    return answer


def drips(head: bytes, byte: bytes, every_s: float = 0.05) -> Callable[[socket.socket], None]:
    """Never ends, and never pauses for long."""

    def answer(peer: socket.socket) -> None:
        peer.sendall(head)
        while True:
            peer.sendall(byte)
            time.sleep(every_s)

    return answer


def post(server: Server, **options: Any) -> http.Response:
    return http.request("POST", server.url, **{"policy": "operator", "body": b"{}", "timeout_s": 5, **options})


def test_an_exchange_sends_our_bytes_and_headers_and_brings_the_answer_back() -> None:
    server = Server(says(b"HTTP/1.1 201 Created\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nhi"))
    with context.bound(request_id="req-1"):
        answer = post(server, body=b"exactly these bytes", headers={"Content-Type": "text/plain", "user-agent": "ours"})
    assert (answer.status, answer.headers["x-a"], answer.body, answer.truncated) == (201, "1, 2", b"hi", False)
    assert 0 <= answer.elapsed_ms < 5000
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "post /hook http/1.1"
    assert {f"host: 127.0.0.1:{server.port}", "user-agent: ours", "x-request-id: req-1", "accept-encoding: identity",
            "connection: close", "content-length: 19", "content-type: text/plain"} <= set(lines)  # fmt: skip
    assert sum(line.startswith("user-agent") for line in lines) == 1
    assert body == b"exactly these bytes"


def test_a_caller_cannot_replace_the_host_or_the_framing() -> None:
    server = Server(says(OK))
    post(server, headers={"Host": "evil.example", "Content-Length": "999", "Transfer-Encoding": "chunked"})
    head = server.received[0].split(b"\r\n\r\n")[0].lower()
    assert b"evil" not in head
    assert b"chunked" not in head
    assert b"content-length: 2" in head


def test_our_request_id_goes_to_providers_and_not_to_strangers(allow_loopback: None) -> None:
    server = Server(says(OK))
    with context.bound(request_id="req-1"):
        post(server, policy="untrusted")
    assert b"req-1" not in server.received[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_never_followed(status: int) -> None:
    elsewhere = Server(says(OK))
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
    server = Server(says(head))
    assert post(server).status == status
    assert elsewhere.received == []


def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = Server(says(OK)), Server(says(OK))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert post(server).status == 200
    assert proxy.received == []


def test_the_body_is_read_to_the_cap_and_no_further() -> None:
    server = Server(
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n", 0)
    )
    answer = post(server, max_body=65_536)
    assert (len(answer.body), answer.truncated, answer.status) == (65_536, True, 200)


def test_a_body_as_long_as_the_cap_is_whole() -> None:
    server = Server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"y" * 10))
    answer = post(server, max_body=10)
    assert (answer.body, answer.truncated) == (b"y" * 10, False)


def test_a_packed_body_is_not_unpacked() -> None:
    server = Server(says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"))
    assert post(server).body == b"\x1f\x8b\x08"


# --- the deadline -----------------------------------------------------------------------------------------------------

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drips(b"", b"H"), id="status line"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nX: ", b"a"), id="one header"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), id="many headers"),
        pytest.param(drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue for ever"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"), id="body"),
        pytest.param(drips(CHUNKED, b"1\r\nx\r\n"), id="chunks"),
        pytest.param(lambda peer: time.sleep(60), id="silence"),
    ],
)
def test_no_drip_stretches_the_deadline_and_what_it_did_is_unknown(answer: Callable[[socket.socket], None]) -> None:
    server, started = Server(answer), time.monotonic()
    with pytest.raises(NoAnswer) as outcome:
        post(server, timeout_s=1.5)
    assert time.monotonic() - started < 10
    assert outcome.value.reason


def test_a_receiver_that_does_not_read_cannot_hold_us_while_we_write() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        http.request(
            "POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", policy="operator", body=b"x" * 50_000_000, timeout_s=1.5
        )  # fmt: skip
    assert time.monotonic() - started < 10


def test_a_slow_resolver_cannot_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: release.wait(60) and [])
    started = time.monotonic()
    with pytest.raises(NotSent) as outcome:
        http.request("GET", "https://hooks.example.com/", policy="untrusted", timeout_s=1.5)
    release.set()
    assert outcome.value.code == "dns_timeout"
    assert time.monotonic() - started < 10


def test_a_tls_handshake_cannot_hold_us() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    started = time.monotonic()
    with pytest.raises(NotSent) as outcome:
        http.request("POST", f"https://127.0.0.1:{listener.getsockname()[1]}/", policy="operator", timeout_s=1.5)
    assert outcome.value.code == "tls_failed"
    assert time.monotonic() - started < 10


# --- not sent, or unknown ----------------------------------------------------------------------------------------------


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent) as outcome:
        http.request("POST", f"http://127.0.0.1:{port}/", policy="operator", timeout_s=2)
    assert (outcome.value.code, outcome.value.reason) == ("connection_refused", "The connection was refused.")


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda peer: None, id="hangs up"),
        pytest.param(reset, id="resets"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-"), id="cut in the headers"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), id="cut in the body"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.6\r\n"), id="speaks something else"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi"), id="contradicts itself"
        ),
    ],
)
def test_what_was_sent_and_not_answered_whole_is_unknown(answer: Callable[[socket.socket], None]) -> None:
    with pytest.raises(NoAnswer):
        post(Server(answer))


def test_an_early_answer_counts_though_the_body_was_not_read() -> None:
    def refuse_early(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    class Early(Server):
        def _speak(self, peer: socket.socket) -> None:
            with peer:
                peer.recv(10)
                refuse_early(peer)
                time.sleep(0.5)

    assert post(Early(refuse_early), body=b"x" * 100).status == 413


def test_an_open_transaction_refuses_to_wait_for_the_network(db: None) -> None:
    server = Server(says(OK))
    assert post(server).status == 200
    with pytest.raises(http.TransactionOpen), transaction.atomic():
        post(server)
    assert len(server.received) == 1


# --- TLS to the vetted address ------------------------------------------------------------------------------------------


@pytest.fixture
def allow_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loopback pass for public, so that what happens after vetting can be seen."""
    monkeypatch.setattr(http, "is_public_address", lambda address: True)
    monkeypatch.setattr(http, "check_untrusted", lambda target, *, livemode: None)


class TlsServer(Server):
    """Shows a certificate for one name and remembers which name was asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self.asked_for: list[str | None] = []
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        self.certificate = folder / "certificate.pem"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file = folder / "key.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key_file)
        self.tls.sni_callback = lambda sock, name, ctx: self.asked_for.append(name)
        super().__init__(says(OK))

    def wrap(self, peer: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(peer, server_side=True)


@pytest.fixture
def tls_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_loopback: None) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path, "hooks.example.com")
    trusted = ssl.create_default_context(cafile=str(server.certificate))
    monkeypatch.setattr(http, "_tls", lambda: trusted)
    yield server
    server.listener.close()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Answer the first question with the first address, the second with the second ...: a rebinding resolver."""
    asked: list[str] = []

    def answer(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses[min(len(asked), len(addresses)) - 1], port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_it_connects_to_the_vetted_address_with_the_original_name_in_sni_and_host(
    tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, "127.0.0.1", "10.255.255.1")
    url = f"https://hooks.example.com:{tls_server.port}/hook"
    assert http.request("POST", url, policy="untrusted", body=b"{}", timeout_s=5, livemode=True).status == 200
    assert asked == ["hooks.example.com"]
    assert tls_server.asked_for == ["hooks.example.com"]
    assert f"Host: hooks.example.com:{tls_server.port}".encode() in tls_server.received[0]


@pytest.mark.parametrize("host", ["other.example.com", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    with pytest.raises(NotSent) as outcome:
        http.request("POST", f"https://{host}:{tls_server.port}/", policy="untrusted", body=b"{}", timeout_s=5)
    assert outcome.value.code == "tls_failed"
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.value.reason
    assert tls_server.received in ([], [b""])
