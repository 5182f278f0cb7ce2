from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import mining
from mining._errors import DesignError, MiningError
from mining.design import read_design
from mining.journeys import Journeys
from mining.maps import map_journey
from mining.timing import learn_stages, measure_stays
from mining.timing.stages import stage_touchpoints
from tests.telling import told
from tests.timing.planting import logged

SIZES = (4, 3, 5, 4)


def planted(
    seed: int,
    sizes: Sequence[int] = SIZES,
    *,
    n: int = 400,
    stay: float = 3.0,
    noise: float = 0.1,
    early: float = 0.1,
    late: float = 0.1,
    back: float = 0.05,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Journeys through stages whose activities come in mixed order and again; names that tell no order."""
    random = np.random.default_rng(seed)
    first, names = np.cumsum([0, *sizes]), random.permutation(sum(sizes))
    common = [random.dirichlet(np.full(size, 3.0)) for size in sizes]
    paths = []
    for _ in range(n):
        at = int(random.integers(len(sizes))) if random.random() < late else 0
        stop = int(random.integers(at + 1, len(sizes) + 1)) if random.random() < early else len(sizes)
        path: list[int] = []
        while at < stop:
            path += list(first[at] + random.choice(sizes[at], 1 + random.poisson(stay - 1), p=common[at]))
            at += -1 if at and random.random() < back else 1
        touched = np.array(path)
        anywhere = random.random(len(touched)) < noise
        touched[anywhere] = random.integers(0, sum(sizes), int(anywhere.sum()))
        paths.append(names[touched])
    truth = np.empty(sum(sizes), np.int64)
    truth[names] = np.repeat(np.arange(len(sizes)), sizes)
    return paths, truth


def rows(paths: Sequence[np.ndarray]) -> pd.DataFrame:
    who = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
    hours = np.concatenate([np.arange(len(path)) for path in paths]) + 0.0
    names = [f"step {code:04d}" for code in np.concatenate(paths)]
    return pd.DataFrame({"customer": [f"c{number:05d}" for number in who], "activity": names, "hours": hours})


def found(stages: object, truth: np.ndarray) -> tuple[float, bool]:
    """How well the planted stages are recovered, and whether they come in their order."""
    names = list(stages.stages)  # type: ignore[attr-defined]
    frame = stages.frame  # type: ignore[attr-defined]
    number = frame["stage"].map({name: at for at, name in enumerate(names)}).to_numpy()
    real = truth[frame["activity"].str.removeprefix("step ").astype(int)]
    middle = [number[real == stage].mean() for stage in np.unique(real)]
    return adjusted_rand_score(real, number), bool((np.diff(middle) > 0).all())


@pytest.mark.parametrize(
    "manner",
    [
        {"noise": 0.0},
        {"noise": 0.1},
        {"noise": 0.2},
        {"sizes": (10, 2, 6, 2)},
        {"sizes": (5, 5)},
        {"stay": 2.0},
        {"stay": 8.0, "noise": 0.2, "early": 0.7, "late": 0.7},
        {"early": 0.7, "late": 0.7},
        {"back": 0.2},
        {"n": 80},
    ],
    ids=str,
)
def test_planted_stages_are_found_in_their_order(manner: dict[str, object]) -> None:
    for seed in range(3):
        paths, truth = planted(seed, **manner)  # type: ignore[arg-type]
        score, in_order = found(learn_stages(logged(rows(paths))), truth)
        assert score >= 0.9
        assert in_order


def test_a_thousand_activities_are_put_in_stages_the_rare_ones_too() -> None:
    paths, truth = planted(1, (250,) * 4, n=3_000, stay=4.0)
    stages = learn_stages(logged(rows(paths)))
    assert len(stages.frame) == len(np.unique(np.concatenate(paths)))
    score, in_order = found(stages, truth)
    assert score >= 0.9
    assert in_order


def shuffled(seed: int, n: int = 300, breadth: int = 12) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    common = random.dirichlet(np.ones(breadth))
    return [random.choice(breadth, 1 + random.poisson(7), p=common) for _ in range(n)]


def kinds(seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [6 * random.integers(2) + random.integers(0, 6, 1 + random.poisson(7)) for _ in range(300)]


def turns(seed: int) -> list[np.ndarray]:
    """Activities that stick together, and groups of them that come in any order."""
    random = np.random.default_rng(seed)
    return [
        np.concatenate([4 * group + random.integers(0, 4, 1 + random.poisson(3)) for group in random.permutation(3)])
        for _ in range(300)
    ]


@pytest.mark.parametrize("disorder", [shuffled, kinds, turns])
def test_where_there_is_no_order_there_is_one_stage(disorder: object) -> None:
    for seed in range(8):
        stages = learn_stages(logged(rows(disorder(seed))))  # type: ignore[operator]
        assert len(stages.stages) == 1
        assert stages.steps["share"].tolist() == [1.0, 0.0, 0.0]


def test_logs_that_tell_nothing_have_one_stage() -> None:
    assert learn_stages(told("a: x", "b: x > x")).stages == {"x": ["x"]}
    assert learn_stages(told("a: x", "b: x > x")).steps["share"].isna().all()
    alone = learn_stages(told(*(f"{word}: {word}" for word in "abcdefgh")))
    assert len(alone.stages) == 1
    assert len(alone.frame) == 8
    with pytest.raises(MiningError, match="no journeys"):
        learn_stages(told("a: x").keep(np.array([False])))
    assert stage_touchpoints(told("a: x").keep(np.array([False]))).names == ("everything",)


def test_two_activities_are_two_stages_only_where_the_one_follows_the_other() -> None:
    assert list(learn_stages(told(*(f"c{at}: x > y" for at in range(20)))).stages) == ["x", "y"]
    both = [f"c{at}: {'x > y' if at % 2 else 'y > x'}" for at in range(40)]
    assert list(learn_stages(told(*both)).stages) == ["x · y"]


def test_the_order_of_rows_changes_nothing() -> None:
    frame = rows(planted(3)[0])
    one, two = learn_stages(logged(frame)), learn_stages(logged(frame.sample(frac=1, random_state=5)))
    assert one.stages == two.stages
    pd.testing.assert_frame_equal(one.frame, two.frame)
    pd.testing.assert_frame_equal(one.tried, two.tried)


def test_repeats_at_once_change_no_stage() -> None:
    paths = planted(4)[0]
    again = [np.repeat(path, 1 + np.arange(len(path)) % 3) for path in paths]
    one, two = learn_stages(logged(rows(paths))), learn_stages(logged(rows(again)))
    assert [set(words) for words in one.stages.values()] == [set(words) for words in two.stages.values()]


def test_the_number_can_be_asked_for() -> None:
    journeys = logged(rows(planted(5)[0]))
    stages = learn_stages(journeys, 2)
    assert len(stages.stages) == 2
    assert stages.tried.loc[stages.tried["is_chosen"], "n_stages"].tolist() == [2]
    assert len(learn_stages(journeys, 9).stages) == 9
    assert len(learn_stages(journeys, 99).stages) == sum(SIZES)
    with pytest.raises(MiningError, match="0 stages"):
        learn_stages(journeys, 0)


def crowd() -> Journeys:
    return told(
        *(f"c{at}: ad > site > ad > offer > call > offer > won" for at in range(30)),
        *(f"d{at}: ad > site > gift > offer > call" for at in range(3)),
    )


def test_figures_carry_n_and_interval_and_few_are_masked() -> None:
    stages = learn_stages(crowd(), 2)
    frame = stages.frame.set_index("activity")
    ad = frame.loc["ad"]
    assert (ad["n_touchpoints"], ad["n_journeys"], ad["n_steps"]) == (63, 33, 63)
    assert ad["stay_low"] < ad["stay_share"] < ad["stay_high"]
    assert ad["low"] <= ad["median_place"] <= ad["high"]
    gift = frame.loc["gift"]
    assert (gift["n_touchpoints"], gift["n_journeys"], gift["n_steps"]) == (0, 0, 0)
    assert gift[["median_place", "low", "high", "stay_share", "stay_low", "stay_high"]].isna().all()
    steps = stages.steps
    assert steps["n_steps"].sum() == 30 * 6 + 3 * 4
    assert (steps["of_steps"] == 192).all()
    assert ((steps["low"] <= steps["share"] + 1e-9) & (steps["share"] <= steps["high"] + 1e-9)).all()
    assert "within" in repr(stages)
    assert "ad" in stages._repr_html_()
    assert "Where steps go" in stages.plot().title


def test_stages_are_called_by_what_most_journeys_have() -> None:
    long = "Permit submitted by employee"
    paths = [f"c{at}: {long} > {long} again > offer > won{' > call' if at % 2 else ''}" for at in range(30)]
    stages = learn_stages(told(*paths), 2)
    assert list(stages.stages) == [f"{long} · …", "offer · won · …"]
    hebrew = learn_stages(told(*(f"c{at}: פנייה > הצעה" for at in range(20))))
    assert list(hebrew.stages) == ["פנייה", "הצעה"]
    assert list(learn_stages(told(*(f"c{at}: پیام > خرید" for at in range(20))), 1).stages) == ["پیام · خرید"]


def test_names_never_collide() -> None:
    paths = [f"c{at}: {'x' * 30} > {'y' * 30} > {'x' * 30} > {'x' * 30} · … > z > z2" for at in range(20)]
    for number in range(1, 6):
        assert len(learn_stages(told(*paths), number).stages) == min(number, 5)


def test_stages_are_edited_and_mapped_with() -> None:
    journeys = crowd()
    learned = learn_stages(journeys, 2)
    first, second = learned.stages
    edited = learned.move("gift", second).rename({first: "Find", second: "Buy"})
    assert list(edited.stages) == ["Find", "Buy"]
    assert "gift" in edited.stages["Buy"]
    assert "gift" not in learned.stages[second]
    assert edited.steps["n_steps"].sum() == learned.steps["n_steps"].sum()
    grid = map_journey(journeys, stages=edited.stages)
    assert (grid.stages, grid.stage_mark) == (("Find", "Buy"), "typed")
    assert measure_stays(journeys, stages=edited.stages).frame["stage"].tolist() == ["Find", "Buy"]
    assert list(learned.rename({first: "All", second: "All"}).stages) == ["All"]
    assert list(learned.move("ad", second).move("site", second).move("gift", second).stages) == [second]
    with pytest.raises(MiningError, match="no stage 'Third'"):
        learned.move("gift", "Third")
    with pytest.raises(MiningError, match="no activity 'gifts'"):
        learned.move("gifts", second)
    with pytest.raises(MiningError, match="no stage 'Third'"):
        learned.rename({"Third": "Fourth"})


def test_stages_are_kept_as_a_design_that_every_order_within_them_fits(tmp_path) -> None:
    journeys = crowd()
    learned = learn_stages(journeys, 2)
    design = read_design(learned.save(tmp_path / "stages.yml"))
    assert {stage.name: [step.name for step in stage.steps] for stage in design.stages} == learned.stages
    assert design.case == journeys.case
    deviations = mining.compare(journeys, design)
    assert set(deviations.verdicts.query("n_journeys > 0")["verdict"]) == {"conforming"}
    with pytest.raises(DesignError):
        learned.save(tmp_path / "stages.txt")


def test_the_map_without_a_design_has_the_learned_stages() -> None:
    journeys = logged(rows(planted(6)[0]))
    grid = map_journey(journeys)
    assert grid.stages == tuple(learn_stages(journeys).stages)
    assert grid.stage_mark == "inferred"
    staged, frame = stage_touchpoints(journeys), learn_stages(journeys).frame
    stage_of = dict(zip(frame["activity"], frame["stage"], strict=True))
    told_of = [stage_of[word] for word in journeys.log.decoded("activity")]
    assert [staged.names[number] for number in staged.of] == told_of
