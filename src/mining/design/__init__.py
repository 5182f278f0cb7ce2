"""What we meant to happen, and how far it is from what does."""

from mining.design.compare import compare
from mining.design.design import Design, read_design
from mining.design.deviations import Deviations

__all__ = ["Design", "Deviations", "compare", "read_design"]
