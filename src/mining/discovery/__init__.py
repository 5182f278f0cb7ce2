"""What customers really do: flow, variants, process models and how good those are."""

from mining.discovery.choice import Candidates
from mining.discovery.discovery import Discovery, discover
from mining.discovery.flow import Flow
from mining.discovery.model import Model
from mining.discovery.variants import Variants

__all__ = ["Candidates", "Discovery", "Flow", "Model", "Variants", "discover"]
