"""Crash points kill where they are told to, and nowhere in production."""

import os
import signal
from pathlib import Path

import pytest
from pytest_django import Settings

from gateway.core import crashpoints


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    deaths: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: deaths.append((pid, number)))
    monkeypatch.setattr(crashpoints, "_counted_for", "")
    return deaths


def test_the_chosen_hit_of_the_chosen_point_kills(
    kills: list[tuple[int, int]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_CRASH_POINTS = True
    monkeypatch.setenv("CRASH_POINT", "here:2")
    crashpoints.reach("here")
    crashpoints.reach("there")
    assert kills == []
    crashpoints.reach("here")
    assert kills == [(os.getpid(), signal.SIGKILL)]


def test_a_file_arms_a_running_process_for_one_death(
    kills: list[tuple[int, int]], settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.ALLOW_CRASH_POINTS = True
    file = tmp_path / "point"
    monkeypatch.setenv("CRASH_POINT", f"@{file}")
    crashpoints.reach("here")
    assert kills == []
    file.write_text("here:2")
    crashpoints.reach("here")
    assert kills == []
    crashpoints.reach("here")
    assert len(kills) == 1
    assert not file.exists()
    crashpoints.reach("here")
    assert len(kills) == 1


def test_without_the_setting_nothing_happens(
    kills: list[tuple[int, int]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_POINT", "here")
    assert settings.ALLOW_CRASH_POINTS is False
    crashpoints.reach("here")
    assert kills == []
