"""Every example of docs/bank.md works when pasted."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.bank import ROOT, BankService

EXAMPLES = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "bank.md").read_text(), re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples use curl, which is not installed here")
def test_the_examples_of_the_docs_run_one_after_the_other(bank_service: BankService, tmp_path: Path) -> None:
    script = "set -e\n" + "\n".join(EXAMPLES).replace("curl -s ", "curl -sS --fail-with-body --noproxy '*' ")
    environment = {**os.environ, "BANK": bank_service.base_url, "BANK_ADMIN_KEY": bank_service.admin_key}

    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.JSONDecoder().raw_decode(text)[0] for text in re.split(r"(?<=})(?=\{)", done.stdout) if text]
    outcomes = [answer["outcome"] for answer in answers if answer.get("object") == "void_if_absent"]
    assert outcomes == ["absent_voided", "seen"]
