"""Audit of a dataset: duplicates, contradictory labels, shortcuts, and other problems that make metrics optimistic.

Start here: `audit_dataset` runs every check of the table `CHECKS`. `quick_audit` runs a few of them within a second or
two. `seqnet.similarity` counts exact duplicates without an audit.
"""

from seqnet.audit.checks import Check, CheckStatus, Offenders
from seqnet.audit.dataset_audit import CHECKS, CheckKind, audit_dataset, check_bounds
from seqnet.audit.quick_checks import QUICK_CHECKS, quick_audit, quick_audit_lines
from seqnet.audit.report import AuditRun, OffenderRow, audit_lines, audit_values, offender_rows, write_offenders
from seqnet.audit.shortcuts import SHORTCUTS
from seqnet.audit.tags import TAGS

__all__ = [
    "CHECKS",
    "QUICK_CHECKS",
    "SHORTCUTS",
    "TAGS",
    "AuditRun",
    "Check",
    "CheckKind",
    "CheckStatus",
    "OffenderRow",
    "Offenders",
    "audit_dataset",
    "audit_lines",
    "audit_values",
    "check_bounds",
    "offender_rows",
    "quick_audit",
    "quick_audit_lines",
    "write_offenders",
]
