"""One self-contained HTML page out of any results, and the study that makes them from one configuration file."""

from mining.report.config import Config, read_config
from mining.report.page import write_report
from mining.report.runs import Changes, changes_since, save_run
from mining.report.study import Study

__all__ = ["Changes", "Config", "Study", "changes_since", "read_config", "save_run", "write_report"]
