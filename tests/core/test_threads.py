from __future__ import annotations

import threading

from seqnet.core.threads import GivenUpError, Threads, check_wanted


def test_results_are_those_of_a_pool_and_every_thread_is_prepared() -> None:
    prepared = []
    with Threads(2, lambda: prepared.append(threading.get_ident())) as pool:
        assert list(pool.map(lambda number: number * 2, range(5))) == [0, 2, 4, 6, 8]
    assert 1 <= len(set(prepared)) == len(prepared) <= 2


def test_an_error_cancels_the_work_of_all_threads() -> None:
    begun = threading.Event()

    def work() -> None:
        begun.set()
        while True:
            check_wanted()

    pool = Threads(1)
    running, waiting = pool.submit(work), pool.submit(work)
    assert begun.wait(10)
    stop = KeyboardInterrupt()
    assert not pool.__exit__(type(stop), stop, None)
    assert isinstance(running.exception(), GivenUpError)
    assert waiting.cancelled()


def test_other_threads_are_not_asked() -> None:
    pool = Threads(1)
    pool.give_up()
    check_wanted()
