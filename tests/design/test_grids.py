"""Designs come as a line or a table too, and say the same as the YAML that means the same."""

import pandas as pd
import pytest

from mining import MiningError, read_design
from mining.examples import write_bundled


def test_a_happy_path_in_one_line():
    design = read_design("Ad clicked > [Chat started] > Call made* > Deal: Won | Deal: Renewed")
    frame = design.frame.set_index("step")
    assert frame.index.tolist() == ["Ad clicked", "Chat started", "Call made", "Deal: Won"]
    assert frame["optional"].tolist() == [False, True, False, False]
    assert frame["repeatable"].tolist() == [False, False, True, False]
    assert frame.loc["Deal: Won", "instead"] == "Deal: Renewed"
    assert read_design("a > [b]* > [c*]").frame["repeatable"].tolist() == [False, True, True]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_design_laid_out_as_a_table_reads_back(tmp_path, suffix):
    write_bundled(tmp_path)
    design = read_design(tmp_path / "designs" / "acme.yaml")
    path = tmp_path / f"design{suffix}"
    design.frame.to_csv(path, index=False) if suffix == ".csv" else design.frame.to_excel(path, index=False)
    again = read_design(path)
    pd.testing.assert_frame_equal(again.frame, design.frame)
    assert again.net == design.net


def test_stages_across_and_lanes_down(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text(
        "\ufeff,Awareness,Purchase\n"
        'Customer actions,"• Ad clicked\n• Page viewed","Offer sent; Deal won"\n'
        "Channels,web,email; phone\n"
        "Feelings,curious,sure\n"
        "Owner,Marketing,Sales\n",
        encoding="utf-8",
    )
    frame = read_design(path).frame
    assert frame["step"].tolist() == ["Ad clicked", "Page viewed", "Offer sent", "Deal won"]
    assert frame["stage"].tolist() == ["Awareness"] * 2 + ["Purchase"] * 2
    assert frame["owner"].tolist() == ["Marketing"] * 2 + ["Sales"] * 2
    assert frame["channels"].tolist() == ["web"] * 2 + ["email, phone"] * 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "cannot be read|is empty"),
        ("stage,stp\nA,b\n", "no column 'step'"),
        ("stage,step,chanel\nA,b,web\n", "Did you mean 'channels'"),
        ("stage,step,channels\nA,b,wbe\n", "Did you mean 'web'"),
        ("stage,step\nA,b\nB,b\n", "stands twice"),
        (",A,B\nSteps,,\n", "no stage with steps"),
        ("stage,step,within\nA,b,soon\n", "within"),
    ],
)
def test_a_table_that_is_no_design_says_what_one_looks_like(tmp_path, text, hint):
    path = tmp_path / "design.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MiningError, match=hint):
        read_design(path)


@pytest.mark.parametrize("line", ["a > > b", "> a", "a > [] > b", "a > |b"])
def test_a_path_with_a_step_without_a_name_is_refused(line):
    with pytest.raises(MiningError, match="has no name"):
        read_design(line)


def test_a_table_that_is_not_utf8_says_so(tmp_path):
    path = tmp_path / "design.csv"
    path.write_bytes("stage,step\nAnfang,Über uns\n".encode("latin-1"))
    with pytest.raises(MiningError, match="UTF-8"):
        read_design(path)
