"""The verification snippets of docs/webhooks.md are run, each with a genuine and a forged request."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from webhooks.rules.signatures import body_signature, new_secret, signature_headers

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
BODY = b'{"type":"order.paid"}'
FORGED = b'{"type":"order.PAID"}'


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def signed() -> tuple[str, dict[str, str]]:
    secret = new_secret()
    return secret, signature_headers([new_secret(), secret], "evt_1", int(time.time()), BODY)


def test_the_python_snippets_tell_genuine_from_forged() -> None:
    package, plain = snippets("python")
    secret, headers = signed()
    names: dict[str, object] = {"secret": secret, "body": BODY, "headers": headers}

    exec(package, names)
    exec(plain, names)

    assert names["event"] == {"type": "order.paid"}
    assert names["is_genuine"](secret, headers, BODY) is True  # type: ignore[operator]
    assert names["is_genuine"](secret, headers, FORGED) is False  # type: ignore[operator]
    assert names["is_genuine"](secret, headers | {"webhook-timestamp": "1"}, BODY) is False  # type: ignore[operator]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_node_snippet_tells_genuine_from_forged() -> None:
    (code,) = snippets("js")
    secret, headers = signed()
    arguments = ", ".join(json.dumps(part) for part in (secret, headers))
    calls = [f"isGenuine({arguments}, Buffer.from({json.dumps(body.decode())}))" for body in (BODY, FORGED)]

    printed = subprocess.run(
        ["node", "-e", f"{code}\nconsole.log([{', '.join(calls)}].join())"], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "true,false"


def test_the_openssl_snippet_prints_the_plain_signature() -> None:
    (command,) = snippets("sh")
    secret = new_secret()

    printed = subprocess.run(
        ["sh", "-c", command.replace(" < body.json", "")],
        input=BODY,
        env={"SECRET": secret, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        check=True,
    )

    assert printed.stdout.decode().strip().endswith(body_signature(secret, BODY))
