import base64
import subprocess
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks.rules.signatures import (
    body_signature,
    new_secret,
    signature_headers,
    signing_key,
    standard_webhooks_signature,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_known_answer_of_the_specification_is_given() -> None:
    signature = standard_webhooks_signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_library_verifies_what_we_sign() -> None:
    secret, body = new_secret(), '{"amount":4999,"name":"Zoë"}'.encode()
    now = int(datetime.now(tz=UTC).timestamp())

    headers = signature_headers([secret], "evt_1", now, body)

    assert Webhook(secret).verify(body, headers) == {"amount": 4999, "name": "Zoë"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_during_a_rotation_both_secrets_verify_and_the_plain_headers_carry_one_each() -> None:
    old, new, body = new_secret(), new_secret(), b"{}"
    now = int(datetime.now(tz=UTC).timestamp())

    headers = signature_headers([old, new], "evt_1", now, body)

    assert Webhook(old).verify(body, headers) == {}
    assert Webhook(new).verify(body, headers) == {}
    assert headers["X-Webhook-Signature"] == body_signature(old, body)
    assert headers["X-Webhook-Signature-Next"] == body_signature(new, body)
    assert headers["webhook-signature"].count("v1,") == 2


def test_openssl_computes_the_same_body_signature_with_the_secret_as_shown() -> None:
    openssl = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", SECRET], input=b'{"a":1}', capture_output=True, check=True
    )

    expected = body_signature(SECRET, b'{"a":1}')
    assert openssl.stdout.decode().strip().endswith(f"= {expected}")


def test_a_new_secret_is_whsec_and_24_to_64_bytes_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(50)}

    assert len(secrets) == 50
    assert all(24 <= len(signing_key(secret)) <= 64 for secret in secrets)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_!!!",
        base64.b64encode(b"k" * 32).decode(),
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
    ],
)
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signing_key(secret)
