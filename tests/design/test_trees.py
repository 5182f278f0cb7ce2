"""Process trees mean what they are written as, in text and in PTML."""

import pytest

from mining import MiningError, read_design
from mining._alignments import align
from mining._pm4py import Tree
from mining.discovery.exports import save_tree

ONE = '<processTree root="n0"><sequence id="n0"/>'


def costs(design, *paths):
    return align(design.net, [tuple(path.split()) for path in paths]).cost.tolist()


def test_every_operator():
    assert costs(read_design("->( 'a', X( 'b', tau ), 'c' )"), "a b c", "a c", "a b b c") == [0, 0, 1]
    assert costs(read_design("->( 'a', +( 'b', 'c' ) )"), "a b c", "a c b", "a b") == [0, 0, 1]
    assert costs(read_design("*( 'a', 'b' )"), "a", "a b a", "a b") == [0, 0, 1]
    assert costs(read_design("*( 'a', 'b', 'c' )"), "a c a b a", "a b c a") == [0, 1]
    assert costs(read_design("->('s', O( 'a', 'b' ))"), "s a", "s b a", "s", "s a a") == [0, 0, 1, 1]
    assert costs(read_design("<>( ->('a', 'b'), 'c' )"), "a b c", "c a b", "a c b") == [0, 0, 2]
    assert costs(read_design("→( a, ×( b, τ ) )"), "a b", "a") == [0, 0]


def test_names_in_quotation_marks_hold_anything():
    design = read_design("->( 'Deal: won, at last', \"it's (not) 'tau'\", 'a\\'b' )")
    assert design.activities == ("Deal: won, at last", "it's (not) 'tau'", "a'b")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("->( 'a', 'b' ) 'c' )", "after its last bracket"),
        ("->( 'a' 'b' )", "wants ',' or '\\)' at character 9"),
        ("->( , )", "wants an activity at character 4"),
        ("->( X( tau ) )", "no named step"),
        ("X( " * 80 + "'a'" + " )" * 80, "levels deep"),
        ("O( " + ", ".join(f"'{at}'" for at in range(8)) + " )", "of 8 parts"),
    ],
)
def test_a_bad_tree_gets_one_clear_message(text, hint):
    with pytest.raises(MiningError, match=hint):
        read_design(text)


def test_a_tree_is_read_back_from_its_file(tmp_path):
    step = {name: Tree("step", name) for name in "abcd"}
    loop = Tree("loop", "", (step["b"], step["c"]))
    tree = Tree("sequence", "", (step["a"], Tree("choice", "", (loop, Tree("silent"))), step["d"]))
    design = read_design(save_tree(tree, tmp_path / "one.ptml"))
    assert costs(design, "a d", "a b d", "a b c b d", "a b c d") == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("inside", "hint"),
    [
        ("", "0 process trees"),
        (
            '<processTree root="n0"><sequence id="n0"/><parentsNode sourceId="n0" targetId="n0"/></processTree>',
            "no tree",
        ),
        ('<processTree root="n0"><sequence id="n0"/></processTree>', "without parts"),
        ('<processTree root="n9"><sequence id="n0"/></processTree>', "'n9' is missing"),
    ],
)
def test_a_bad_file_gets_one_clear_message(tmp_path, inside, hint):
    (tmp_path / "bad.ptml").write_text(f"<ptml>{inside}</ptml>", encoding="utf-8")
    with pytest.raises(MiningError, match=hint):
        read_design(tmp_path / "bad.ptml")
