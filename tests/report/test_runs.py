"""A run is kept as shares alone, and a later one says what changed and what did not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mining import MiningError
from mining.report import Study, changes_since, save_run, write_report
from tests.report.test_page import study  # noqa: F401 - the fixture


@pytest.fixture(scope="module")
def kept(study, tmp_path_factory):  # noqa: F811
    return save_run(study, tmp_path_factory.mktemp("runs") / "last.json")


def test_a_run_beside_itself_has_not_changed(study, kept):  # noqa: F811
    changed = changes_since(study, kept)
    assert len(changed.frame) > 8
    assert set(changed.frame["verdict"]) == {"not told apart"}
    assert (changed.frame["difference"] == 0).all()
    assert changed.n_changed == 0
    assert set(changed.frame["of"]) == {"verdicts", "promises", "pains"}


def test_what_is_kept_are_shares_with_their_n_and_nobody(study, kept):  # noqa: F811
    told = json.loads(kept.read_text(encoding="utf-8"))
    assert set(told) == {"format", "made_by", "span", "figures"}
    assert all(set(row) == {"of", "figure", "share", "low", "high", "n"} for row in told["figures"])
    assert all(row["n"] >= 5 and not 0 < row["share"] * row["n"] < 4.5 for row in told["figures"])
    assert save_run(study, kept.with_name("again.json")).read_bytes() == kept.read_bytes()


def test_what_changed_is_found_with_its_direction_and_shown_on_the_page(study, kept, tmp_path):  # noqa: F811
    told = json.loads(kept.read_text(encoding="utf-8"))
    moved = next(row for row in told["figures"] if row["figure"].startswith("Deal: Quote sent"))
    moved.update(share=0.95, low=0.92, high=0.97)
    gone = next(row for row in told["figures"] if row["of"] == "pains")
    gone["figure"] = "<b>another</b>: place"
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(told), encoding="utf-8")
    changed = changes_since(study, earlier).frame.set_index("figure")["verdict"]
    assert changed[moved["figure"]] == "down"
    assert changed["<b>another</b>: place"] == "only before"
    assert (changed == "only now").sum() == 1
    assert "<b>another" not in changes_since(study, earlier)._repr_html_()
    again = Study(replace(study.config, compare=earlier))
    again.__dict__.update({name: value for name, value in study.__dict__.items() if name not in {"config", "since"}})
    for language in ("en", "he", "fa"):
        page = write_report(tmp_path / f"{language}.html", again, language=language).read_text(encoding="utf-8")
        assert 'id="changes"' in page
        assert "<b>another" not in page


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"span": 1, "figures": [[1]]}', '{"span": "x", "figures": "abc"}', "\udcff"]
)
def test_what_is_no_run_is_refused(study, tmp_path, text):  # noqa: F811
    path = tmp_path / "wrong.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(MiningError, match="no run kept"):
        changes_since(study, path)
    with pytest.raises(MiningError, match="nowhere"):
        changes_since(study, tmp_path / "nowhere.json")
