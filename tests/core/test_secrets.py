"""Sealing, digests and hashes of secrets."""

import pytest
from pytest_django import Settings

from gateway.core import secrets
from gateway.core.secrets import CannotUnseal, keyed_digest, keyed_digest_matches, needs_rotation, seal, unseal

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_only_where_it_belongs() -> None:
    sealed = seal("whsec_abc", bound_to="webhooks.Secret:1")
    assert unseal(sealed, bound_to="webhooks.Secret:1") == b"whsec_abc"
    assert "whsec" not in sealed
    with pytest.raises(CannotUnseal):
        unseal(sealed, bound_to="webhooks.Secret:2")


def test_sealing_twice_gives_two_ciphertexts() -> None:
    assert seal("x", bound_to="a") != seal("x", bound_to="a")


@pytest.mark.parametrize("broken", ["", "test1", "test1.", "test1.AAAA", "test1.!!", "gone.AAAA", "test1." + "A" * 60])
def test_what_is_no_sealed_value_does_not_open(broken: str) -> None:
    with pytest.raises(CannotUnseal):
        unseal(broken, bound_to="a")


def test_a_changed_bit_does_not_open() -> None:
    sealed = seal("secret", bound_to="a")
    flipped = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
    with pytest.raises(CannotUnseal):
        unseal(flipped, bound_to="a")


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"k1": OLD}
    sealed = seal("x", bound_to="a")
    settings.ENCRYPTION_KEYS = {"k2": NEW, "k1": OLD}
    assert unseal(sealed, bound_to="a") == b"x"
    assert needs_rotation(sealed)
    assert seal("x", bound_to="a").startswith("k2.")
    assert not needs_rotation(seal("x", bound_to="a"))


def test_a_digest_names_its_key_and_differs_by_purpose_and_key(settings: Settings) -> None:
    settings.FINGERPRINT_KEYS = {"k1": OLD}
    digest = keyed_digest("card", "tok")
    assert digest.startswith("k1.")
    assert digest == keyed_digest("card", b"tok")
    assert digest != keyed_digest("email", "tok")
    settings.FINGERPRINT_KEYS = {"k2": NEW, "k1": OLD}
    assert keyed_digest("card", "tok") != digest
    assert keyed_digest_matches(digest, "card", "tok")
    assert not keyed_digest_matches(digest, "card", "other")
    assert not keyed_digest_matches(digest, "email", "tok")
    settings.FINGERPRINT_KEYS = {"k2": NEW}
    assert not keyed_digest_matches(digest, "card", "tok")


def test_purpose_and_value_do_not_run_into_each_other() -> None:
    assert keyed_digest("a", "bc") != keyed_digest("ab", "c")


def test_an_api_secret_is_known_by_its_hash_only() -> None:
    secret = "R2ZJc0l0UmFuZG9tRW5vdWdoRm9yVXM1"
    hashed = secrets.hash_secret(secret)
    assert secret not in hashed
    assert secrets.secret_matches(secret, hashed)
    assert not secrets.secret_matches(secret + "x", hashed)
    assert not secrets.secret_matches("", hashed)
