"""What a person looks at: the overview picture and the report."""

from .overview import write_overview
from .report import write_report

__all__ = ["write_overview", "write_report"]
