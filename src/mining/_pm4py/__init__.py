"""The door to process mining's own world: XES files in and out, and the only importer of pm4py.

Nothing that pm4py could mistake passes through: it gets variants or steps with their counts, spelled in identifiers of
our own making, and gives back a tree or a net. It never sees a frame, a time or a label.
"""

from mining._pm4py.dependencies import Dependency, HeuristicsNet, Together, discover_heuristics
from mining._pm4py.log_reader import read_xes
from mining._pm4py.log_writer import write_xes
from mining._pm4py.partial import discover_partial_orders
from mining._pm4py.search import search_costs
from mining._pm4py.split import discover_splits
from mining._pm4py.tree import Tree, discover_tree, discover_tree_of_steps

__all__ = [
    "Dependency",
    "HeuristicsNet",
    "Together",
    "Tree",
    "discover_heuristics",
    "discover_partial_orders",
    "discover_splits",
    "discover_tree",
    "discover_tree_of_steps",
    "read_xes",
    "search_costs",
    "write_xes",
]
