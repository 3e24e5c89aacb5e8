"""What all tests share: properties are tried without a time limit for each example, as machines may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("seqnet", deadline=None)
settings.load_profile("seqnet")
