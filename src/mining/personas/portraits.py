"""Portraits: customers as rows of numbers, for any estimator of scikit-learn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.journeys.journeys import FINAL_OUTCOMES
from mining.personas.attributes import attribute_table
from mining.personas.encoder import BLOCKS, Encoder
from mining.personas.levels import Level, moments, standard
from mining.personas.seen import look

__all__ = ["Portraits"]

Floats = npt.NDArray[np.float64]
_TABLE: Final = "A table of numbers"


class Portraits(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn journeys into one row of numbers per customer, in blocks of equal weight.

    Each perspective is a block whose columns together have a variance of one, so that none drowns the others: path
    (what is done, what follows what, and whole paths), channels, tempo, people met, attributes. What comes from the
    outcome on is cut off. It stands at the head of a pipeline: ``make_pipeline(Portraits(), KMeans(4)).fit(journeys)``.

    A table of numbers is taken too: it is one block, each column standardised and drawn in at three standard
    deviations, missing values at the mean.

    Parameters
    ----------
    features : collection of str, optional
        Perspectives: any of path, channels, tempo, people, attributes; by default all.
    attributes : sequence of str, optional
        Attributes of customers to use; see `Personas`.
    outcomes : collection of str, default ("won", "lost", "solved", "disqualified")
        Outcomes that end what is seen of a journey.

    Attributes
    ----------
    customers_ : ndarray of object
        Of the journeys it was fitted on, in the order of the rows.
    blocks_ : dict of str to slice
        Columns of each perspective.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from mining.personas import Portraits
    >>> make_pipeline(Portraits(features=["channels", "tempo"]), KMeans(4, random_state=0))[0]
    Portraits(features=['channels', 'tempo'])
    """

    def __init__(
        self,
        *,
        features: Collection[str] | None = None,
        attributes: Sequence[str] | None = None,
        outcomes: Collection[str] = FINAL_OUTCOMES,
    ) -> None:
        self.features = features
        self.attributes = attributes
        self.outcomes = outcomes

    def fit(self, X: Journeys | Any, y: object = None) -> Self:  # noqa: ARG002, N803  scikit-learn's names
        """Learn vocabularies, directions and scales.

        Parameters
        ----------
        X : Journeys or array-like of numbers
            Whom to portray.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        Portraits
            Itself.

        Raises
        ------
        MiningError
            For an unknown perspective, or journeys without a touchpoint before the outcome.
        """
        if not isinstance(X, Journeys):
            self._fit_table(validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan"))
            return self
        wanted = BLOCKS if self.features is None else tuple(self.features)
        for name in wanted:
            if name not in BLOCKS:
                raise MiningError.unknown("perspective", str(name), BLOCKS)
        seen = look(X, self.outcomes)
        if not seen.n_customers:
            raise MiningError.empty("Portraits", "no customer has a touchpoint before the outcome.")
        table = attribute_table(X, seen.customers, self.attributes)
        self._encoder = Encoder.learn(seen, table, [name for name in BLOCKS if name in wanted])
        self._named = list(table.columns)
        drawn = self._encoder.draw(seen, table)
        ends = np.cumsum([0, *(block.shape[1] for block in drawn.values())]).tolist()
        self.blocks_ = {name: slice(*ends[at : at + 2]) for at, name in enumerate(drawn)}
        self.customers_ = seen.customers
        self._names = [f"{name} {at + 1}" for name, block in drawn.items() for at in range(block.shape[1])]
        self._level: Level | None = None
        return self

    def _fit_table(self, numbers: Floats) -> None:
        self._moments = moments(numbers)
        self._level = Level.learn(standard(numbers, *self._moments))
        self.blocks_ = {"numbers": slice(0, numbers.shape[1])}
        names = getattr(self, "feature_names_in_", None)
        self._names = [f"x{at}" for at in range(numbers.shape[1])] if names is None else [str(name) for name in names]

    def transform(self, X: Journeys | Any) -> Floats | pd.DataFrame:  # noqa: N803
        """Portray customers, old or new.

        Parameters
        ----------
        X : Journeys or array-like of numbers
            As it was fitted on.

        Returns
        -------
        ndarray, customers x columns
            Rows in the order of the customers' ids (of a table: of its rows); a frame after ``set_output``.
        """
        check_is_fitted(self, "blocks_")
        if self._level is not None:
            numbers = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
            return self._level.draw(standard(numbers, *self._moments))
        if not isinstance(X, Journeys):
            raise MiningError.refused(_TABLE, "cannot be portrayed after fitting on journeys: give journeys.")
        seen = look(X, self.outcomes)
        return self._encoder.points(seen, attribute_table(X, seen.customers, self._named))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:  # noqa: ARG002
        """Name the columns: the perspective, and which of its directions; of a table its own names."""
        check_is_fitted(self, "blocks_")
        return np.array(self._names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
