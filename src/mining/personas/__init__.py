"""Who: customers grouped by how they behave, as far as the data bears it out."""

from mining.personas.personas import Personas

__all__ = ["Personas"]
