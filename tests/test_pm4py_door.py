"""What pm4py gets wrong must not pass the door; each test names a fault that was seen."""

from __future__ import annotations

import ast
import gzip
import os
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mining import _pm4py
from mining._alignments import align
from mining._errors import ExportError, FieldError, MiningError
from mining._pm4py import (
    Tree,
    discover_heuristics,
    discover_tree,
    discover_tree_of_steps,
    read_xes,
    write_xes,
)
from mining._pm4py.quickening import quickened
from mining.discovery.shapes import net_of
from tests.telling import told

DOOR = Path(_pm4py.__file__).parent


def variants(*told_paths: tuple[str, int]) -> pd.DataFrame:
    paths = [tuple(path.split(" > ")) for path, _ in told_paths]
    return pd.DataFrame({"variant": pd.Series(paths, dtype=object), "n_journeys": [n for _, n in told_paths]})


PLAIN = variants(("a > b > c > d", 50), ("a > c > b > d", 40), ("a > b > b > d", 9), ("e > d", 30), ("a > e", 2))


def relabelled(tree: Tree, names: dict[str, str]) -> Tree:
    return Tree(tree.operator, names.get(tree.label, ""), tuple(relabelled(part, names) for part in tree.parts))


def in_a_script(tmp_path: Path, body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(body, encoding="utf-8")
    known = {key: value for key, value in os.environ.items() if not key.startswith("PM4PY")}
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, env=known | environment
    )


# --- trees


def test_an_unordered_pair_is_found_parallel() -> None:
    tree = discover_tree(variants(("a > b > c > d", 5), ("a > c > b > d", 5)))
    assert str(tree) == "->( 'a', +( 'b', 'c' ), 'd' )"


def test_a_detour_is_found_to_be_optional_and_a_repetition_to_be_a_loop() -> None:
    assert str(discover_tree(variants(("a > b > c", 5), ("a > c", 5)))) == "->( 'a', X( tau, 'b' ), 'c' )"
    assert str(discover_tree(variants(("a > b", 5), ("a > b > b", 5)))) == "->( 'a', *( 'b', tau ) )"


def test_noise_is_left_out_only_when_asked() -> None:
    noisy = variants(("a > b > c > d", 500), ("a > c > d > b", 2))
    assert str(discover_tree(noisy, 0.2)) == "->( 'a', 'b', 'c', 'd' )"
    assert "+" in str(discover_tree(noisy, 0.0))


def test_without_a_noise_threshold_every_variant_fits() -> None:
    net = net_of(discover_tree(PLAIN, 0.0))
    assert align(net, list(PLAIN["variant"])).cost.tolist() == [0] * len(PLAIN)


PATHS = st.lists(st.sampled_from(["a", "b, b", "tau", "שלום", "'"]), min_size=1, max_size=6).map(tuple)
LOGS = st.dictionaries(PATHS, st.integers(1, 9), min_size=1, max_size=8)


@given(st.dictionaries(PATHS, st.integers(1, 9), min_size=1, max_size=14), st.sampled_from([0.0, 0.2, None]))
@settings(max_examples=200)
def test_the_quicker_steps_change_no_tree(told, noise) -> None:
    frame = pd.DataFrame({"variant": pd.Series(list(told), dtype=object), "n_journeys": list(told.values())})

    def mined() -> object:
        try:
            return discover_tree(frame, noise or 0.0, successions_only=noise is None)
        except MiningError as refused:  # more than pm4py can take apart, with the quicker steps and without
            return str(refused)

    quick = mined()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mining._pm4py.tree.quickened", nullcontext)
        assert mined() == quick


def test_pm4py_is_itself_again_after_we_mined() -> None:
    from pm4py.algo.discovery.inductive.cuts.concurrency import ConcurrencyCut, ConcurrencyCutUVCL
    from pm4py.util.compression import util

    def state() -> tuple[object, ...]:
        return util.discover_dfg_uvcl, vars(ConcurrencyCut).copy(), vars(ConcurrencyCutUVCL).copy()

    before = state()
    discover_tree(PLAIN)
    with pytest.raises(KeyError):
        discover_tree(PLAIN.drop(columns="n_journeys"))
    with pytest.raises(AttributeError), quickened():
        raise AttributeError
    assert state() == before


def test_it_prints_nothing_when_a_script_calls_it(tmp_path: Path) -> None:
    body = (
        "import pandas as pd\n"
        "from mining._pm4py import discover_tree\n"
        "frame = pd.DataFrame({'variant': pd.Series([('a', 'b')], dtype=object), 'n_journeys': [3]})\n"
        "assert str(discover_tree(frame)) == \"->( 'a', 'b' )\"\n"
        "import os, pm4py.util.constants as constants\n"
        "assert not constants.SHOW_PROGRESS_BAR\n"
        "assert 'PM4PY_SHOW_PROGRESS_BAR' not in os.environ\n"
    )
    done = in_a_script(tmp_path, body)
    assert (done.stdout, done.stderr) == ("", "")


def test_pm4py_is_loaded_when_a_model_is_discovered_and_not_before(tmp_path: Path) -> None:
    body = "import sys, mining._pm4py, mining.discovery\nassert 'pm4py' not in sys.modules\n"
    in_a_script(tmp_path, body)


@pytest.mark.parametrize(
    "odd",
    ["x, y", "tau", "->( 'a', 'b' )", "a000", "", "'", "\\", "שלום, עולם", "a\nb", "<<TABLE>>", "1", "X"],
)
def test_labels_are_never_mistaken(odd: str) -> None:
    names = {"a": "a, a", "b": odd, "c": "c,b", "d": "'d'", "e": "e"}
    renamed = PLAIN.assign(
        variant=pd.Series([tuple(names[label] for label in path) for path in PLAIN["variant"]], dtype=object)
    )
    expected = relabelled(discover_tree(PLAIN, 0.1), names)
    found = discover_tree(renamed, 0.1)
    assert sorted(map(str, leaves(found))) == sorted(map(str, leaves(expected)))
    assert shape(found) == shape(expected)


def leaves(tree: Tree) -> list[Tree]:
    return [leaf for part in tree.parts for leaf in leaves(part)] or [tree]


def shape(tree: Tree) -> object:
    parts = [shape(part) for part in tree.parts]
    return tree.operator, tree.label, sorted(map(repr, parts)) if tree.operator in {"choice", "parallel"} else parts


def test_neither_order_nor_partition_of_the_variants_matters() -> None:
    expected = discover_tree(PLAIN, 0.1)
    for seed in range(5):
        assert discover_tree(PLAIN.sample(frac=1, random_state=seed), 0.1) == expected
    halves = pd.concat([PLAIN.assign(n_journeys=PLAIN["n_journeys"] - 1), PLAIN.assign(n_journeys=1)])
    assert discover_tree(halves, 0.1) == expected


def test_the_tree_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    body = (
        "import pandas as pd\nfrom mining._pm4py import discover_tree\n"
        "paths = ['a b c d e', 'a c b d', 'b a', 'e d c b a', 'a f g', 'g f a', 'c', 'd e d e']\n"
        "frame = pd.DataFrame({'variant': pd.Series([tuple(p.split()) for p in paths], dtype=object)})\n"
        "frame['n_journeys'] = range(1, len(frame) + 1)\n"
        "print(discover_tree(frame), discover_tree(frame, 0.3), discover_tree(frame, successions_only=True))\n"
        "from mining._pm4py import discover_heuristics, discover_tree_of_steps\n"
        "steps = pd.DataFrame([(*p, 5) for p in ('ab', 'bc', 'cb', 'bd', 'cd', 'ac', 'ae', 'ed')])\n"
        "steps.columns = ['activity', 'next_activity', 'n_steps']\n"
        "ends = pd.DataFrame([(a, 9, 9 * (a == 'a'), 9 * (a == 'd')) for a in 'abcde'])\n"
        "ends.columns = ['activity', 'n_touchpoints', 'n_starts', 'n_ends']\n"
        "print(discover_tree_of_steps(steps, ends), discover_heuristics(steps, ends))\n"
    )
    answers = {in_a_script(tmp_path, body, PYTHONHASHSEED=str(seed)).stdout for seed in (0, 3)}
    assert len(answers) == 1


def counted(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Count steps, ends and returns of variants, one by one."""
    steps: Counter[tuple[str, str]] = Counter()
    returns: Counter[tuple[str, str]] = Counter()
    ends: dict[str, list[int]] = {}
    for variant, n in zip(frame["variant"], frame["n_journeys"], strict=True):
        for place, activity in enumerate(variant):
            counts = ends.setdefault(activity, [0, 0, 0])
            for which, holds in enumerate((True, place == 0, place == len(variant) - 1)):
                counts[which] += n * holds
        for one, other in pairwise(variant):
            steps[one, other] += n
        for one, other, again in zip(variant, variant[1:], variant[2:], strict=False):
            returns[one, other] += n * (one == again != other)
    pairs = ["activity", "next_activity"]
    return (
        pd.DataFrame([(*pair, n) for pair, n in steps.items()], columns=[*pairs, "n_steps"]),
        pd.DataFrame(
            [(name, *counts) for name, counts in ends.items()],
            columns=["activity", "n_touchpoints", "n_starts", "n_ends"],
        ),
        pd.DataFrame([(*pair, n) for pair, n in returns.items() if n], columns=[*pairs, "n_returns"]),
    )


@given(LOGS, st.randoms(use_true_random=False))
def test_steps_give_the_tree_that_the_variants_they_were_counted_from_give(told, random) -> None:
    frame = pd.DataFrame({"variant": pd.Series(list(told), dtype=object), "n_journeys": list(told.values())})
    steps, ends, _ = (table.sample(frac=1, random_state=random.randrange(99)) for table in counted(frame))
    try:
        expected = discover_tree(frame, successions_only=True)
    except MiningError:
        with pytest.raises(MiningError, match="mine the variants instead"):
            discover_tree_of_steps(steps, ends)
    else:
        assert discover_tree_of_steps(steps, ends) == expected


def test_what_the_miner_of_successions_cannot_take_apart_is_refused_with_the_way_out() -> None:
    paths = [("b",), ("c", "b", "a"), ("b", "a", "b", "c")]
    frame = pd.DataFrame({"variant": pd.Series(paths, dtype=object), "n_journeys": 1})
    with pytest.raises(MiningError, match="mine the variants instead"):
        discover_tree(frame, successions_only=True)
    assert str(discover_tree(frame))


@given(LOGS, st.randoms(use_true_random=False))
def test_dependencies_are_what_their_definition_says_in_any_order_of_the_counts(told, random) -> None:
    frame = pd.DataFrame({"variant": pd.Series(list(told), dtype=object), "n_journeys": list(told.values())})
    tables = counted(frame)
    net = discover_heuristics(*(table.sample(frac=1, random_state=random.randrange(99)) for table in tables))
    n_steps = {(one, other): n for one, other, n in tables[0].itertuples(index=False, name=None)}
    assume(20 * min(n_steps.values(), default=1) >= max(n_steps.values(), default=1))  # rarer ones pm4py cleans away
    strong = {}
    for (one, other), n in n_steps.items():
        back = n_steps.get((other, one), 0) if one != other else 0
        if (n - back) / (n + back + 1) >= 0.5:
            strong[one, other] = (n - back) / (n + back + 1)
    found = {(each.activity, each.next_activity): each for each in net.dependencies}
    assert {pair: each.dependency for pair, each in found.items() if each.dependency} == strong
    assert {pair: each.n_steps for pair, each in found.items()} == {pair: n_steps.get(pair, 0) for pair in found}
    returns = {frozenset(pair[:2]) for pair in tables[2].itertuples(index=False, name=None)}
    assert all(frozenset(pair) in returns for pair, each in found.items() if not each.dependency)


def test_a_loop_of_two_is_found_only_where_returns_are_counted() -> None:
    steps, ends, returns = counted(variants(("a > b > a > b > a > b > c", 9), ("b > a > b > a > c", 9)))
    pairs = [
        {(each.activity, each.next_activity) for each in discover_heuristics(steps, ends, known).dependencies}
        for known in (returns, None)
    ]
    assert pairs[0] - pairs[1] == {("a", "b"), ("b", "a")}


def test_the_frame_handed_over_stays_as_it_was() -> None:
    frame = PLAIN.copy()
    frame.attrs["mine"] = 1
    before = frame.copy(deep=True)
    discover_tree(frame, 0.2)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {"mine": 1}


def test_only_miners_and_the_search_for_alignments_are_used_never_replay_filters_frames_or_converters() -> None:
    used = {
        node.module
        for file in DOOR.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pm4py")
    }
    assert used == {
        "pm4py.algo.conformance.alignments.petri_net.variants",
        "pm4py.objects.log.obj",
        "pm4py.objects.petri_net.obj",
        "pm4py.objects.petri_net.utils.petri_utils",
        "pm4py.algo.discovery.heuristics.variants",
        "pm4py.algo.discovery.inductive",
        "pm4py.algo.discovery.inductive.cuts.concurrency",
        "pm4py.algo.discovery.inductive.dtypes.im_dfg",
        "pm4py.algo.discovery.inductive.dtypes.im_ds",
        "pm4py.algo.discovery.powl.inductive.utils.filtering",
        "pm4py.algo.discovery.powl.inductive.variants.im_maximal",
        "pm4py.algo.discovery.split_miner.dtypes.log",
        "pm4py.algo.discovery.split_miner.dtypes.loops",
        "pm4py.algo.discovery.split_miner.variants.classic",
        "pm4py.objects.dfg.obj",
        "pm4py.objects.process_tree.utils.generic",
        "pm4py.util.compression",
        "pm4py.util.compression.util",
    }


# --- XES in


def log(body: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}<log xmlns="http://www.xes-standard.org/">{body}</log>'.encode()


def event(name: str, more: str = "") -> str:
    return (
        f'<event><string key="concept:name" value="{name}"/>'
        f'<date key="time:timestamp" value="2025-01-01T10:00:00.000+02:00"/>{more}</event>'
    )


def named(name: str, *events: str, more: str = "") -> str:
    return f'<trace><string key="concept:name" value="{name}"/>{more}{"".join(events)}</trace>'


@pytest.fixture
def reading(tmp_path: Path):
    def read(data: bytes, name: str = "log.xes") -> pd.DataFrame:
        path = tmp_path / name
        path.write_bytes(data)
        return read_xes(path)

    return read


def test_events_become_rows_in_the_order_of_the_file(reading) -> None:
    frame = reading(log(named("2", event("z"), event("a"), more='<int key="age" value="7"/>') + named("1", event("m"))))
    assert list(frame.columns) == ["case:concept:name", "case:age", "concept:name", "time:timestamp"]
    assert frame["case:concept:name"].tolist() == ["2", "2", "1"]
    assert frame["concept:name"].tolist() == ["z", "a", "m"]
    assert frame["case:age"].isna().tolist() == [False, False, True]
    assert frame.attrs["n_empty_traces"] == 0


def test_values_stay_as_they_are_written(reading) -> None:
    odd = '<int key="n" value="12,5"/><date key="when" value="yesterday"/><float key="x" value="007"/>'
    frame = reading(log(named("1", event("a", odd))))
    assert frame.loc[0, ["n", "when", "x"]].tolist() == ["12,5", "yesterday", "007"]
    assert frame.loc[0, "time:timestamp"] == "2025-01-01T10:00:00.000+02:00"


def test_traces_of_one_name_or_none_are_told_apart(reading) -> None:
    nameless = f"<trace>{event('n')}</trace>"
    frame = reading(log(named("A", event("x")) + named("A", event("y")) + nameless + named("A#2", event("z"))))
    assert frame["case:concept:name"].tolist() == ["A", "A#3", "trace 3", "A#2"]


def test_all_traces_may_be_nameless(reading) -> None:
    frame = reading(log(f"<trace>{event('a')}</trace><trace>{event('b')}</trace>"))
    assert frame["case:concept:name"].tolist() == ["trace 1", "trace 2"]


def test_a_trace_name_after_the_events_counts_too(reading) -> None:
    assert reading(log(f'<trace>{event("a")}<string key="concept:name" value="late"/></trace>')).iloc[0, 0] == "late"


def test_twin_keys_and_nested_ones_are_all_kept(reading) -> None:
    more = (
        '<string key="k" value="1"/><string key="k" value="2"/><string key="k" value="3"/>'
        '<string key="cost" value="9"><string key="driver" value="fuel"/></string>'
        '<list key="items"><values><string key="it" value="p"/><string key="it" value="q"/></values></list>'
    )
    row = reading(log(named("1", event("a", more)))).iloc[0]
    assert [row[key] for key in ("k", "k#2", "k#3")] == ["1", "2", "3"]
    assert [row[key] for key in ("cost", "cost/driver", "items/it", "items/it#2")] == ["9", "fuel", "p", "q"]


def test_traces_without_events_are_counted(reading) -> None:
    assert reading(log(named("1", event("a")) + named("2") + named("3"))).attrs["n_empty_traces"] == 2


def test_globals_and_classifiers_are_no_events(reading) -> None:
    head = (
        '<extension name="Concept" prefix="concept" uri="u"/><classifier name="A" keys="concept:name"/>'
        '<global scope="event"><string key="concept:name" value="__INVALID__"/></global>'
        '<global scope="trace"><string key="concept:name" value="__INVALID__"/></global>'
        '<string key="source" value="s"/>'
    )
    frame = reading(log(head + named("1", event("a"))))
    assert frame.to_dict("records") == [
        {"case:concept:name": "1", "concept:name": "a", "time:timestamp": "2025-01-01T10:00:00.000+02:00"}
    ]


def test_entities_of_xml_itself_are_read_and_all_scripts_survive(reading) -> None:
    text = "דוא&quot;ל &amp; تماس‌ها 🙂"
    padding = named(
        "p", *[event("x" * 4093) for _ in range(600)]
    )  # letters fall on the borders of what is read at once
    frame = reading(log(padding + named("1", event(text))))
    assert frame["concept:name"].iloc[-1] == 'דוא"ל & تماس‌ها 🙂'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1255", "iso-8859-8"])
def test_the_declared_encoding_is_obeyed(reading, encoding: str) -> None:
    data = log(named("1", event("שיחה")), f'<?xml version="1.0" encoding="{encoding}"?>').decode().encode(encoding)
    assert reading(data)["concept:name"].tolist() == ["שיחה"]


def test_gzip_is_told_by_its_bytes(reading) -> None:
    packed = gzip.compress(log(named("1", event("a"))))
    assert len(reading(packed, "log.xes.gz")) == len(reading(packed, "log.xes")) == 1


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE log SYSTEM "http://127.0.0.1/log.dtd">',
        '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        "<!DOCTYPE log>",
    ],
)
def test_document_types_and_entities_are_refused(reading, attack: str) -> None:
    head = f'<?xml version="1.0"?>{attack}'
    with pytest.raises(ExportError, match="document type"):
        reading(log(named("1", event("a")), head))


def test_a_file_cut_anywhere_is_refused(reading) -> None:
    whole = log(named("1", event("a"), event("b")) + named("2", event("c")))
    for length in range(len(whole)):
        with pytest.raises(ExportError, match="cannot be read"):
            reading(whole[:length])


def test_a_packed_file_cut_anywhere_is_refused(reading) -> None:
    whole = gzip.compress(log(named("1", event("a"))))
    for length in range(len(whole)):
        with pytest.raises(ExportError, match="cannot be read"):
            reading(whole[:length])


@pytest.mark.parametrize(
    "data",
    [b"<html><body>Log in</body></html>", b"just text", b"\x00\x01", b"<log>&x;</log>",
     log(""), log(named("1")), log(event("a"))],
)  # fmt: skip
def test_what_is_no_event_log_is_refused(reading, data: bytes) -> None:
    with pytest.raises(ExportError, match=r"log\.xes"):
        reading(data)


def test_a_missing_file_is_named_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "tickets.xes").touch()
    with pytest.raises(ExportError, match=r"Did you mean 'tickets\.xes'"):
        read_xes(tmp_path / "ticket.xes")


def test_a_bomb_is_refused(reading) -> None:
    data = b"<log>" + b" " * (90 * 1024**2) + b"</log>"
    with pytest.raises(ExportError, match="unpacks to more"):
        reading(gzip.compress(data, compresslevel=1), "log.xes.gz")


# --- XES out


def touchpoints() -> pd.DataFrame:
    frame = told("Ann: ad > site > won", "Bob: site > ad", channels={"ad": "ads"}, teams={"won": "north"}).frame
    return frame.assign(
        amount=[float("nan"), 1.5, 1e6, 0.1, float("nan")],
        reason=["<b>\"x\" & 'y'", None, "line\nbreak\ttab", "דוא״ל", " lead and trail "],
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    frame = touchpoints()
    write_xes(frame, tmp_path / "log.xes")
    back = read_xes(tmp_path / "log.xes")
    assert back["case:concept:name"].tolist() == frame["journey_id"].tolist()
    keys = {"activity": "concept:name", "team": "org:group"}
    for field in ["activity", "team", "channel", "reason", "customer", "touchpoint_kind", "touchpoint_id"]:
        expected = frame[field].astype("str")
        assert back[keys.get(field, field)].fillna("-").tolist() == expected.fillna("-").tolist(), field
    assert (pd.to_datetime(back["time:timestamp"], utc=True) == frame["timestamp"]).all()
    assert back["cost:total"].astype(float).fillna(-1).tolist() == frame["amount"].fillna(-1).tolist()
    assert back["is_bulk"].tolist() == ["false"] * 5
    assert back["seq"].astype(int).tolist() == frame["seq"].tolist()


def test_microseconds_and_zones_survive(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2025-03-28T01:59:59.123456+02:00", "1999-12-31T23:00:00Z"], utc=True, format="ISO8601")
    frame = pd.DataFrame({"journey_id": ["1", "1"], "activity": ["a", "b"], "timestamp": moments.as_unit("us")})
    frame["planned_at"] = pd.Series([pd.NaT, moments[0]], dtype="datetime64[us, UTC]")
    write_xes(frame, tmp_path / "log.xes")
    back = read_xes(tmp_path / "log.xes")
    assert back["time:timestamp"].iloc[0] == "2025-03-27T23:59:59.123456+00:00"
    assert (pd.to_datetime(back["time:timestamp"], utc=True, format="ISO8601") == frame["timestamp"]).all()
    assert back["planned_at"].isna().tolist() == [True, False]


def test_any_moment_and_any_number_comes_back(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"journey_id": "1", "activity": "a", "amount": random.normal(size=400)}, index=range(400))
    frame["amount"] *= 10.0 ** random.integers(-300, 300, 400)
    frame["when"] = pd.to_datetime(random.integers(-6 * 10**16, 8 * 10**16, 400), unit="us", utc=True)
    write_xes(frame, tmp_path / "log.xes")
    back = read_xes(tmp_path / "log.xes")
    assert back["cost:total"].astype(float).tolist() == frame["amount"].tolist()
    spelt = np.datetime_as_string(frame["when"].dt.tz_convert(None).to_numpy("datetime64[us]"), unit="us")
    assert back["when"].tolist() == [f"{text}+00:00" for text in spelt]


def test_values_of_every_type_are_written_as_they_are_spoken(tmp_path: Path) -> None:
    frame = pd.DataFrame({"journey_id": ["1"] * 3, "activity": ["a"] * 3})
    frame["mixed"] = pd.Series([1, True, "<\ud800é"], dtype=object)
    frame["whole"] = pd.array([1, None, 3], dtype="Int64")
    frame["flag"] = pd.array([True, None, False], dtype="boolean")
    frame["word"] = pd.Categorical(["a & b", None, "c"])
    frame["code"] = pd.Categorical([7, 8, 7])
    write_xes(frame, tmp_path / "log.xes")
    back = read_xes(tmp_path / "log.xes")
    told = {key: back[key].fillna("-").tolist() for key in ("mixed", "whole", "flag", "word", "code")}
    assert told == {
        "mixed": ["1", "True", "<é"],
        "whole": ["1", "-", "3"],
        "flag": ["true", "-", "false"],
        "word": ["a & b", "-", "c"],
        "code": ["7", "8", "7"],
    }


def test_a_log_longer_than_what_is_written_at_once_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_xes(touchpoints(), tmp_path / "whole.xes")
    for size in (1, 2, 3):
        monkeypatch.setattr("mining._pm4py.log_writer._BLOCK", size)
        write_xes(touchpoints(), tmp_path / "parts.xes")
        assert (tmp_path / "parts.xes").read_bytes() == (tmp_path / "whole.xes").read_bytes()


def test_pm4py_reads_what_was_written(tmp_path: Path) -> None:
    from pm4py.objects.log.importer.xes.variants import iterparse

    frame = touchpoints()
    write_xes(frame, tmp_path / "log.xes")
    traces = iterparse.apply(str(tmp_path / "log.xes"), {"show_progress_bar": False})
    names = [event["concept:name"] for trace in traces for event in trace]
    assert names == frame["activity"].tolist()
    assert [trace.attributes["concept:name"] for trace in traces] == ["Ann", "Bob"]
    assert traces[0][1]["cost:total"] == 1.5
    assert traces[0][0]["reason"] == frame["reason"].iloc[0]


def test_control_characters_are_left_out_and_the_file_stays_readable(tmp_path: Path) -> None:
    activity = pd.Series(["a\x00b\x1f\ufffe\ud800"], dtype=object)
    frame = pd.DataFrame({"journey_id": ["1\x0b"], "activity": activity, "weird\x07 & key": ["<"]})
    write_xes(frame, tmp_path / "log.xes")
    back = read_xes(tmp_path / "log.xes")
    assert back.iloc[0].tolist() == ["1", "ab", "<"]


def test_interleaved_journeys_are_put_together_in_their_order(tmp_path: Path) -> None:
    frame = pd.DataFrame({"journey_id": ["1", "2", "1", "2"], "activity": ["a", "b", "c", "d"]})
    write_xes(frame, tmp_path / "log.xes.gz")
    back = read_xes(tmp_path / "log.xes.gz")
    assert back["concept:name"].tolist() == ["a", "c", "b", "d"]
    assert back["case:concept:name"].tolist() == ["1", "1", "2", "2"]


def test_the_same_journeys_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xes.gz", "two.xes.gz"):
        write_xes(touchpoints(), tmp_path / name)
    assert (tmp_path / "one.xes.gz").read_bytes() == (tmp_path / "two.xes.gz").read_bytes()


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.xes"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_xes(touchpoints(), path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.xes"]


def test_a_frame_without_journeys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match="journey_id"):
        write_xes(pd.DataFrame({"activity": ["a"]}), tmp_path / "log.xes")
