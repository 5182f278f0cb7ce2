"""Charts: numbers beside what they count, equal bytes for equal data, nothing left behind in matplotlib."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mining._draw import draw_bars, draw_curve, draw_heatmap, draw_scatter
from mining._errors import MiningError

SVG = "{http://www.w3.org/2000/svg}"
BARS = pd.DataFrame(
    {
        "step": ["First call", "Quotation"],
        "wait": [48.25, 5.0],
        "low": [40.0, 3.0],
        "high": [57.0, 9.0],
        "n": [1234, 12],
    }
)
CURVE = pd.DataFrame(
    {"days": [0, 5, 9, 0, 4, 9], "open": [1, 0.6, 0.2, 1, 0.7, 0.21], "who": list("aaabbb"), "n": [40] * 3 + [7] * 3}
)
MATRIX = pd.DataFrame([[0.5, np.nan], [0.1, 0.9]], index=["sales", "support"], columns=["phone", "chat"])


def lines(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def drawings() -> dict[str, str | bytes]:
    return {
        "bars": draw_bars(BARS, "step", "wait", low="low", high="high", title="Waits", unit="h").svg,
        "curve": draw_curve(CURVE, "days", "open", group="who", title="Open").svg,
        "heatmap": draw_heatmap(MATRIX, title="Channels", unit="%").svg,
        "scatter": draw_scatter(CURVE, "days", "open", "who", title="Points").png,
    }


def test_equal_data_gives_equal_bytes() -> None:
    assert drawings() == drawings()


def test_bars_have_their_value_unit_and_n_beside_them() -> None:
    shown = lines(draw_bars(BARS, "step", "wait", low="low", high="high", unit="h").svg)
    assert "48.2 h  (n = 1,234)" in shown
    assert "5 h  (n = 12)" in shown
    assert "First call" in shown


def test_shares_are_written_as_percentages() -> None:
    shown = lines(draw_bars(BARS.assign(share=[0.5, 0.125]), "step", "share", unit="%").svg)
    assert {"50 %  (n = 1,234)", "12 %  (n = 12)"} <= set(shown)


def test_more_bars_than_fit_are_counted_in_the_note() -> None:
    many = pd.DataFrame({"step": [f"s{index}" for index in range(55)], "wait": range(55)})
    assert "Shows the first 40 of 55." in lines(draw_bars(many, "step", "wait").svg)


def test_a_missing_value_is_a_dash_and_no_bar() -> None:
    shown = lines(draw_bars(BARS.assign(wait=[np.nan, 1.0]), "step", "wait").svg)
    assert "–  (n = 1,234)" in shown


def test_curves_are_named_at_their_ends_with_their_n() -> None:
    shown = lines(draw_curve(CURVE, "days", "open", group="who").svg)
    assert {"a (n = 40)", "b (n = 7)", "100 %", "days"} <= set(shown)


def test_names_of_close_ends_do_not_cover_each_other() -> None:
    root = ET.fromstring(draw_curve(CURVE, "days", "open", group="who").svg)
    heights = [float(text.get("y")) for text in root.iter(f"{SVG}text") if "(n =" in "".join(text.itertext())]
    assert abs(heights[0] - heights[1]) >= 15


def test_a_heat_map_writes_every_number_and_a_dash_for_none() -> None:
    assert {"50 %", "10 %", "90 %", "–", "sales", "chat"} <= set(lines(draw_heatmap(MATRIX, unit="%").svg))


@pytest.mark.parametrize("kind", ["bars", "curve", "heatmap"])
def test_an_empty_frame_gives_a_picture_that_says_so(kind: str) -> None:
    empty = {
        "bars": lambda: draw_bars(BARS.head(0), "step", "wait", title="T"),
        "curve": lambda: draw_curve(CURVE.head(0), "days", "open", title="T"),
        "heatmap": lambda: draw_heatmap(pd.DataFrame(), title="T"),
    }
    assert "There is nothing to draw." in lines(empty[kind]().svg)


def test_an_empty_cloud_is_still_an_image() -> None:
    assert draw_scatter(CURVE.head(0), "days", "open").png.startswith(b"\x89PNG")


def test_a_matrix_without_a_single_number_is_drawn() -> None:
    assert lines(draw_heatmap(MATRIX * np.nan).svg).count("–") == 4


def test_one_point_is_a_curve_too() -> None:
    assert draw_curve(CURVE.head(1), "days", "open").width > 0


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(MiningError, match="Did you mean 'wait'"):
        draw_bars(BARS, "step", "wit")


def test_two_pictures_share_no_ids_and_bring_no_page_wide_style() -> None:
    drawn = drawings()
    ids = [set(re.findall(r' id="([^"]+)"', str(drawn[name]))) for name in ("bars", "curve", "heatmap")]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]
    for name in ("bars", "curve", "heatmap"):
        for selectors in re.findall(
            r"(?:^|[}>])([^{}<>]*)\{", "".join(re.findall(r"<style>(.*?)</style>", str(drawn[name])))
        ):
            assert selectors.startswith((".mining-picture", "@media")), selectors


def test_every_reference_inside_a_picture_leads_somewhere() -> None:
    for svg in (str(drawing) for name, drawing in drawings().items() if name != "scatter"):
        wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
        assert wanted <= set(re.findall(r' id="([^"]+)"', svg))


def test_the_readers_settings_of_matplotlib_are_neither_used_nor_changed() -> None:
    plain = drawings()
    with mpl.rc_context({"font.size": 33, "axes.facecolor": "red", "svg.fonttype": "path", "text.parse_math": True}):
        before = mpl.rcParams.copy()
        assert drawings() == plain
        assert dict(mpl.rcParams) == dict(before)


def test_no_figure_is_left_in_pyplot() -> None:
    import matplotlib.pyplot as plt

    drawings()
    assert plt.get_fignums() == []
