"""Snapshots of directories: chunked, deduplicated, packed, verified, below any backend's URL."""

from thoth_storage.repository.reports import Problem, Progress, RestoreReport, Snapshot, VerifyReport
from thoth_storage.repository.repository import Repository

__all__ = ["Problem", "Progress", "Repository", "RestoreReport", "Snapshot", "VerifyReport"]
