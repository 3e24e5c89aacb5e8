from __future__ import annotations

from seqnet.datasets.sources.retries import DEFAULT_RETRIES, RetryPolicy


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(pause=1.0, longest_pause=5.0)
    assert [policy.delay(failures) for failures in (1, 2, 3, 4, 50)] == [1, 2, 4, 5, 5]


def test_the_default_gives_up_after_half_a_minute_of_pauses() -> None:
    assert sum(DEFAULT_RETRIES.delay(failures) for failures in range(1, DEFAULT_RETRIES.retries + 1)) == 31
