"""People sign in over the API, stay signed in, and sign out."""

from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from gateway.audit.models import AuditEntry
from gateway.core.tenancy import Tenant
from merchants.api.tokens import AccessToken, RefreshToken, signing_keys
from merchants.models import LoginSession, Membership, User
from merchants.rules.permissions import Role
from merchants.services.add_member import add_member
from merchants.services.purge_login_sessions import purge_login_sessions
from tests.support.merchants import PASSWORD, make_merchant, make_person, make_tenant

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api_keys"
ANOTHER = "another pass for the tests"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def person(tenant: Tenant) -> User:
    return make_person(tenant)


def sign_in(person: User, **body: Any) -> Any:
    return APIClient().post("/auth/token", {"email": person.email, "password": PASSWORD} | body)


def bearer(token: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def refresh(token: str) -> Any:
    return APIClient().post("/auth/token/refresh", {"refresh": token})


def test_signing_in_gives_a_pair_that_names_its_session(person: User, tenant: Tenant) -> None:
    answer = sign_in(person)

    assert answer.status_code == 201
    pair = answer.json()
    session = LoginSession.all_rows.get()
    claims = jwt.decode(pair["access"], options={"verify_signature": False})
    assert (claims["sid"], claims["livemode"], claims["token_type"]) == (session.public_id, False, "access")
    assert claims["merchant"] == pair["merchant"]
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert (pair["expires_in"], pair["refresh_expires_in"]) == (15 * 60, 7 * 24 * 3600)
    assert jwt.get_unverified_header(pair["access"])["kid"] == next(iter(signing_keys()))
    assert bearer(pair["access"]).get(KEYS).status_code == 200
    assert answer["Cache-Control"] == "no-store"


def test_the_address_may_be_written_in_any_case(person: User) -> None:
    assert sign_in(person, email=f" {person.email.upper()} ").status_code == 201


@pytest.mark.parametrize(
    "change", [{"password": "wrong"}, {"email": "nobody@demo.test"}, {"merchant": "mer_01h455vb4pex5vsknk084sn02q"}]
)
def test_a_wrong_login_does_not_say_what_was_wrong(person: User, change: dict[str, Any]) -> None:
    answer = sign_in(person, **change)

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_login")
    assert not LoginSession.all_rows.exists()


def test_a_deactivated_person_cannot_sign_in_and_is_out_at_once(person: User) -> None:
    access = sign_in(person).json()["access"]
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert sign_in(person).status_code == 401
    assert bearer(access).get(KEYS).status_code == 401


def test_who_works_for_several_merchants_says_for_which(person: User) -> None:
    other = make_merchant()
    add_member(merchant_id=other.id, user_id=person.id, role=Role.VIEWER)

    unclear = sign_in(person)
    chosen = sign_in(person, merchant=other.public_id)

    assert (unclear.status_code, unclear.json()["code"]) == (409, "merchant_choice_needed")
    assert chosen.json()["merchant"] == other.public_id
    assert bearer(chosen.json()["access"]).post(KEYS, {"name": "x"}).status_code == 403


def test_signing_out_ends_the_access_token_at_once(person: User) -> None:
    pair = sign_in(person).json()

    assert APIClient().post("/auth/token/revoke", {"refresh": pair["refresh"]}).status_code == 204
    assert APIClient().post("/auth/token/revoke", {"refresh": pair["refresh"]}).status_code == 204

    assert bearer(pair["access"]).get(KEYS).json()["code"] == "token_invalid"
    assert refresh(pair["refresh"]).status_code == 401


def test_a_refresh_token_is_good_for_one_exchange(person: User) -> None:
    first = sign_in(person).json()
    second = refresh(first["refresh"])

    assert second.status_code == 200
    assert second.json()["session"] == first["session"]
    assert second.json()["refresh"] != first["refresh"]
    assert bearer(second.json()["access"]).get(KEYS).status_code == 200
    assert refresh(second.json()["refresh"]).status_code == 200


def test_using_a_refresh_token_twice_ends_the_whole_family(person: User) -> None:
    first = sign_in(person).json()
    second = refresh(first["refresh"]).json()

    reused = refresh(first["refresh"])

    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert refresh(second["refresh"]).status_code == 401
    assert bearer(second["access"]).get(KEYS).status_code == 401
    assert LoginSession.all_rows.get().revoked_reason == "refresh_token_reused"


def test_another_session_is_untouched_by_it(person: User) -> None:
    first, other = sign_in(person).json(), sign_in(person).json()
    refresh(first["refresh"])
    refresh(first["refresh"])

    assert bearer(other["access"]).get(KEYS).status_code == 200


def new_password_by_staff(person: User) -> None:
    staff, client = make_person(is_staff=True, is_superuser=True), Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    path = reverse("admin:merchants_user_change", args=[person.pk])
    form = {"email": person.email, "name": person.name, "is_active": "on", "new_password": ANOTHER}
    assert client.post(path, form).status_code == 302


def new_password_by_themselves(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    form = {"old_password": PASSWORD, "new_password1": ANOTHER, "new_password2": ANOTHER}
    assert client.post(reverse("admin:password_change"), form).status_code == 302


def new_password_by_command(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: ANOTHER)
    call_command("changepassword", person.email, stdout=StringIO())


@pytest.mark.parametrize("who", ["staff", "themselves", "command"])
def test_a_new_password_ends_every_session_of_that_person(
    person: User, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = sign_in(make_person(make_tenant())).json()
    pairs = [sign_in(person).json(), sign_in(person).json()]
    ended = sign_in(person).json()
    APIClient().post("/auth/token/revoke", {"refresh": ended["refresh"]})
    {
        "staff": lambda: new_password_by_staff(person),
        "themselves": lambda: new_password_by_themselves(person),
        "command": lambda: new_password_by_command(person, monkeypatch),
    }[who]()

    for pair in pairs:
        assert bearer(pair["access"]).get(KEYS).status_code == 401
        assert refresh(pair["refresh"]).status_code == 401
    assert bearer(stranger["access"]).get(KEYS).status_code == 200
    reasons = LoginSession.all_rows.filter(user=person).order_by("id").values_list("revoked_reason", flat=True)
    assert list(reasons) == ["password_changed", "password_changed", "signed_out"]
    entries = AuditEntry.objects.unscoped("a test").filter(action="session.ended", data__reason="password_changed")
    assert entries.count() == 2
    person.refresh_from_db()
    assert person.check_password(ANOTHER)
    assert sign_in(person, password=ANOTHER).status_code == 201


def test_another_name_ends_no_session(person: User) -> None:
    pair = sign_in(person).json()
    person.refresh_from_db()
    person.name = "Another"
    person.save()

    assert bearer(pair["access"]).get(KEYS).status_code == 200


def test_tokens_run_out(person: User) -> None:
    pair = sign_in(person).json()

    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert bearer(pair["access"]).get(KEYS).status_code == 401
        assert refresh(pair["refresh"]).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert refresh(pair["refresh"]).status_code == 401


def test_one_kind_of_token_does_not_pass_for_the_other(person: User) -> None:
    pair = sign_in(person).json()

    assert bearer(pair["refresh"]).get(KEYS).status_code == 401
    assert refresh(pair["access"]).status_code == 401


def forged(person: User, key: bytes | None, kid: str, algorithm: str = "HS256") -> str:
    session = LoginSession.all_rows.get()
    token = AccessToken()
    token.name_session(session)
    signing_key: Any = key
    return jwt.encode(
        token.payload | {"iss": "payment-gateway"}, signing_key, algorithm=algorithm, headers={"kid": kid}
    )


def test_a_token_signed_by_anybody_else_is_refused(person: User) -> None:
    sign_in(person)
    kid, key = next(iter(signing_keys().items()))

    assert bearer(forged(person, key, kid)).get(KEYS).status_code == 200
    assert bearer(forged(person, b"x" * 32, kid)).get(KEYS).status_code == 401
    assert bearer(forged(person, key, "unknown")).get(KEYS).status_code == 401
    assert bearer(forged(person, None, kid, "none")).get(KEYS).status_code == 401


def test_claims_that_are_not_the_sessions_are_refused(person: User) -> None:
    pair = sign_in(person).json()
    session = LoginSession.all_rows.get()
    session.livemode = True
    session.save()

    assert bearer(pair["access"]).get(KEYS).status_code == 401


def test_two_signing_keys_are_valid_while_they_are_rotated(person: User, settings: Any) -> None:
    old = dict(settings.FINGERPRINT_KEYS)
    pair = sign_in(person).json()

    settings.FINGERPRINT_KEYS = {"k2": b"2" * 32} | old
    assert bearer(pair["access"]).get(KEYS).status_code == 200
    renewed = refresh(pair["refresh"]).json()
    assert jwt.get_unverified_header(renewed["access"])["kid"] == "k2"
    assert bearer(renewed["access"]).get(KEYS).status_code == 200

    settings.FINGERPRINT_KEYS = {"k3": b"3" * 32, "k2": b"2" * 32} | old
    assert bearer(pair["access"]).get(KEYS).status_code == 401
    assert bearer(renewed["access"]).get(KEYS).status_code == 200


def test_the_role_is_read_on_every_request(person: User, tenant: Tenant) -> None:
    client = bearer(sign_in(person).json()["access"])
    assert client.post(KEYS, {"name": "x"}).status_code == 201

    add_member(merchant_id=tenant.merchant_id, user_id=person.id, role=Role.VIEWER)
    assert client.post(KEYS, {"name": "y"}).status_code == 403

    Membership.objects.filter(user=person).delete()
    assert client.get(KEYS).status_code == 401


@pytest.mark.usefixtures("one_window")
def test_guessing_a_password_is_stopped_per_account_and_per_address(person: User, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_account": (3, 900)}
    guesses = [sign_in(person, password=f"guess {number}").status_code for number in range(3)]
    locked = sign_in(person)
    assert guesses == [401, 401, 401]
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_logins")

    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_ip": (1, 300)}
    assert sign_in(make_person(make_tenant())).status_code == 429


def test_a_refresh_token_alone_is_worth_nothing_without_its_session(person: User) -> None:
    token = RefreshToken()

    assert refresh(str(token)).status_code == 401


def test_sessions_that_ran_out_long_ago_are_forgotten(person: User) -> None:
    sign_in(person)
    sign_in(person)
    old = LoginSession.all_rows.order_by("id")[0]
    LoginSession.all_rows.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=31))

    assert purge_login_sessions() == 1
    assert LoginSession.all_rows.count() == 1
