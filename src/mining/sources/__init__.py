"""An export becomes touchpoints: bytes, dialect, dates, mapping, identity, quality."""

from mining.sources.catalogue import catalogue
from mining.sources.clean import open_log
from mining.sources.doubts.quality import Quality
from mining.sources.guessing.propose import propose_mapping
from mining.sources.mappings.mapping import Mapping
from mining.sources.ocel import read_ocel
from mining.sources.read import read_crm
from mining.sources.touchpoints import Touchpoints

__all__ = ["Mapping", "Quality", "Touchpoints", "catalogue", "open_log", "propose_mapping", "read_crm", "read_ocel"]
