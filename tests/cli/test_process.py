from __future__ import annotations

import warnings

import torch

from seqnet.cli.process import set_up_process


def test_a_command_sets_threads_and_exact_float32_for_its_process() -> None:
    with warnings.catch_warnings():
        for threads in (2, 1):
            torch.backends.cudnn.allow_tf32 = True
            set_up_process(threads)
            assert (torch.get_num_threads(), torch.backends.cudnn.allow_tf32) == (threads, False)
        warnings.warn("RNN module weights are not part of single contiguous chunk of memory", stacklevel=1)
