"""Sentences: the same facts in three languages, and English as it was."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from mining import MiningError, find_pain_points, read_crm, read_design
from mining.maps.sentences import _TEMPLATES, Hours, Share, spell, write

ROOT = Path(__file__).parents[2]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("language", ["he", "fa"])
def test_every_sentence_tells_the_same_facts_in_every_language(language) -> None:
    assert set(_TEMPLATES[language]) == set(_TEMPLATES["en"])
    for kind, template in _TEMPLATES["en"].items():
        assert fields(_TEMPLATES[language][kind]) == fields(template), kind


def test_facts_are_written_as_people_write_them() -> None:
    counts = {"share": Share(0.4, 0.33, 0.47), "n_due": 1200, "n": 1100}
    said = write("SLA missed", step="Reply", limit=Hours(24), after="Question", **counts)
    assert spell(said) == (
        "Reply came later than 24 h after Question, or not at all, in 40 % (33-47) of 1,200 cases of 1,100 customers."
    )
    assert spell(said * 2).count("Reply") == 2
    assert "۴۰ ٪" not in spell(said, "fa")
    assert "۴۰ % (۳۳-۴۷)" in spell(said, "fa")
    assert not re.search("[0-9]", spell(said, "fa"))
    assert "24 שעות" in spell(said, "he")
    assert "\N{FIRST STRONG ISOLATE}Reply\N{POP DIRECTIONAL ISOLATE}" in spell(said, "he")
    assert spell(write("drop-off", share=Share(0.5), n=3, channel="x", stage="y", other=Share(0.1))).startswith(
        "50 % of 3"
    )
    waited = write("long wait that goes with losses", n=3, limit=Hours(60), first="a", second="b", n_less=2,
                   share=Share(0.5), other=Share(0.1))  # fmt: skip
    assert "2.5 days" in spell(waited)


def test_names_that_look_like_templates_stay_names() -> None:
    said = write("drop-off", share=Share(0.5), n=3, channel="{n}", stage="{stage.__class__}", other=Share(0.1))
    assert "{n}" in spell(said)
    assert "{stage.__class__}" in spell(said, "fa")


def test_another_language_is_refused() -> None:
    with pytest.raises(MiningError, match="language"):
        spell(write("drop-off"), "xx")


def test_pain_points_tell_themselves_in_three_languages() -> None:
    journeys = read_crm(ROOT / "data/exports/acme").by("customer", gap="90D")
    pains = find_pain_points(journeys, read_design(ROOT / "data/designs/acme.yaml"))
    told = {language: pains.told(language) for language in ("en", "he", "fa")}
    assert told["en"] == pains.frame["evidence"].tolist()
    assert {len(each) for each in told.values()} == {len(pains)}
    for number, row in enumerate(pains.frame.itertuples()):
        assert f"{row.n_customers:,}" in told["he"][number] or row.kind.startswith(("SLA", "deviation", "low"))
        assert re.search("[א-ת]", told["he"][number])
        assert not re.search(
            "[0-9]", re.sub("\N{FIRST STRONG ISOLATE}.*?\N{POP DIRECTIONAL ISOLATE}", "", told["fa"][number])
        )
