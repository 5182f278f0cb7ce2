"""Whatever stands in a label, a picture or table shows it as text and does nothing else with it."""

import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from mining._draw import (
    GridCell,
    GridLine,
    draw_bars,
    draw_curve,
    draw_flow,
    draw_grid,
    draw_heatmap,
    draw_scatter,
    html_table,
)
from mining._draw.text import clean, cut, escaped, is_right_to_left, wrap

NASTY = {
    "script": "<script>alert(1)</script>",
    "handler": '"onload=alert(1) x="',
    "closing": "</title></text><svg onload='x'>",
    "mathtext": "cost $x^$ b",
    "graphviz": '<<TABLE HREF="javascript:alert(1)">>',
    "attribute": '" id="p1" href="#p1',
    "comment": "--> <!-- ]]> &amp; &#0;",
    "reserved": "a & b < c > d ' e",
    "hebrew": "שיחה ראשונה",
    "persian": "پیش‌فاکتور",
}


def drawn_with(label: str) -> dict[str, str]:
    """Every kind of picture and table, with a label in every place for text."""
    nodes = pd.DataFrame({"name": [label, "b"], "label": [label, "b"], "n": [3, 2], "lane": [label, "x"]})
    paths = pd.DataFrame({"source": [label, "b"], "target": ["b", "b"], "n": [5, 1], "label": [label, ""]})
    rows = pd.DataFrame({"name": [label, "b"], "value": [2.0, 1.0], "n": [5, 6]})
    points = pd.DataFrame({label: [0.0, 1.0], "y": [1.0, 0.5], "group": [label, label]})
    matrix = pd.DataFrame([[1.0, 2.0]], index=[label], columns=[label, "b"])
    words = {"title": label, "note": label}
    cell = {(label, label): GridCell([GridLine(label, 3, "typed")], 0.4)}
    return {
        "flow": draw_flow(nodes, paths, lanes=[label], **words).svg,
        "empty flow": draw_flow(nodes.head(0), paths.head(0), **words).svg,
        "bars": draw_bars(rows, "name", "value", unit=label, **words).svg,
        "curve": draw_curve(points, label, "y", group="group", **words).svg,
        "heatmap": draw_heatmap(matrix, **words).svg,
        "scatter": draw_scatter(points, label, "y", "group", **words).html,
        "grid": draw_grid([label], [label], cell, **words).html,
        "table": html_table(pd.DataFrame({label: [label]}), caption=label),
    }


def parsed(markup: str) -> ET.Element:
    # The only void elements we write are closed here so that HTML can be read as XML too.
    return ET.fromstring(re.sub(r"<(br|img [^>]*)>", r"<\1/>", markup))


def texts(root: ET.Element) -> str:
    return " ".join("".join(element.itertext()) for element in root.iter())


@pytest.mark.parametrize("kind", sorted(NASTY))
def test_no_label_becomes_anything_but_text(kind: str) -> None:
    for name, markup in drawn_with(NASTY[kind]).items():
        for element in parsed(markup).iter():
            tag = element.tag.rpartition("}")[2].lower()
            assert tag not in {"script", "foreignobject", "iframe", "a", "object", "embed", "metadata"}, name
            for attribute, value in element.attrib.items():
                assert not attribute.rpartition("}")[2].lower().startswith("on"), name
                if attribute not in {"aria-label", "alt", "title"}:
                    assert "javascript:" not in value.lower(), name
                if attribute.rpartition("}")[2] in {"href", "src"}:
                    assert value.startswith(("#", "data:image/png;base64,")), name


@pytest.mark.parametrize("kind", sorted(NASTY))
def test_labels_are_shown_letter_by_letter(kind: str) -> None:
    label = NASTY[kind]
    for name, markup in drawn_with(label).items():
        root = parsed(markup)
        shown = root.get("alt", "") if name == "scatter" else texts(root)
        assert clean(label) in shown, name


def test_an_override_of_direction_is_dropped_and_a_joiner_is_kept() -> None:
    assert clean("paid\u202egnp.exe") == "paidgnp.exe"
    assert clean("a\u2066b\u2069c\x00d\x1be\ud800f\ufffeg") == "abcdefg"
    assert clean("پیش\u200cفاکتور") == "پیش\u200cفاکتور"
    assert all("\u202e" not in markup for markup in drawn_with("pay\u202enow").values())


def test_a_text_of_ten_thousand_letters_is_cut_where_it_is_shown_and_whole_in_the_tooltip() -> None:
    label = "ab " * 3333
    drawn = drawn_with(label)
    assert label.strip() in texts(parsed(drawn["flow"]))
    svg = parsed(drawn["flow"])
    lines = ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert max(map(len, lines)) < 120
    assert any(line.endswith("…") for line in lines)


def test_no_address_of_the_network_is_in_a_picture() -> None:
    for name, markup in drawn_with("plain").items():
        assert re.findall(r"https?://[^\"' <)]+", markup.replace('xmlns="http://www.w3.org/2000/svg"', "")) == [], name


def test_escaping_quotes_both_kinds_of_quotes_and_missing_is_empty() -> None:
    assert escaped("\"'<>&") == "&quot;&#39;&lt;&gt;&amp;"
    assert [clean(missing) for missing in (None, float("nan"), pd.NA, pd.NaT)] == [""] * 4


def test_cutting_keeps_accents_on_their_letters() -> None:
    assert cut("e\u0301" * 40, 10) == "e\u0301" * 4 + "…"
    assert cut("short", 10) == "short"


def test_wrapped_lines_hold_all_words_or_end_in_an_ellipsis() -> None:
    text = "Negotiation of price and contract terms"
    assert " ".join(wrap(text, 120, 13, lines=9)) == text
    assert wrap(text, 120, 13, lines=2)[-1].endswith("…")
    assert wrap("", 120, 13) == [""]


def test_direction_is_that_of_the_first_letter_that_has_one() -> None:
    assert is_right_to_left("12 – שלום world")
    assert not is_right_to_left("12 – world שלום")
    assert not is_right_to_left("123")
