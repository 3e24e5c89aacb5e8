from __future__ import annotations

import numpy as np

from seqnet.api.diagnosis.packages import EXTRAS, package_problems, packages


def test_requirements_become_packages_with_their_versions() -> None:
    lines = ["numpy>=1.26", 'nothing-like-it<6,>=4; extra == "tune"', "click", 'pytest>=8; extra == "dev"']
    numpy, nothing, click = packages(lines)
    assert (numpy.name, numpy.installed, numpy.oldest, numpy.extra) == ("numpy", np.__version__, "1.26", None)
    assert (nothing.name, nothing.installed, nothing.oldest, nothing.extra) == ("nothing-like-it", None, "4", "tune")
    assert (click.oldest, click.is_old) == (None, False)


def test_what_is_missing_or_too_old_is_a_problem() -> None:
    found = packages(
        ["numpy>=99.1", "nothing-like-it>=1", 'nor-this>=1; extra == "tune"', 'scipy>=99; extra == "tune"']
    )
    assert [(one.level, one.problem) for one in package_problems(found)] == [
        ("failed", f"numpy {np.__version__} is too old; the oldest that works is 99.1"),
        ("failed", "nothing-like-it is not installed"),
        ("warning", f"scipy {found[3].installed} is too old; the oldest that works is 99"),
    ]
    assert "'seqnet[tune]'" in package_problems(found)[2].remedy


def test_versions_are_compared_as_numbers() -> None:
    (numpy,) = packages(["numpy>=1.3"])
    assert not numpy.is_old


def test_the_installed_seqnet_lists_all_that_it_uses() -> None:
    found = packages()
    assert {"torch", "numpy", "pysam"} <= {one.name for one in found if one.extra is None}
    assert {one.extra for one in found} == {None, *EXTRAS}
    assert package_problems(found) == []
