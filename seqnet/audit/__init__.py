"""What could flatter or mislead: records that occur twice, in two splits or with two labels, and shortcuts.

Start here: `audit_dataset` returns what every check of the table `CHECKS` says, `quick_audit` what a few of them say
within a second or two. Exact duplicates alone are counted in `seqnet.similarity`.
"""

from seqnet.audit.checks import Check, CheckStatus, Offenders
from seqnet.audit.dataset_audit import CHECKS, CheckKind, audit_dataset
from seqnet.audit.quick_checks import QUICK_CHECKS, quick_audit, quick_audit_lines
from seqnet.audit.report import audit_lines, audit_values, write_offenders
from seqnet.audit.shortcuts import SHORTCUTS
from seqnet.audit.tags import TAGS

__all__ = [
    "CHECKS",
    "QUICK_CHECKS",
    "SHORTCUTS",
    "TAGS",
    "Check",
    "CheckKind",
    "CheckStatus",
    "Offenders",
    "audit_dataset",
    "audit_lines",
    "audit_values",
    "quick_audit",
    "quick_audit_lines",
    "write_offenders",
]
