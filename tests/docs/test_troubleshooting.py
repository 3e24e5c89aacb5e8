"""The messages that docs/troubleshooting.md explains are messages of the program."""

from __future__ import annotations

import re

import pytest

from seqnet.cli.main import run
from tests.cli.running import READS, ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "seqnet").rglob("*.py"))


def test_there_are_enough_messages() -> None:
    assert len(MESSAGES) >= 15
    assert len(set(MESSAGES)) == len(MESSAGES)
    assert PAGE.count("\n### ") == len(MESSAGES)  # no entry without a message


@pytest.mark.parametrize("message", [one for one in MESSAGES if not one.startswith("--device")])
def test_the_fixed_parts_of_a_message_are_in_the_source(message: str) -> None:
    for part in message.split("…"):
        assert part.strip(" ,") in SOURCE


def test_a_device_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """This message is put together from the name of the option and its choices."""
    assert run(["predict", "human-dna", READS, "--device", "mps"]) == 1
    assert "--device must be one of" in capsys.readouterr().err


def test_the_options_that_the_page_recommends_exist() -> None:
    reference = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "commands").iterdir())
    for option in set(re.findall(r"--[a-z][a-z-]+", PAGE)):
        assert option in reference or f'"{option}"' in SOURCE, option
