"""What the real processes print: gunicorn, the worker and beat, in one form and redacted."""

import json
import socket
from pathlib import Path

import pytest

from gateway.core.ids import new_id
from tests.support.bank import BankAccount
from tests.support.database import TestDatabase
from tests.support.system import System, running_system, wait_until

SENTINEL = "4242424242424242"


def send_raw(system: System, request: bytes) -> bytes:
    """What the server answers to these bytes."""
    with socket.create_connection(("127.0.0.1", system.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def is_well(system: System) -> bool:
    """Whether the gateway says so: on a slow machine a worker or a check may be late at first."""
    answer = send_raw(system, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    return b'"status": "ok"' in answer.split(b"\r\n\r\n", 1)[1]


@pytest.mark.faults
def test_every_line_of_every_process_is_json_and_holds_no_card_number(
    committed_db: TestDatabase, bank_account: BankAccount, tmp_path: Path
) -> None:
    with running_system(committed_db, bank_account, tmp_path) as system:
        system.start()
        request_id = f"till-{new_id().hex}"
        head = f"Host: 127.0.0.1\r\nX-Request-Id: {request_id}\r\nConnection: close\r\n\r\n"
        send_raw(system, f"GET /api/v1/orders/{SENTINEL} HTTP/1.1\r\n{head}".encode())
        send_raw(system, f"GET /nothing/{SENTINEL}?x={SENTINEL} HTTP/1.1\r\n{head}".encode())
        send_raw(system, f"{SENTINEL} / HTTP/1.1\r\n{head}".encode())  # gunicorn itself refuses this one
        send_raw(system, f"GET / HTTP/1.1\r\n{SENTINEL}\r\n{head}".encode())
        wait_until(lambda: request_id in system.log("web"), timeout_s=60, what="the request is logged")
        wait_until(lambda: is_well(system), timeout_s=60, what="everything is well")
        logs = {name: system.log(name) for name in ("web", "worker", "beat")}

    for name, text in logs.items():
        assert SENTINEL not in text, name
    assert "/api/v1/orders/[card number]" in logs["web"]
    for line in logs["web"].splitlines() + logs["worker"].splitlines():
        if line.startswith("{"):
            assert {"event", "level", "logger", "timestamp"} <= set(json.loads(line)), line
    assert any("celery" in json.loads(line)["logger"] for line in logs["worker"].splitlines() if line.startswith("{"))
    strangers = [line for line in logs["web"].splitlines() if not line.startswith("{")]
    assert strangers == []
