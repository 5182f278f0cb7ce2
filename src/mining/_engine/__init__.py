"""The back ends behind one small interface: a linked log in, three small tables out (steps, variants, portraits)."""

from mining._engine.codes import CodedLog, link_codes
from mining._engine.portraits import portraits
from mining._engine.steps import ends, steps
from mining._engine.variants import variants

__all__ = ["CodedLog", "ends", "link_codes", "portraits", "steps", "variants"]
