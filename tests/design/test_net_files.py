"""Designs that were drawn: BPMN and Petri nets mean what they draw, and bad ones get one clear message."""

import pandas as pd
import pytest

from mining import MiningError, compare, open_log, read_design, read_xes
from mining._alignments import align
from tests.telling import told

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMN = f'<definitions xmlns="{MODEL}"><process id="p" name="Shop">{{}}</process></definitions>'
TWO = BPMN.replace("</definitions>", '<process id="q"><task id="b" name="b"/></process></definitions>')
HEAVY = '<arc source="p" target="t"><inscription><text>2</text></inscription></arc>'
PNML = "<pnml><net><page>{}</page></net></pnml>"


def bpmn(flows: str, **kinds: str) -> str:
    """Draw ``a>b, b>c``; what is not named in `kinds` is a task of its own name."""
    pairs = [tuple(part.strip() for part in flow.split(">")) for flow in flows.split(",")]
    names = dict.fromkeys(name for pair in pairs for name in pair)
    drawn = []
    for name in names:
        kind, _, rest = kinds.get(name, "task").partition(" ")
        drawn.append(f'<{kind} id="{name}" name="{name if kind.endswith("ask") else rest}"/>')
    drawn += [f'<sequenceFlow id="f{at}" sourceRef="{one}" targetRef="{two}"/>' for at, (one, two) in enumerate(pairs)]
    return BPMN.format("".join(drawn))


@pytest.fixture
def design(tmp_path):
    def read(text, name="shop.bpmn"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_design(tmp_path / name)

    return read


def verdicts(design, *stories):
    """Give the cost of each path."""
    paths = [tuple(step.strip() for step in story.partition(":")[2].split(">")) for story in stories]
    return align(design.net, paths).cost.tolist()


def test_choices_parallel_parts_and_loops(design):
    ends = {"s": "startEvent", "e": "endEvent", "x": "exclusiveGateway", "y": "exclusiveGateway"}
    choice = design(bpmn("s>a, a>x, x>b, x>c, b>y, c>y, y>d, d>e", **ends))
    assert verdicts(choice, "1: a > b > d", "2: a > c > d", "3: a > b > c > d", "4: a > d") == [0, 0, 1, 1]
    parallel = {"x": "parallelGateway", "y": "parallelGateway"}
    both = design(bpmn("s>a, a>x, x>b, x>c, b>y, c>y, y>d, d>e", **(ends | parallel)))
    assert verdicts(both, "1: a > b > c > d", "2: a > c > b > d", "3: a > b > d") == [0, 0, 1]
    again = design(bpmn("s>x, x>a, a>y, y>x, y>e", **ends))
    assert verdicts(again, "1: a", "2: a > a > a") == [0, 0]
    assert again.frame["repeatable"].tolist() == [True]
    some = design(bpmn("s>x, x>a, x>b, a>y, b>y, y>e", **ends | {"x": "inclusiveGateway", "y": "inclusiveGateway"}))
    assert verdicts(some, "1: a", "2: b", "3: a > b", "4: b > a") == [0, 0, 0, 0]


def test_several_ways_in_and_out_of_a_task_mean_what_the_standard_says(design):
    ends = {"s": "startEvent", "e": "endEvent", "g": "exclusiveGateway", "j": "parallelGateway"}
    found = design(bpmn("s>g, g>a, g>b, b>a, a>c, a>d, c>j, d>j, j>e", **ends))
    assert verdicts(found, "1: a > c > d", "2: b > a > d > c", "3: a > c") == [0, 0, 1]
    assert found.frame.set_index("step")["optional"].to_dict() == {"a": False, "b": True, "c": False, "d": False}


def test_subprocesses_events_between_and_events_at_the_edge(design):
    text = BPMN.format(
        '<startEvent id="s"/><subProcess id="p1"><startEvent id="s2"/><task id="a" name="a"/><endEvent id="e2"/>'
        '<sequenceFlow id="g1" sourceRef="s2" targetRef="a"/><sequenceFlow id="g2" sourceRef="a" targetRef="e2"/>'
        '</subProcess><intermediateCatchEvent id="w" name="reminder"/><intermediateCatchEvent id="t"/>'
        '<task id="b" name="b"/><boundaryEvent id="late" attachedToRef="b"/><task id="c" name="c"/><endEvent id="e"/>'
        '<laneSet><lane name="Sales"><flowNodeRef>b</flowNodeRef></lane></laneSet>'
        '<sequenceFlow id="f1" sourceRef="s" targetRef="p1"/><sequenceFlow id="f2" sourceRef="p1" targetRef="w"/>'
        '<sequenceFlow id="f3" sourceRef="w" targetRef="t"/><sequenceFlow id="f4" sourceRef="t" targetRef="b"/>'
        '<sequenceFlow id="f5" sourceRef="b" targetRef="e"/><sequenceFlow id="f6" sourceRef="late" targetRef="c"/>'
        '<sequenceFlow id="f7" sourceRef="c" targetRef="e"/>'
    )
    found = design(text)
    assert found.name == "Shop"
    paths = ("1: a > reminder > b", "2: a > reminder > c", "3: a > reminder > b > c", "4: a > b")
    assert verdicts(found, *paths) == [0, 0, 0, 1]


def pnml(places: str, transitions: str, arcs: str) -> str:
    drawn = [f'<place id="{name}"/>' for name in places.split()]
    drawn += [
        f'<transition id="{name}"><name><text>{label}</text></name></transition>'
        for name, label in (part.split("=") for part in transitions.split())
    ]
    drawn += [
        f'<arc id="a{at}" source="{one}" target="{two}"/>'
        for at, (one, two) in enumerate(part.split(">") for part in arcs.split())
    ]
    return PNML.format("".join(drawn))


def test_a_petri_net_without_markings_begins_and_ends_where_it_must(design):
    text = pnml("p q r", "t1=ask t2=answer t3=tau", "p>t1 t1>q q>t2 t2>r q>t3 t3>r")
    found = design(text, "net.pnml")
    assert found.activities == ("ask", "answer")
    assert found.frame["optional"].tolist() == [False, True]
    assert verdicts(found, "1: ask > answer", "2: ask") == [0, 0]
    numbered = design(pnml("p q r", "t1=1 t2=2", "p>t1 t1>q q>t2 t2>r"), "net.pnml")
    assert numbered.activities == ("1", "2")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("<definitions", "no well-formed XML"),
        ('<!DOCTYPE d [<!ENTITY a "b">]><definitions/>', "entities"),
        ('<?xml version="1.0"?>\n<!doctype d SYSTEM "file:///etc/passwd"><definitions/>', "entities"),
        ("<html/>", "neither BPMN nor PNML"),
        (BPMN.format(""), "no process with a task"),
        (TWO.format('<task id="a" name="a"/>'), "2 processes"),
        (BPMN.format('<task id="a"/>'), "without a name"),
        (pnml("p", "t1=a", "p>t1"), "where it ends"),
        (pnml("p q r", "t1=a t2=b", "p>t1 t1>q p>t2 t2>r"), "2 places lead nowhere"),
        (pnml("p q r", "t1=a t2=b", "p>t1 t1>q t1>r q>t2 t2>q t2>p"), "where it begins"),
        (PNML.format('<place id="p"/><transition id="t"/>' + HEAVY), "several tokens"),
        (pnml("p q", "t1=tau", "p>t1 t1>q"), "no named step"),
    ],
)  # fmt: skip
def test_a_bad_drawing_gets_one_clear_message(design, text, hint):
    with pytest.raises(MiningError, match=hint):
        design(text)


def test_the_order_of_elements_in_the_file_decides_nothing(design):
    ends = {"s": "startEvent", "e": "endEvent", "x": "exclusiveGateway", "y": "exclusiveGateway"}
    one = design(bpmn("s>a, a>x, x>b, x>c, b>y, c>y, y>d, d>e", **ends))
    other = design(bpmn("d>e, y>d, c>y, b>y, x>c, x>b, a>x, s>a", **ends))
    pd.testing.assert_frame_equal(one.frame, other.frame)


def test_the_design_of_a_bank_replays_its_own_log(real_data, tmp_path):
    folder = real_data("loanapp_simod")
    frame = pd.read_csv(folder / "LoanApp_simplified_train.csv.gz")
    log = frame[["case_id", "activity", "start_time"]].set_axis(["record", "activity", "timestamp"], axis=1)
    log.to_csv(tmp_path / "log.csv", index=False)
    found = compare(open_log(tmp_path / "log.csv").by("record"), read_design(folder / "LoanApp_simplified.bpmn"))
    assert found.verdicts.set_index("verdict").loc["conforming", "share"] == 1.0


def test_a_hand_drawn_diagram_and_its_log_are_laid_side_by_side(real_data):
    folder = real_data("bpic2020")
    design = read_design(folder / "declaration_documents.bpmn")
    journeys = read_xes(folder / "BPI_2020_DomesticDeclarations.xes.gz")
    told_beside = design.check(journeys)
    assert (told_beside.loc[told_beside["role"] == "step", "n_journeys"] == 0).all()
    with pytest.raises(MiningError, match="no journey has any of the design's activities"):
        compare(journeys, design)


def test_a_drawn_design_is_repaired_in_its_net(design):
    found = design(bpmn("s>a, a>b, b>c, c>e", s="startEvent", e="endEvent"))
    stories = [f"{number}: a > c" for number in range(6)] + [f"r{number}: a > b > b > c" for number in range(6)]
    repairs = compare(told(*stories), found).repair()
    assert sorted(repairs.frame["change"]) == ["let the step be repeated", "make the step optional"]
    assert repairs.frame["n_conforming"].iloc[-1] == 12


def test_entities_are_refused_in_every_encoding(tmp_path):
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY a "Evil">]>' + BPMN.format("")
    (tmp_path / "shop.bpmn").write_bytes(text.encode("utf-16"))
    with pytest.raises(MiningError, match="entities"):
        read_design(tmp_path / "shop.bpmn")


def test_several_tokens_in_a_place_are_refused(design):
    text = pnml("p q", "t1=a", "p>t1 t1>q").replace(
        '<place id="p"/>', '<place id="p"><initialMarking><text>2</text></initialMarking></place>'
    )
    with pytest.raises(MiningError, match="2 tokens"):
        design(text, "net.pnml")


def test_what_is_no_path_is_not_taken_for_one():
    with pytest.raises(MiningError, match="There is no file"):
        read_design("<definitions><a>b</a></definitions>")


def test_branches_that_end_one_by_one(design):
    ends = {"s": "startEvent", "e": "endEvent", "f": "endEvent", "x": "parallelGateway"}
    apart = design(bpmn("s>x, x>a, x>b, a>e, b>f", **ends))
    assert verdicts(apart, "1: a > b", "2: b > a", "3: a") == [0, 0, 1]
    one_end = design(bpmn("s>x, x>a, x>b, a>e, b>e", **ends))
    assert verdicts(one_end, "1: a > b", "2: b > a", "3: a") == [0, 0, 1]
    alternatives = design(bpmn("s>x, x>a, x>b, a>e, b>f", **(ends | {"x": "exclusiveGateway"})))
    assert verdicts(alternatives, "1: a", "2: b", "3: a > b") == [0, 0, 1]


SUB = (
    '<startEvent id="s"/><subProcess id="p" name="Talks"><startEvent id="s2"/><task id="a" name="a"/>'
    '<task id="b" name="b"/><endEvent id="e2"/><sequenceFlow id="g1" sourceRef="s2" targetRef="a"/>'
    '<sequenceFlow id="g2" sourceRef="a" targetRef="b"/><sequenceFlow id="g3" sourceRef="b" targetRef="e2"/>'
    '</subProcess><boundaryEvent id="gone" attachedToRef="p"{}/><task id="c" name="c"/><task id="d" name="d"/>'
    '<endEvent id="e"/><endEvent id="e3"/><sequenceFlow id="f1" sourceRef="s" targetRef="p"/>'
    '<sequenceFlow id="f2" sourceRef="p" targetRef="c"/><sequenceFlow id="f3" sourceRef="c" targetRef="e"/>'
    '<sequenceFlow id="f4" sourceRef="gone" targetRef="d"/><sequenceFlow id="f5" sourceRef="d" targetRef="e3"/>'
)


def test_a_subprocess_is_interrupted_at_any_moment(design):
    found = design(BPMN.format(SUB.format("")))
    assert verdicts(found, "1: a > b > c", "2: a > d", "3: d", "4: a > b > d", "5: a > b > d > c") == [0, 0, 0, 0, 1]


def test_what_does_not_interrupt_happens_beside(design):
    found = design(BPMN.format(SUB.format(' cancelActivity="false"')))
    paths = ("1: a > b > c", "2: a > d > b > c", "3: a > b > c > d", "4: a > d", "5: a > d > b > d > c")
    assert verdicts(found, *paths) == [0, 0, 0, 2, 1]
    task = BPMN.format(SUB[SUB.index("</subProcess>") + 13 :].replace('"p"', '"t"').format(' cancelActivity="false"'))
    text = task.replace('<task id="c"', '<startEvent id="s"/><task id="t" name="t"/><task id="c"')
    assert verdicts(design(text), "1: t > c", "2: t > d > c", "3: d > t > c", "4: d > c") == [0, 0, 0, 1]


def test_steps_that_can_never_happen_are_told(design):
    ends = {"s": "startEvent", "e": "endEvent", "j": "parallelGateway"}
    with pytest.raises(MiningError, match="Nothing leads to 'lost'"):
        design(bpmn("s>a, a>e, lost>e", **ends))
    net = pnml("p q r z", "t1=a t2=b t3=never", "p>t1 t1>q q>t2 t2>r z>t3 t3>r")
    marked = net.replace('<place id="p"/>', '<place id="p"><initialMarking><text>1</text></initialMarking></place>')
    with pytest.raises(MiningError, match="can never happen: 'never'"):
        design(marked, "net.pnml")
    event = '<startEvent id="s"/><task id="a" name="a"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/>'
    with pytest.raises(MiningError, match="event subprocess"):
        design(BPMN.format(event + '<subProcess id="u" name="u" triggeredByEvent="true"/>'))
    with pytest.raises(MiningError, match="compensation"):
        design(BPMN.format(event + '<task id="u" name="u" isForCompensation="true"/>'))


def test_without_a_start_event_everything_begins_at_once(design):
    found = design(bpmn("a>j, b>j, j>c", j="parallelGateway"))
    assert verdicts(found, "1: a > b > c", "2: b > a > c", "3: a > c") == [0, 0, 1]


def test_lanes_own_their_steps_and_can_name_them(tmp_path):
    lanes = (
        '<laneSet><lane name="Sales"><flowNodeRef>a</flowNodeRef></lane><lane name="Care"><flowNodeRef>b</flowNodeRef>'
        "</lane></laneSet>"
    )
    text = bpmn("s>a, a>b, b>e", s="startEvent", e="endEvent").replace('name="b"', 'name="a"')
    (tmp_path / "shop.bpmn").write_text(text.replace("</process>", lanes + "</process>"), encoding="utf-8")
    assert read_design(tmp_path / "shop.bpmn").frame["owner"].tolist() == ["Sales, Care"]
    told_apart = read_design(tmp_path / "shop.bpmn", with_lanes=True)
    assert told_apart.activities == ("Sales: a", "Care: a")
    assert told_apart.frame["owner"].tolist() == ["Sales", "Care"]


def test_one_of_several_pools_is_chosen(tmp_path):
    pools = (
        f'<definitions xmlns="{MODEL}"><collaboration id="c"><participant id="x" name="Customer" processRef="p"/>'
        '<participant id="y" name="Bank" processRef="q"/></collaboration><process id="p"><task id="a" name="ask"/>'
        '</process><process id="q"><task id="b" name="answer"/></process></definitions>'
    )
    (tmp_path / "bank.bpmn").write_text(pools, encoding="utf-8")
    assert read_design(tmp_path / "bank.bpmn", pool="Customer").activities == ("ask",)
    with pytest.raises(MiningError, match="2 processes with tasks: Customer, Bank"):
        read_design(tmp_path / "bank.bpmn")
    with pytest.raises(MiningError, match="Did you mean 'Customer'"):
        read_design(tmp_path / "bank.bpmn", pool="Custommer")


def test_only_names_that_tools_give_are_silent(design):
    named = design(pnml("p q r s", "t1=Skip t2=skip_1 t3=Tau", "p>t1 t1>q q>t2 t2>r r>t3 t3>s"), "net.pnml")
    assert named.activities == ("Skip", "Tau")
    marked = pnml("p q r", "t1=tau t2=u", "p>t1 t1>q q>t2 t2>r").replace(
        "<name><text>u</text></name>",
        '<name><text>u</text></name><toolspecific tool="ProM" version="6.4" activity="$invisible$"/>',
    )
    assert design(marked, "net.pnml").activities == ("tau",)


def test_a_hospitals_own_diagram_is_read(real_data):
    design = read_design(real_data("sepsis") / "Sepsis_100_30_BPMN.bpmn")
    assert len(design.steps) == 16


@pytest.mark.parametrize("encoding", ["TF-8", "shift_jis", "idna"])
def test_an_encoding_that_cannot_be_read_is_told(tmp_path, encoding):
    drawn = tmp_path / "drawn.bpmn"
    drawn.write_text(f'<?xml version="1.0" encoding="{encoding}"?><definitions/>', encoding="ascii")
    with pytest.raises(MiningError, match="no well-formed XML"):
        read_design(drawn)
