"""Pictures as objects: frozen, the same each time they show themselves, written whole or not at all."""

import dataclasses
import subprocess
import sys
import types
from pathlib import Path

import pandas as pd
import pytest

from mining._draw import Fragment, GridCell, GridLine, Picture, Raster, draw_flow, draw_grid, html_table
from mining._draw.picture import compose
from mining._errors import MiningError

PICTURE = compose('<rect class="lane" width="9" height="9"/>', (100, 50), "A <title>", "Said in words")


def test_a_picture_is_frozen_and_says_what_it_is() -> None:
    assert repr(PICTURE) == "Picture('A <title>', 100 x 50)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        PICTURE.title = "other"  # type: ignore[misc]


def test_a_picture_shows_itself_as_one_format_only() -> None:
    shown = [name for name in dir(PICTURE) if name.startswith("_repr_")]
    assert shown == ["_repr_html_"]
    assert PICTURE._repr_html_().count("<svg") == 1


def test_saved_svg_is_a_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = PICTURE.save(tmp_path / "map.svg")
    assert target.read_text("utf-8").startswith("<?xml")
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.svg"]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "map.svg"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        PICTURE.save(target)
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.svg"]


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MiningError, match=r"\.svg or \.png"):
        PICTURE.save(tmp_path / "map.pdf")
    with pytest.raises(MiningError, match=r"\.png"):
        Raster(b"", "", "", 1, 1).save(tmp_path / "map.svg")


def test_png_without_its_package_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MiningError, match="pip install resvg-py"):
        PICTURE.save(tmp_path / "map.png")
    assert list(tmp_path.iterdir()) == []


def test_png_is_made_from_plain_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def convert(*, svg_string: str, zoom: int) -> list[int]:
        seen.append(svg_string)
        return list(b"\x89PNG")

    monkeypatch.setitem(sys.modules, "resvg_py", types.SimpleNamespace(svg_to_bytes=convert))
    assert PICTURE.save(tmp_path / "map.png").read_bytes() == b"\x89PNG"
    body = seen[0].split("</style>")[0].replace("--paper:var(", "").replace("--ink:var(", "")
    assert "fill:#ffffff" in body
    assert "fill:#1b2430" in body
    assert "@media" not in seen[0]


def test_a_raster_shows_itself_as_an_image_with_words(tmp_path: Path) -> None:
    raster = Raster(b"\x89PNG", "Cloud", "two <groups>", 10, 5)
    data, about = raster._repr_png_()
    assert data == raster.save(tmp_path / "cloud.png").read_bytes()
    assert about == {"width": 10, "height": 5, "alt": "two <groups>"}
    assert 'alt="two &lt;groups&gt;"' in raster.html
    assert repr(raster) == "Raster('Cloud', 10 x 5)"


def test_importing_the_room_loads_none_of_its_engines() -> None:
    code = "import sys, mining._draw; print(sorted({'matplotlib','seaborn','graphlay','resvg_py'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_drawing_a_map_needs_no_matplotlib() -> None:
    code = (
        "import sys, pandas as pd; from mining._draw import draw_flow;"
        "draw_flow(pd.DataFrame({'name': ['a']}), pd.DataFrame({'source': ['a'], 'target': ['a'], 'n': [1]}));"
        "print('matplotlib' in sys.modules, 'graphlay' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    frame = pd.DataFrame({"n": range(12)})
    assert "2 more rows" in html_table(frame)
    assert "1 more row<" in html_table(frame, rows=11)
    assert "more row" not in html_table(frame, rows=12)
    assert "Nothing to show" in html_table(frame.head(0))


def test_a_table_writes_values_for_people() -> None:
    frame = pd.DataFrame(
        {
            "n": pd.array([1234567, None], dtype="Int64"),
            "share": [0.12345, 2.0],
            "when": pd.to_datetime(["2025-01-02 03:04:05", None], utc=True),
            "done": [True, False],
            "path": [("ad", "call"), ()],
        }
    )
    table = html_table(frame, formats={"share": "{:.1%}"})
    for text in ("1,234,567", "12.3%", "200.0%", "2025-01-02 03:04", "yes", "no", "ad → call", ">–<"):
        assert text in table


def test_a_table_takes_functions_as_formats_and_escapes_what_they_return() -> None:
    table = html_table(pd.DataFrame({"n": [1]}), formats={"n": lambda value: f"<{value}>"})
    assert "&lt;1&gt;" in table


def test_a_grid_says_severity_in_words_blocks_and_stripes() -> None:
    cell = {("Pain", "Buy"): GridCell([GridLine("waits", 4, "measured")], 0.9)}
    grid = draw_grid(["Buy"], ["Pain"], cell)
    assert "severe" in grid.html
    assert "▮▮▮▮" in grid.html
    assert "repeating-linear-gradient" in grid.html
    assert "(n = 4)" in grid.html
    assert "measured in the records" in grid.html
    assert "inferred from the records" not in grid.html


def test_a_grid_shows_empty_cells_as_a_dash_and_nothing_as_a_sentence() -> None:
    assert "–</td>" in draw_grid(["Buy"], ["Pain"], {}).html
    assert "There are no stages to show." in draw_grid([], [], {}).html
    assert draw_grid(["Buy"], ["Pain"], {}) == draw_grid(["Buy"], ["Pain"], {})


def test_a_cell_outside_the_grid_is_refused() -> None:
    with pytest.raises(MiningError, match="no column 'Sell'"):
        draw_grid(["Buy"], ["Pain"], {("Pain", "Sell"): GridCell()})
    with pytest.raises(MiningError, match="no row 'Gain'"):
        draw_grid(["Buy"], ["Pain"], {("Gain", "Buy"): GridCell()})
    with pytest.raises(MiningError, match="Did you mean 'measured'"):
        draw_grid(["Buy"], ["Pain"], {("Pain", "Buy"): GridCell([GridLine("x", 1, "mesured")])})


def test_a_fragment_shows_its_html() -> None:
    assert Fragment("<p>x</p>", "X")._repr_html_() == "<p>x</p>"
    assert repr(Fragment("<p>x</p>", "X")) == "Fragment('X')"


def test_pictures_of_equal_data_are_equal() -> None:
    nodes = pd.DataFrame({"name": ["a", "b"]})
    edges = pd.DataFrame({"source": ["a"], "target": ["b"], "n": [1]})
    assert isinstance(draw_flow(nodes, edges), Picture)
    assert draw_flow(nodes, edges) == draw_flow(nodes, edges)
