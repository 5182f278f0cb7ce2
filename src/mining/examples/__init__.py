"""The fictional company Acme: its exports in the formats of real CRMs, and the truth that was planted in them."""

from mining.examples.bundled import write_bundled, write_design
from mining.examples.exports import write_exports
from mining.examples.localised import write_variants
from mining.examples.truth import Truth

__all__ = ["Truth", "write_bundled", "write_design", "write_exports", "write_variants"]
