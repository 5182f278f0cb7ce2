"""How many personas there are, and whether there are any: what the data shows against what one kind would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._progress import follow
from mining.personas.echo import Parts, comes_back, echo, echo_in_halves, part
from mining.personas.encoder import Drawn, Encoder
from mining.personas.grouping import centres_of, clearest, group, nearest, started, told_apart
from mining.personas.seen import Seen, recombine

__all__ = ["Evidence", "judge", "prediction_strength", "views_of", "weights_of"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Scores = dict[tuple[str, int], float]
_REFERENCES: Final = 12
_SPLITS: Final = 8
_STRONG: Final = 0.8  # Tibshirani and Walther's bound
_FAR: Final = 3.0  # standard deviations above the mean of every reference
_LEAST: Final = 0.003  # standard deviation that a dozen references may understate
_ROUNDS: Final = 3
_ECHOES: Final = ["echo", "echo_low", "echo_in_halves"]
_WORDS: Final = (
    "not clearer than customers of one kind",
    "does not come back in other parts of journeys",
    "not repeatable in other customers",
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """How many personas, in which perspective they show best, and the table that the choice rests on."""

    number: int
    perspective: str
    frame: pd.DataFrame

    def asked_for(self, number: int) -> Evidence:
        """Take a number that was decided elsewhere, whatever the verdict on it."""
        rows = self.frame.index[self.frame["n_personas"] == number]
        if not len(rows):
            return self
        row, frame = rows[0], self.frame.copy()
        frame["verdict"] = frame["verdict"].replace("chosen", "possible")
        spoken = str(frame.loc[row, "verdict"])
        frame.loc[row, "verdict"] = "asked for" if spoken == "possible" else f"asked for; {spoken}"
        return Evidence(number, str(frame.loc[row, "perspective"]), frame)


def judge(
    seen: Seen,
    table: pd.DataFrame,
    features: Sequence[str],
    numbers: Sequence[int],
    *,
    seed: int,
    echoed: tuple[Seen, pd.DataFrame] | None = None,
) -> Evidence:
    """Weigh every number of personas in every perspective against references of one kind of customer.

    A number stands where its groups are clearer (silhouette) than in journeys recombined from all customers' and in a
    cloud of the same spread and slant, where both halves of the journeys tell the same of every two groups (echo), and
    where half of the customers foretells the other half's groups (prediction strength). The largest number that
    stands is chosen, so that a persona is not hidden inside another.

    Parameters
    ----------
    seen : Seen
        The customers, or a sample of them.
    table : DataFrame
        Their attributes.
    features : sequence of str
        Perspectives.
    numbers : sequence of int
        Numbers of personas, from two.
    seed : int
        Seed of references and splits.
    echoed : tuple of Seen and DataFrame, optional
        More customers, for whom the echo is measured: it differs from sample to sample where groups are small.

    Returns
    -------
    Evidence
        Its number is 1 where none stands.
    """
    random = np.random.default_rng(seed)
    encoder = Encoder.learn(seen, table, features)
    drawn = encoder.draw(seen, table)
    clear = _silhouettes(drawn, numbers)
    if not clear:
        return _chosen(pd.DataFrame({"verdict": pd.Series([], dtype="str")}))
    chains, clouds = [], []
    for _ in follow(range(_REFERENCES), "references"):
        alike, mixed = recombine(seen, random), table.iloc[random.permutation(len(table))]
        chains.append(_silhouettes(Encoder.learn(alike, mixed, features).draw(alike, mixed), numbers))
        clouds.append(_silhouettes(_cloud(drawn, random), numbers))
    rows = [
        {"n_personas": number, "perspective": view, "silhouette": value}
        | _reference([_found(chains, (view, number)), _found(clouds, (view, number))])
        for (view, number), value in clear.items()
    ]
    crowd = _Crowd(_whole(drawn), part(seen, features))
    if echoed is not None:
        crowd = _Crowd(_whole(encoder.draw(*echoed)), part(echoed[0], features))
    return _chosen(_tested(pd.DataFrame(rows), drawn, crowd, random))


class _Crowd(NamedTuple):
    """Those for whom the echo is measured: their columns, and what is seen of them in parts."""

    points: Floats
    parts: Parts


def _whole(drawn: Drawn) -> Floats:
    return np.column_stack(list(drawn.values()))


def _tested(frame: pd.DataFrame, drawn: Drawn, crowd: _Crowd, random: np.random.Generator) -> pd.DataFrame:
    """Test what is clear for coming back and for repeatability, and keep the best row of each number."""
    views, whole = views_of(drawn), _whole(drawn)
    frame[[*_ECHOES, "prediction_strength"]] = np.nan
    dim = frame["silhouette"] <= frame["null_high"]
    for at in frame.index[~dim]:
        number, view = int(frame.loc[at, "n_personas"]), views[str(frame.loc[at, "perspective"])]
        scale = np.sqrt(weights_of(whole, started(view, number), number))
        points = whole * scale
        labels = nearest(crowd.points * scale, centres_of(points, group(points, number), number))
        told = *echo(crowd.parts, labels, number), echo_in_halves(crowd.parts, labels, number, random)
        frame.loc[at, _ECHOES] = told
        if comes_back(*told).all():
            frame.loc[at, "prediction_strength"] = prediction_strength(points, number, random)
    back = pd.Series(comes_back(*(frame[name] for name in _ECHOES)), index=frame.index)
    faults = [dim, ~back, ~(frame["prediction_strength"] >= _STRONG)]
    frame["verdict"] = np.select(faults, list(_WORDS), "possible")
    rank, clearest = np.select(faults, [3, 2, 1], 0), frame["null_high"] - frame["silhouette"]
    order = np.lexsort((clearest, -frame["echo"].fillna(-1).round(2), rank, frame["n_personas"]))
    return frame.iloc[order].drop_duplicates("n_personas").reset_index(drop=True)


def _chosen(frame: pd.DataFrame) -> Evidence:
    possible = frame.index[frame["verdict"] == "possible"]
    alone = {"n_personas": 1, "perspective": "", "verdict": "possible" if len(possible) else "chosen"}
    number, perspective = 1, ""
    if len(possible):
        frame.loc[possible[-1], "verdict"] = "chosen"
        number, perspective = int(frame.loc[possible[-1], "n_personas"]), str(frame.loc[possible[-1], "perspective"])
    columns = [
        "n_personas", "perspective", "silhouette", "null_silhouette", "null_high", *_ECHOES, "prediction_strength",
        "verdict",
    ]  # fmt: skip
    return Evidence(number, perspective, pd.DataFrame([alone, *frame.to_dict("records")], columns=columns))


def views_of(drawn: Drawn) -> dict[str, Floats]:
    """Each perspective of behaviour alone, all of behaviour, and that with the attributes.

    Attributes are no view of their own: customers that look alike are a segment, not a persona.
    """
    behaviour = {name: columns for name, columns in drawn.items() if name != "attributes"}
    views = dict(behaviour)
    if len(behaviour) > 1:
        views["behaviour"] = np.column_stack(list(behaviour.values()))
    if "attributes" in drawn and behaviour:
        views["all"] = np.column_stack(list(drawn.values()))
    return views


def _silhouettes(drawn: Drawn, numbers: Sequence[int]) -> Scores:
    return {
        (view, number): clear
        for view, points in views_of(drawn).items()
        for number, clear, _ in clearest(points, numbers)
    }


def _found(references: Sequence[Mapping[tuple[str, int], float]], key: tuple[str, int]) -> list[float]:
    return [scores[key] for scores in references if key in scores]


def _reference(references: Sequence[list[float]]) -> dict[str, float]:
    """Mean and upper bound of the harder reference."""
    known = [np.array(reference) for reference in references if reference]
    highs = [float(reference.mean() + _FAR * max(float(reference.std(ddof=1)), _LEAST)) for reference in known]
    return {"null_silhouette": max(float(reference.mean()) for reference in known), "null_high": max(highs)}


def _cloud(drawn: Drawn, random: np.random.Generator) -> Drawn:
    """Draw customers from one normal cloud of the same covariance; attributes keep their rows, tied to nothing.

    References
    ----------
    Liu, Y., Hayes, D. N., Nobel, A., Marron, J. S. (2008). Statistical significance of clustering for
    high-dimension, low-sample size data.
    """
    names = [name for name in drawn if name != "attributes"]
    points = np.column_stack([drawn[name] for name in names])
    values, turn = np.linalg.eigh(np.atleast_2d(np.cov(points.T)))
    cloud = (random.normal(size=points.shape) * np.sqrt(np.maximum(values, 0))) @ turn.T
    ends = np.cumsum([drawn[name].shape[1] for name in names])[:-1]
    clouds: dict[str, Floats] = dict(zip(names, np.split(cloud, ends, axis=1), strict=True))
    if "attributes" in drawn:
        clouds["attributes"] = drawn["attributes"][random.permutation(len(points))]
    return clouds


def weights_of(points: Floats, labels: Labels, number: int) -> Floats:
    """Weigh each column by how much of it the groups explain, group anew, and so on a few times.

    References
    ----------
    Witten, D. M., Tibshirani, R. (2010). A framework for feature selection in clustering (sparse k-means).
    """
    weights = np.ones(points.shape[1])
    for _ in range(_ROUNDS):
        told = told_apart(points, labels, number)
        weights = told / told.max() if told.any() else weights
        labels = group(points * np.sqrt(weights), number)
    return weights


def prediction_strength(points: Floats, number: int, random: np.random.Generator) -> float:
    """Say how well groups found in one half of the customers foretell who is together in the other half.

    The mean over random splits, both ways, of the worst group's share of pairs that stay together.

    References
    ----------
    Tibshirani, R., Walther, G. (2005). Cluster validation by prediction strength.
    """
    strengths = []
    for _ in follow(range(_SPLITS), "splits"):
        order = random.permutation(len(points))
        halves = points[order[: len(order) // 2]], points[order[len(order) // 2 :]]
        grouped = [group(half, number) for half in halves]
        for here, there in ((0, 1), (1, 0)):
            foretold = nearest(halves[there], centres_of(halves[here], grouped[here], number))
            strengths.append(_worst(grouped[there], foretold, number))
    return float(np.mean(strengths))


def _worst(labels: Labels, foretold: Labels, number: int) -> float:
    together = np.bincount(labels * number + foretold, minlength=number * number).reshape(number, number)
    size = together.sum(axis=1)
    pairs = (together * (together - 1)).sum(axis=1)
    some = size > 1
    return float((pairs[some] / (size[some] * (size[some] - 1))).min()) if some.any() else 0.0
