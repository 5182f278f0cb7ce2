"""What we meant to happen, and how far it is from what does."""

from mining.design.compare import compare
from mining.design.design import Design
from mining.design.deviations import Deviations
from mining.design.each import DeviationsByGroup, compare_each
from mining.design.reading import read_design

__all__ = ["Design", "Deviations", "DeviationsByGroup", "compare", "compare_each", "read_design"]
