"""The door to process mining's own world: XES files in and out, and the only importer of pm4py.

Nothing that pm4py could mistake passes through: it gets variants with their counts, spelled in identifiers of our own
making, and gives back a tree. It never sees a frame, a time or a label.
"""

from mining._pm4py.log_reader import read_xes
from mining._pm4py.log_writer import write_xes
from mining._pm4py.tree import Tree, discover_tree

__all__ = ["Tree", "discover_tree", "read_xes", "write_xes"]
