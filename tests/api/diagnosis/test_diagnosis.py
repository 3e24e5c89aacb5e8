from __future__ import annotations

from seqnet.api.diagnosis import Diagnosis, Problem, diagnose


def test_a_failure_gives_fail_and_a_warning_does_not() -> None:
    warning = Problem("warning", "device", "there is a driver", "update it")
    failure = Problem("failed", "packages", "numpy is not installed", "install it")
    assert [*Diagnosis({}, (warning,)).lines()] == ["warning: device: there is a driver; update it", "PASS"]
    failed = Diagnosis({}, (failure, warning))
    assert next(failed.lines()) == "FAIL: packages: numpy is not installed; install it"
    assert [*failed.lines()][-1] == "FAIL"
    assert not failed.passed
    assert failed.to_json()["passed"] is False
    assert failed.to_json()["problems"][0] == {
        "level": "failed",
        "about": "packages",
        "problem": "numpy is not installed",
        "remedy": "install it",
    }


def test_every_check_is_made() -> None:
    found = diagnose("cpu", trial=False)
    assert list(found.facts) == ["versions", "device", "threads", "fast_paths", "disk", "models"]
    lines = "\n".join(found.lines())
    for text in ("packages: ", "optional, for seqnet tune: ", "device: cpu", "threads: ", "fast operations, ", "/"):
        assert text in lines
