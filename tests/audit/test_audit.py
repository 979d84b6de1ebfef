"""The audit log: recorded freely, sealed into a chain, verifiable by a command."""

import doctest
import logging
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from gateway.audit import invariants, rules
from gateway.audit.models import AuditEntry, Seal, Unsealed
from gateway.audit.rules import moment, seal_hash
from gateway.audit.selectors import unsealed_age_s
from gateway.audit.services.record import record
from gateway.audit.services.seal import seal_batch
from gateway.audit.services.verify import verify
from gateway.core import context
from gateway.core.ids import lowest_id_at, new_id
from gateway.core.secrets import keyed_digest_matches
from gateway.core.tenancy import Tenant
from tests.support.database import TestDatabase

pytestmark = pytest.mark.usefixtures("committed_db")


def given(count: int) -> list[AuditEntry]:
    for number in range(count):
        record(action="key.created", subject_type="key", subject_id=str(number), tenant=None)
    return list(AuditEntry.objects.unscoped("test").order_by("id"))


def as_intruder(*statements: str) -> None:
    """What somebody with the owner's password can do: switch the triggers off and change what he likes."""
    with connections["owner"].cursor() as cursor:
        for table in ("audit_entry", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in ("audit_entry", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _seal_in_a_thread() -> None:
    seal_batch()
    connection.close()


def problems(*heads: str) -> list[str]:
    return [f"{problem.kind} {problem.subject}" for problem in verify(heads=heads)]


def test_an_entry_says_who_did_what_in_which_request_and_holds_digests_of_personal_values() -> None:
    tenant = Tenant(new_id(), livemode=False)
    with context.bound(request_id="req-1", actor=context.Actor("person", "usr_1")):
        record(
            action="customer.updated", subject_type="customer", subject_id="cus_1", tenant=tenant,
            data={"email": "a@b.c", "status": "active", "address": {"city": "Pune"}},
        )  # fmt: skip
    entry = AuditEntry.objects.for_merchant(tenant).get()
    assert (entry.actor_kind, entry.actor_id, entry.request_id) == ("person", "usr_1", "req-1")
    assert (entry.action, entry.subject_type, entry.subject_id) == ("customer.updated", "customer", "cus_1")
    assert entry.data["status"] == "active"
    assert keyed_digest_matches(entry.data["email"], "audit.value", '"a@b.c"')
    assert "Pune" not in str(entry.data)


def test_an_entry_is_there_only_if_what_it_tells_was_committed() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        given(1)
        1 / 0  # noqa: B018
    assert AuditEntry.objects.unscoped("test").count() == 0
    assert Unsealed.objects.count() == 0


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {}"])
def test_entries_and_seals_are_append_only(table: str, verb: str) -> None:
    given(1)
    seal_batch()
    column = "action = ''" if table == "audit_entry" else "hash = ''"
    for using, error in (("default", ProgrammingError), ("owner", IntegrityError)):
        with pytest.raises(error), connections[using].cursor() as cursor:
            cursor.execute(verb.format(table, column))


def test_a_seal_names_its_entries_one_by_one_follows_the_last_and_its_head_goes_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "gateway.audit"):
        first = [str(entry.id) for entry in given(3)]
        assert seal_batch() == 3
        given(1)
        assert seal_batch() == 1
    one, two = Seal.objects.order_by("number")
    assert [name for name, _ in one.entries] == first
    assert (one.number, one.previous, two.number, two.previous) == (1, "", 2, one.hash)
    assert Unsealed.objects.count() == 0
    assert seal_batch() == 0
    heads = [record.getMessage() for record in caplog.records if record.getMessage().startswith("audit_head")]
    assert [line.split()[1] for line in heads] == ["number=1", "number=2"]
    assert heads[1].split("previous=")[1] == heads[0].split("head=")[1].split()[0]
    assert one.hash not in "".join(heads)
    assert problems(*heads) == []


def test_an_entry_that_commits_late_is_sealed_by_a_later_link() -> None:
    ready, go = threading.Event(), threading.Event()

    def commit_late() -> None:
        with transaction.atomic():
            record(action="late", subject_type="x", subject_id="1", tenant=None)
            ready.set()
            go.wait(10)
        connection.close()

    thread = threading.Thread(target=commit_late)
    thread.start()
    ready.wait(10)
    given(2)
    assert seal_batch() == 2
    go.set()
    thread.join()
    assert seal_batch() == 1
    assert problems() == []


def test_many_sealers_at_once_make_one_chain_without_a_fork() -> None:
    given(40)
    barrier = threading.Barrier(6)

    def race() -> None:
        barrier.wait()
        _seal_in_a_thread()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal_batch()
    assert sum(len(seal.entries) for seal in Seal.objects.all()) == 40
    assert problems() == []


def test_the_chain_cannot_fork() -> None:
    given(1)
    seal_batch()
    with pytest.raises(IntegrityError):
        Seal.objects.create(number=2, previous="", hash="f" * 64, entries=[], sealed_at=Seal.objects.get().sealed_at)


def test_the_age_of_what_waits_is_a_metric() -> None:
    given(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('audit_seal', 0))")  # another sealer holds the chain
        thread = threading.Thread(target=_seal_in_a_thread)
        thread.start()
        thread.join()
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended('audit_seal', 0))")
    assert unsealed_age_s()[""] > 0
    seal_batch()
    assert unsealed_age_s() == {"": 0.0}


def test_a_changed_entry_is_found() -> None:
    entries = given(3)
    seal_batch()
    assert list(invariants.violations()) == []
    as_intruder(f"UPDATE audit_entry SET actor_id = 'somebody else' WHERE id = '{entries[1].id}'")
    assert problems() == [f"changed entry {entries[1].id}"]
    assert [violation.subject for violation in invariants.violations()] == [f"entry {entries[1].id}"]


def test_a_deleted_entry_is_found_sealed_or_not() -> None:
    entries = given(2)
    seal_batch()
    entries = given(1)
    as_intruder(f"DELETE FROM audit_entry WHERE id IN ('{entries[0].id}', '{entries[2].id}')")
    seal_batch()
    assert sorted(problems()) == sorted([f"deleted entry {entries[0].id}", f"deleted entry {entries[2].id}"])


def test_an_entry_must_be_there_until_its_whole_month_is_beyond_the_retention() -> None:
    since = rules.kept_since(timezone.now())
    due, retired = lowest_id_at(since), lowest_id_at(since - timedelta(milliseconds=1))
    named = [[str(entry_id), "0" * 64] for entry_id in (retired, due)]
    sealed_at = timezone.now()
    link = seal_hash(number=1, previous="", sealed_at=moment(sealed_at), entries=named)
    Seal.objects.create(number=1, previous="", hash=link, entries=named, sealed_at=sealed_at)
    assert problems() == [f"deleted entry {due}"]


def test_the_examples_in_the_rules_hold() -> None:
    assert doctest.testmod(rules) == doctest.TestResults(failed=0, attempted=4)


def test_an_entry_that_was_inserted_behind_our_back_is_found() -> None:
    given(1)
    seal_batch()
    forged = new_id()
    as_intruder(
        f"INSERT INTO audit_entry SELECT '{forged}', merchant_id, livemode, actor_kind, 'forged', request_id, action, "
        "subject_type, subject_id, data, recorded_at FROM audit_entry LIMIT 1"
    )
    assert problems() == [f"inserted entry {forged}"]


def test_a_removed_or_edited_link_is_found() -> None:
    for _ in range(3):
        given(1)
        seal_batch()
    as_intruder("DELETE FROM audit_seal WHERE number = 2")
    found = problems()
    assert "broken_chain seal 2" in found
    as_intruder("UPDATE audit_seal SET entries = '[]' WHERE number = 3")
    assert "broken_chain seal 3" in problems()


def test_a_chain_rewritten_whole_or_cut_off_is_found_against_the_logged_heads(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.INFO, "gateway.audit"):
        for _ in range(2):
            entries = given(1)
            seal_batch()
    log = tmp_path / "heads.log"
    log.write_text("\n".join(f'{{"event": "{record.getMessage()}", "level": "info"}}' for record in caplog.records))
    call_command("audit_verify", "--heads", str(log))

    as_intruder(f"DELETE FROM audit_entry WHERE id = '{entries[1].id}'", "DELETE FROM audit_seal WHERE number = 2")
    assert problems() == []
    with pytest.raises(CommandError, match="1 problems"):
        call_command("audit_verify", "--heads", str(log), stdout=(out := StringIO()))
    assert "rewritten: seal 2" in out.getvalue()

    one = Seal.objects.get()
    forged = seal_hash(number=1, previous="", sealed_at=moment(one.sealed_at), entries=[])
    as_intruder(
        f"DELETE FROM audit_entry WHERE id = '{entries[0].id}'",
        f"UPDATE audit_seal SET entries = '[]', hash = '{forged}'",
    )
    assert problems() == []
    with pytest.raises(CommandError):
        call_command("audit_verify", "--heads", str(log), stdout=(out := StringIO()))
    assert "rewritten: seal 1" in out.getvalue()


def test_an_entry_that_nobody_seals_is_reported(committed_db: TestDatabase) -> None:
    entry = given(1)[0]
    Unsealed.objects.update(queued_at=entry.recorded_at - timedelta(days=365))
    assert problems() == [f"unsealed entry {entry.id}"]
