"""One self-contained HTML page out of any results, and the study that makes them from one configuration file."""

from mining.report.config import Config, read_config
from mining.report.page import write_report
from mining.report.study import Study

__all__ = ["Config", "Study", "read_config", "write_report"]
