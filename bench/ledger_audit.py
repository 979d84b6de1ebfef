"""How long `manage.py ledger_audit` takes over large books, and how much memory: `python -m bench.ledger_audit`.

It makes a throw-away gateway, lets the services take one payment and give a part of it back, copies these rows as often as
needed in the database, and runs the command as an operator would. The books are audited at a tenth of the size first, so
that one run shows whether memory grows with them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from embedded import services
from embedded.environment import Ports, process_environment
from embedded.layout import Layout

ROOT = Path(__file__).resolve().parents[1]
# The rows of a payment's story: table -> its columns that hold the id of a row that is copied with it.
_COPIED = {
    "payments_order": ("id", "latest_payment_id"),
    "payments_payment": ("id", "order_id"),
    "payments_operation": ("id", "payment_id"),
    "refunds_refund": ("id", "payment_id", "order_id"),
    "ledger_transaction": ("id", "source_id"),
    "ledger_entry": ("id", "transaction_id"),
}
# The id of the n-th copy of a row: a UUIDv7 of two hours ago, told apart by the row that was copied.
_COPY_ID = """
CREATE FUNCTION pg_temp.copy_id(original uuid, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex({base_ms} + n / 200), 12, '0') || '7' || substr(replace(original::text, '-', ''), 30, 3) || '8'
            || substr(replace(original::text, '-', ''), 26, 4) || lpad(to_hex(n), 11, '0'))::uuid
$$
"""


def main(arguments: list[str]) -> int:
    """Measure, print one JSON object, clean up."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger_audit", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="ledger entries of the large books")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="gwaudit-"))
    try:
        environment = _gateway(folder)
        story = json.loads(_python(environment, "take-one-payment"))
        measured: list[dict[str, Any]] = []
        copied = 0
        for entries in (options.entries // 10, options.entries):
            started = time.monotonic()
            copies = entries // story["entries"]
            _python(environment, "copy", str(copied + 1), str(copies))
            copied = copies
            filled_s = time.monotonic() - started
            measured.append(
                _audit(environment, entries=(copies + 1) * story["entries"]) | {"fill_s": round(filled_s, 1)}
            )
            print(json.dumps(measured[-1]), file=sys.stderr, flush=True)
        small, large = measured
        ratios = {
            "entries": large["entries"] / small["entries"],
            "seconds": large["seconds"] / small["seconds"],
            "memory": large["memory_mb"] / small["memory_mb"],
        }
        ok = small["ok"] and large["ok"]
        report = {"ok": ok, "small": small, "large": large, "ratios": {name: round(x, 2) for name, x in ratios.items()}}
        print(json.dumps(report))
        return 0 if ok else 1
    finally:
        services.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _gateway(folder: Path) -> dict[str, str]:
    layout = Layout.of(folder)
    servers = services.ensure(folder, profile="test")
    environment = process_environment(layout, servers, Ports.free(), isolated=True)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    return environment


def _python(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "bench.ledger_audit", "--within", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _audit(environment: dict[str, str], *, entries: int) -> dict[str, Any]:
    """Run the command; its time and the most memory that its process held."""
    started = time.monotonic()
    command = [sys.executable, "manage.py", "ledger_audit", "--json"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    report = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    slowest = sorted(report["invariants"], key=lambda one: -one["elapsed_ms"])[:3]
    for found in report["invariants"]:
        if not found["holds"]:
            print(found["name"], found["violations"][:3], file=sys.stderr)
    return {
        "ok": report["ok"] and os.waitstatus_to_exitcode(status) == 0,
        "entries": entries,
        "seconds": round(time.monotonic() - started, 1),
        "memory_mb": round(usage.ru_maxrss / 1024),
        "slowest": {one["name"]: round(one["elapsed_ms"] / 1000, 1) for one in slowest},
    }


# --- within a process that has Django -----------------------------------------------------------------------------------


def within(arguments: list[str]) -> None:
    """One step that needs the gateway's own code."""
    import django

    django.setup()
    if arguments[0] == "take-one-payment":
        print(json.dumps({"entries": _take_one_payment()}))
    else:
        _copy(int(arguments[1]), int(arguments[2]))


def _take_one_payment() -> int:
    """Order, payment, capture with a fee, partial refund: through the services. The entries that it made."""
    from django.utils import timezone

    from gateway.core.tenancy import Tenant
    from gateway.ledger.models import Entry
    from gateway.work.models import Work
    from merchants.services.create_merchant import create_merchant
    from payments.models import PaymentMethod
    from payments.providers.base import Observation, Outcome
    from payments.selectors.operations import operations_of
    from payments.services.create_payment import create_payment
    from payments.services.create_provider_account import create_provider_account
    from payments.services.settle_operation import settle_operation
    from refunds.services.create_refund import create_refund
    from refunds.services.settle_refund import settle_refund

    now = timezone.now()
    tenant = Tenant(create_merchant(name="Lumen Supply Co.", slug="lumen").id, livemode=False)
    account = create_provider_account(
        tenant=tenant, provider="simulated_bank", name="Bank", config={}, secrets={}, now=now
    )
    method = PaymentMethod(
        merchant_id=tenant.merchant_id, livemode=False, type="card", provider_account=account,
        provider_reference="vault", is_saved=True, created_at=now,
    )  # fmt: skip
    method.save(force_insert=True)
    payment = create_payment(tenant=tenant, amount=5000, currency="EUR", payment_method_id=method.id, now=now)
    yes = Observation(Outcome.SUCCEEDED, "")
    settle_operation(operation_id=operations_of(payment).get().id, observation=yes, now=now)
    refund = create_refund(tenant=tenant, payment_id=payment.id, amount=1200, now=now)
    settle_refund(refund_id=refund.id, fact=yes, now=now)
    Work.objects.all().delete()
    return Entry.objects.count()


def _copy(first: int, last: int) -> None:
    """Copy the story's rows, numbers `first` to `last`, as the owner with the triggers off; then make new checkpoints."""
    from django.db import connections
    from django.utils import timezone

    from gateway.ledger.services.make_checkpoints import make_checkpoints

    base_ms = int((timezone.now() - timedelta(hours=2)).timestamp() * 1000)
    with connections["owner"].cursor() as cursor:
        cursor.execute(_COPY_ID.format(base_ms=base_ms))
        cursor.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM ledger_checkpoint")
        cursor.execute("ALTER TABLE ledger_checkpoint ENABLE TRIGGER USER")
        for table, columns in _COPIED.items():
            changes = ", ".join(f"'{column}', pg_temp.copy_id(o.{column}, n)" for column in columns)
            cursor.execute(f"CREATE TABLE IF NOT EXISTS original_{table} AS SELECT * FROM {table}")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table},"
                f" to_jsonb(o) || jsonb_build_object({changes}))).*"
                f" FROM original_{table} o, generate_series(%s::bigint, %s::bigint) n",
                [first, last],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("ANALYZE")
    make_checkpoints()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--within"]:
        within(sys.argv[2:])
        raise SystemExit(0)
    raise SystemExit(main(sys.argv[1:]))
