"""The doorbell over every broker it may have: one small message that names a row of work, or a quick failure."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database import Cluster
from tests.support.parts import require

ROOT = Path(__file__).resolve().parents[2]

RING_AND_LISTEN = """
import json
from config.celery import app, ring
ring("0190-work", "webhooks")
with app.connection_for_read() as connection:
    connection.connect()
    queue = connection.SimpleQueue(app.amqp.queues["webhooks"])
    message = queue.get(timeout=60)
    message.ack()
    body = message.payload
    print(json.dumps({"task": message.headers["task"], "args": body[0], "expires": bool(message.headers["expires"])}))
"""


def _run(broker_url: str, code: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "BROKER_URL": broker_url,
        "BROKER_KEY_PREFIX": f"doorbell-{os.getpid()}-",
    }
    command = [sys.executable, "-c", "import django; django.setup()\n" + code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


def _heard(broker_url: str) -> object:
    done = _run(broker_url, RING_AND_LISTEN)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


EXPECTED = {"task": "work.run", "args": ["0190-work", "webhooks"], "expires": True}


def test_the_embedded_broker_carries_it(cluster: Cluster) -> None:
    assert _heard(cluster.servers.broker_url) == EXPECTED


def test_folders_carry_it_where_there_is_no_valkey(tmp_path: Path) -> None:
    assert _heard(f"filesystem://localhost{tmp_path}/broker") == EXPECTED


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    binary = require("redis-server")
    socket = tmp_path / "redis.sock"
    command = [binary, "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path), "--appendonly", "yes"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not socket.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"redis+socket://{socket}?virtual_host=0"
    process.terminate()
    process.wait()


def test_redis_carries_it(redis_url: str) -> None:
    assert _heard(redis_url) == EXPECTED


def test_a_broker_that_is_away_is_given_up_soon() -> None:
    code = """
import time
from config.celery import ring
for _ in range(2):  # the first one also imports what it needs
    started = time.monotonic()
    try:
        ring("0190-work", "webhooks")
    except Exception as error:
        took = time.monotonic() - started
print(took)
"""
    done = _run("redis://127.0.0.1:9/0", code)
    assert done.stdout, done.stderr[-2000:]
    assert float(done.stdout) < 5
