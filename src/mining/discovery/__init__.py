"""What customers really do: flow, variants, process models and how good those are."""

from mining.discovery.choice import Candidates
from mining.discovery.discovery import Discovery, discover
from mining.discovery.each import Discoveries, discover_each
from mining.discovery.flow import Flow
from mining.discovery.model import Model
from mining.discovery.object_net import ObjectNet, find_object_net
from mining.discovery.objects import ObjectFlow, find_object_flow
from mining.discovery.transport import LanguageDistance, language_distance
from mining.discovery.variants import Variants

__all__ = [
    "Candidates",
    "Discoveries",
    "Discovery",
    "Flow",
    "LanguageDistance",
    "Model",
    "ObjectFlow",
    "ObjectNet",
    "Variants",
    "discover",
    "discover_each",
    "find_object_flow",
    "find_object_net",
    "language_distance",
]
