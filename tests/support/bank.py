"""The simulated bank as a process of its own: gunicorn on a free port, over a fresh database.

One bank serves a whole test session; `new_account()` gives a test an account (and so a journal, faults and a webhook
address) of its own.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg import sql

from embedded import postgres
from embedded.processes import die_with_parent
from tests.support.database import Cluster
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ADMIN_KEY = "bank-admin-for-tests"
START_TIMEOUT_SECONDS = 60


@dataclass
class BankAccount:
    """One merchant account at the bank, as the merchant sees it."""

    base_url: str
    id: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    def request(
        self, method: str, path: str, body: object = None, *, key: str | None = None, timeout_s: float = 40
    ) -> httpx2.Response:
        """One HTTP request with this account's credentials."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        with http_client(timeout_s) as client:
            return client.request(method, self.base_url + path, headers=headers, json=body)

    def journal(self, **filters: str) -> list[dict[str, Any]]:
        """Every line of this account's journal, oldest first; filters as in `GET /v1/journal`."""
        lines: list[dict[str, Any]] = []
        after = 0
        while True:
            query = "&".join(f"{name}={value}" for name, value in {**filters, "after": after}.items())
            page = self.request("GET", f"/v1/journal?{query}").json()
            lines += page["data"]
            if not page["has_more"]:
                return lines
            after = page["next_after"]

    def totals(self) -> dict[str, dict[str, dict[str, int]]]:
        """The journal's totals: kind -> currency -> {count, amount}."""
        totals: dict[str, dict[str, dict[str, int]]] = self.request("GET", "/v1/journal?limit=1").json()["totals"]
        return totals

    def set_fault(
        self,
        *faults: str,
        next_requests: int = 1,
        seed: int = 0,
        operations: tuple[str, ...] = (),
        probability: float = 1,
    ) -> None:
        """Let the next requests with new keys suffer one of these faults each, drawn by the seed."""
        plan = {
            "faults": list(faults),
            "next": next_requests,
            "seed": seed,
            "operations": list(operations),
            "probability": probability,
        }
        assert self.request("POST", "/v1/faults", plan).status_code == 201

    def clear_faults(self) -> None:
        """Forget the faults that were set and let held requests go on."""
        self.request("DELETE", "/v1/faults")
        self.request("POST", "/v1/faults/release")

    def status(self) -> dict[str, Any]:
        """What still waits: webhooks, late successes, outcomes of refunds, held requests."""
        status: dict[str, Any] = self.request("GET", "/v1/status").json()
        return status

    def send_webhooks_to(self, url: str) -> None:
        """Deliver this account's webhooks there from now on."""
        assert self.request("PATCH", "/v1/account", {"webhook_url": url}).status_code == 200

    def tokenize(self, number: str = "4242424242424242", **fields: Any) -> str:
        """The bank's reference for a test card."""
        card = {"number": number, "exp_month": 12, "exp_year": time.gmtime().tm_year + 2, **fields}
        card.setdefault("cvc", "1234" if number.startswith("3") and len(number) == 15 else "123")
        answer = self.request("POST", "/v1/tokens", {"type": "card", "card": card})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def decide(self, challenge_url: str, decision: str = "approve", code: str = "") -> httpx2.Response:
        """Press a button on the challenge page."""
        with http_client(20) as client:
            return client.post(challenge_url, data={"decision": decision, "code": code})


class BankService:
    """The process, and its first account (`api_key`, `account`, `webhook_secret`)."""

    def __init__(self, cluster: Cluster, environment: Mapping[str, str] | None = None) -> None:
        self._cluster = cluster
        self.database = f"test_{os.getpid()}_bank_{secrets.token_hex(3)}"
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.admin_key = ADMIN_KEY
        self.account, self.api_key, self.webhook_secret = "acct_test", "bk_test_" + "k" * 24, "bank-webhook-secret"
        url = postgres.url(cluster.layout, postgres.BANK, cluster.secrets["database_bank_password"], self.database)
        accounts = [{"id": self.account, "api_key": self.api_key, "webhook_secret": self.webhook_secret}]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BANK_", "DJANGO_"))},
            "BANK_DATABASE_URL": url,
            "BANK_SECRET_KEY": "only-for-tests",
            "BANK_PUBLIC_URL": self.base_url,
            "BANK_ADMIN_KEY": self.admin_key,
            "BANK_ACCOUNTS": json.dumps(accounts),
            "BANK_BIND": f"127.0.0.1:{self.port}",
            "BANK_DELAY_SECONDS": "1",
            "BANK_LATE_SECONDS": "1",
            "BANK_HOLD_SECONDS": "20",
            "BANK_REFUND_SECONDS": "4",
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = cluster.layout.var / f"{self.database}.log"

    @property
    def first_account(self) -> BankAccount:
        """The account that the environment opened."""
        return BankAccount(self.base_url, self.account, self.api_key, self.webhook_secret)

    def new_account(self, *, webhook_url: str = "", account_id: str = "") -> BankAccount:
        """A fresh account with an empty journal."""
        with http_client(20) as client:
            answer = client.post(
                f"{self.base_url}/v1/accounts",
                headers={"Authorization": f"Bearer {self.admin_key}"},
                json={"webhook_url": webhook_url, **({"id": account_id} if account_id else {})},
            )
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return BankAccount(self.base_url, body["id"], body["api_key"], body["webhook_secret"])

    def journal(self, **filters: str) -> list[dict[str, Any]]:
        """The first account's journal."""
        return self.first_account.journal(**filters)

    def set_fault(self, *faults: str, **options: Any) -> None:
        """Faults for the first account."""
        self.first_account.set_fault(*faults, **options)

    def create(self) -> None:
        """Make the database and migrate it."""
        with self._cluster.admin() as connection:
            postgres.create_database(connection, self.database, postgres.BANK)
        subprocess.run(
            [sys.executable, "-m", "bank.manage", "migrate", "--verbosity", "0"],
            check=True,
            cwd=ROOT,
            env=self.environment,
        )

    def start(self) -> None:
        """Start gunicorn and wait until it answers. The same port and database every time."""
        command = [sys.executable, "-m", "gunicorn", "--config", "python:bank.gunicorn_conf", "bank.wsgi:application"]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.is_healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The bank did not start: {self.log_path.read_text()[-2000:]}")
            time.sleep(0.05)

    def is_healthy(self) -> bool:
        """Whether it answers now."""
        with contextlib.suppress(httpx2.HTTPError), http_client(2) as client:
            return client.get(f"{self.base_url}/health").status_code == 200
        return False

    def stop(self, *, kill: bool = False) -> None:
        """Stop the process; `kill` takes it down without a chance to finish anything."""
        if self._process is None:
            return
        if kill:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=30)
        self._process = None

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the bank's tables (for tests of the bank itself)."""
        with psycopg.connect(self.environment["BANK_DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def destroy(self) -> None:
        """Stop, and drop the database."""
        self.stop(kill=True)
        with self._cluster.admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.database)))
        self.log_path.unlink(missing_ok=True)


@contextlib.contextmanager
def running_bank(cluster: Cluster, environment: Mapping[str, str] | None = None) -> Iterator[BankService]:
    """A bank for the length of the block."""
    service = BankService(cluster, environment)
    service.create()
    try:
        service.start()
        yield service
    finally:
        service.destroy()


def http_client(timeout_s: float) -> httpx2.Client:
    """A client for plain http on loopback; without certificates to load it is made in no time."""
    return httpx2.Client(trust_env=False, verify=False, timeout=timeout_s)
