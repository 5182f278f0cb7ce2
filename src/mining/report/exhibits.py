"""What a section of the page is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

__all__ = ["Exhibit", "Section", "shown"]


@dataclass(frozen=True)
class Exhibit:
    """A picture or a table, with its title; folded away where most readers pass it by."""

    html: Markup
    title: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    anchor: str
    heading: str
    exhibits: list[Exhibit]
    sentences: list[str] = field(default_factory=list)


def shown(thing: object, title: str = "") -> Exhibit:
    """Show what can show itself."""
    return Exhibit(Markup(thing._repr_html_()), title)  # type: ignore[attr-defined]  # noqa: S704
