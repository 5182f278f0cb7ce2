"""The back ends behind one small interface: a linked log in, three small tables out (steps, variants, portraits)."""

from mining._engine.codes import CodedLog
from mining._engine.link import link_codes, link_columns
from mining._engine.portraits import durations, portraits
from mining._engine.steps import ends, follows, steps, terminals, waits
from mining._engine.variants import Paths, paths, variants

__all__ = [
    "CodedLog",
    "Paths",
    "durations",
    "ends",
    "follows",
    "link_codes",
    "link_columns",
    "paths",
    "portraits",
    "steps",
    "terminals",
    "variants",
    "waits",
]
