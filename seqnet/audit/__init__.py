"""What could flatter or mislead: records that occur twice, in two splits or with two labels, and shortcuts.

Start here: `audit_dataset` returns what every check of the table `CHECKS` says, `brief_audit` what a few of them say
within a second or two; `find_duplicates` counts exact
duplicates alone, of any number of records.
"""

from seqnet.audit.auditing import CHECKS, CheckKind, audit_dataset
from seqnet.audit.brief import BRIEF, brief_audit, brief_lines
from seqnet.audit.checks import Check, Offenders, Status
from seqnet.audit.duplicates import Duplicates, find_duplicates
from seqnet.audit.report import audit_lines, audit_values, write_offenders
from seqnet.audit.shortcuts import SHORTCUTS
from seqnet.audit.tags import TAGS
from seqnet.similarity import sequence_hashes

__all__ = [
    "BRIEF",
    "CHECKS",
    "SHORTCUTS",
    "TAGS",
    "Check",
    "CheckKind",
    "Duplicates",
    "Offenders",
    "Status",
    "audit_dataset",
    "audit_lines",
    "audit_values",
    "brief_audit",
    "brief_lines",
    "find_duplicates",
    "sequence_hashes",
    "write_offenders",
]
