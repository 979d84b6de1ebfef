"""After a new encryption key, everything is sealed again and opens as before."""

from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from gateway.core.models import DataKey
from gateway.core.personal import erase, new_data_key, seal_personal, unseal_personal
from gateway.core.rotation import rotate
from gateway.core.secrets import needs_rotation

pytestmark = pytest.mark.django_db
OLD, NEW = b"e" * 32, b"n" * 32


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("rotate_secrets", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_what_the_old_key_sealed_opens_after_it_is_gone(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"k1": OLD}
    data_key_id = new_data_key()
    erased = new_data_key()
    erase(erased)
    sealed = seal_personal(data_key_id, b"ada@example.test")
    settings.ENCRYPTION_KEYS = {"k2": NEW, "k1": OLD}
    assert run("--check") == (1, "core.DataKey.sealed_key: 1 wait\n")

    status, said = run()

    assert status == 0 and "core.DataKey.sealed_key: 1 sealed again" in said
    settings.ENCRYPTION_KEYS = {"k2": NEW}
    assert unseal_personal(data_key_id, sealed) == b"ada@example.test"
    assert DataKey.objects.get(id=erased).sealed_key == ""
    assert run("--check")[0] == 0


def test_a_second_run_changes_nothing(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"k1": OLD}
    key = DataKey.objects.get(id=new_data_key())
    settings.ENCRYPTION_KEYS = {"k2": NEW, "k1": OLD}

    assert rotate("core.DataKey.sealed_key") == 1
    assert rotate("core.DataKey.sealed_key") == 0

    key.refresh_from_db()
    assert not needs_rotation(key.sealed_key)


def test_every_sealed_column_of_the_settings_exists(settings: Settings) -> None:
    for column in settings.SEALED_COLUMNS:
        assert rotate(column) == 0
