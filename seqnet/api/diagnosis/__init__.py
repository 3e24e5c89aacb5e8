"""Whether seqnet works on this machine, and what it can use here.

Start here: `diagnose()` returns a `Diagnosis`, which has everything as values, as lines and as a list of problems.
"""

from seqnet.api.diagnosis.diagnosis import Diagnosis, diagnose
from seqnet.api.diagnosis.problems import Problem

__all__ = ["Diagnosis", "Problem", "diagnose"]
