"""The model behind likeness: splink on DuckDB, in memory, trained on the records themselves.

Records are compared by name, address, number, company and country. How telling each agreement is, is learned without
labels (Fellegi-Sunter model, expectation maximisation) from the records themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pandas as pd

from mining._errors import MiningError

__all__ = ["BLOCKS", "EVIDENCE", "scored"]

BLOCKS: Final = ("block_email", "block_phone", "block_box", "block_whole", "block_first", "block_last")
_PAIRS: Final = 500_000  # random pairs that chance agreement is learned from
_TRAINED: Final = 200_000  # pairs at most that one round of training looks at
_FEWEST: Final = 5  # pairs below which there is nothing to learn from
_RECALL: Final = 0.7  # share of the same people that exact keys are taken to find: sets the prior only

# Counting edits is dear: only words of the same beginning or end are looked at, and CASE keeps the others out.
_SIMILAR: Final = """
    CASE WHEN left(first_l, 1) = left(first_r, 1) OR left(last_l, 1) = left(last_r, 1)
        OR left(whole_l, 3) = left(whole_r, 3)
    THEN (first_l = first_r OR (length(first_l) > 3 AND damerau_levenshtein(first_l, first_r) <= 1)
            OR (length(first_l) = 1 AND starts_with(first_r, first_l))
            OR (length(first_r) = 1 AND starts_with(first_l, first_r)))
        AND (last_l = last_r OR (length(last_l) > 3 AND damerau_levenshtein(last_l, last_r) <= 1))
        OR (length(whole_l) > 8 AND damerau_levenshtein(whole_l, whole_r) <= 1)
    ELSE FALSE END
"""
_TYPED: Final = """
    CASE WHEN left({0}_l, 3) = left({0}_r, 3) OR right({0}_l, 3) = right({0}_r, 3)
    THEN damerau_levenshtein({0}_l, {0}_r) <= 1 ELSE FALSE END
"""
_PART: Final = "last_l = last_r OR first_l = first_r OR last_l = first_r OR first_l = last_r"
# Per comparison its levels from the most telling down: condition, words of evidence, how often the same person agrees
# so (a start for the training, kept where there is nothing to train on), and by chance. Rare values tell more than
# common ones where the level names a column.
_LEVELS: Final[Mapping[str, Sequence[tuple[str, str, float, float, str]]]] = {
    "whole": (
        ("whole_l = whole_r", "same name", 0.7, 0.001, "whole"),
        (_SIMILAR, "similar name", 0.2, 0.002, ""),
        (_PART, "part of the name", 0.05, 0.05, ""),
        ("ELSE", "other name", 0.05, 0.947, ""),
    ),
    "email": (
        ("email_l = email_r", "same address", 0.75, 0.0005, ""),
        ("box_l = box_r OR " + _TYPED.format("box"), "similar address", 0.1, 0.0005, ""),
        ("ELSE", "other address", 0.15, 0.999, ""),
    ),
    "phone": (
        ("phone_l = phone_r", "same number", 0.75, 0.0005, "phone"),
        (_TYPED.format("phone"), "similar number", 0.05, 0.0005, ""),
        ("ELSE", "other number", 0.2, 0.999, ""),
    ),
    "company": (
        ("company_l = company_r", "same company", 0.8, 0.02, "company"),
        ("ELSE", "other company", 0.2, 0.98, ""),
    ),
    "country": (
        ("country_l = country_r", "same country", 0.95, 0.3, "country"),
        ("ELSE", "other country", 0.05, 0.7, ""),
    ),
}
# Comparison to what its level says; level 0 is the last one, -1 says nothing.
EVIDENCE: Final = {
    name: {len(levels) - 1 - place: level[1] for place, level in enumerate(levels)} for name, levels in _LEVELS.items()
}


def scored(records: pd.DataFrame, lowest: float, seed: int) -> pd.DataFrame:
    """Score the pairs that share a block.

    Parameters
    ----------
    records : DataFrame
        `id` and the prepared columns; missing values are null.
    lowest : float
        Probability below which a pair is left out, unless it shares a telephone number.
    seed : int
        Of the random pairs.

    Returns
    -------
    DataFrame
        `id_l`, `id_r`, `match_probability`, and per comparison the level ``gamma_<name>``.

    Raises
    ------
    MiningError
        When the package is not installed.
    """
    try:
        from splink import DuckDBAPI, Linker, block_on
    except ImportError as missing:
        raise MiningError.refused(
            "Recognising people by likeness needs the package splink, which is not installed.",
            "Install it with `pip install 'crm-journey-mining[identity]'`, or read with `identity=\"exact\"`.",
        ) from missing
    compared = [name for name in _LEVELS if name in records]
    with _silence():
        engine = DuckDBAPI()
        # One thread adds up in one order, and nothing but the records is to be read.
        engine.duckdb_con.execute("SET threads = 1")
        engine.duckdb_con.execute("SET enable_external_access = false")
        blocks = [name for name in BLOCKS if name in records]
        linker = Linker(engine.register(records), _settings(records, compared, blocks), log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=seed)
        for rule in _anchors(records):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(rule), max_pairs=_TRAINED, record_sample_proportion=1.0
            )
        told = ["id_l", "id_r", "match_probability", *(f"gamma_{name}" for name in compared)]
        # The values themselves go no further. Unlike people who share a number are worth knowing.
        wanted = f"match_probability >= {lowest}" + (" OR phone_l = phone_r" if "phone" in compared else "")
        pairs = linker.inference.predict().as_duckdbpyrelation().filter(wanted).select(*told)
        found: pd.DataFrame = pairs.to_df()
        engine.duckdb_con.close()
    return found


def _settings(records: pd.DataFrame, compared: Sequence[str], blocks: Sequence[str]) -> dict[str, Any]:
    from splink import block_on

    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": _prior(records),
        "comparisons": [_comparison(name) for name in compared],
        "blocking_rules_to_generate_predictions": [block_on(name) for name in blocks],
        "retain_intermediate_calculation_columns": False,
        "retain_matching_columns": True,  # or the levels are not told
    }


def _comparison(name: str) -> dict[str, Any]:
    nothing = {"sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL", "is_null_level": True}
    levels = []
    for condition, label, same, chance, column in _LEVELS[name]:
        level = {
            "sql_condition": condition,
            "label_for_charts": label,
            "m_probability": same,
            "u_probability": chance,
        }
        levels.append(level | ({"tf_adjustment_column": column} if column else {}))
    return {"output_column_name": name, "comparison_levels": [nothing, *levels]}


def _prior(records: pd.DataFrame) -> float:
    """Estimate how often two random records are one person: from those that share an exact key and the name."""
    size = len(records)
    found = {
        pair
        for names in (["email"], ["phone", "whole"])
        if set(names) <= set(records)
        for pair in _together(records, names)
    }
    return max(1, len(found)) / _RECALL / (size * (size - 1) / 2)


def _together(records: pd.DataFrame, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs that share the columns; of each crowd the neighbours only."""
    known = records.dropna(subset=names)
    for _, ids in known.groupby(names, sort=False)["id"]:
        yield from zip(ids, ids.iloc[1:], strict=False)


def _anchors(records: pd.DataFrame) -> list[str]:
    """Choose what to train on: pairs that share one thing teach how the same person's other things differ."""
    return [
        name
        for name in ("email", "whole", "phone")
        if name in records and sum(records[name].dropna().duplicated()) >= _FEWEST
    ]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the engine's remarks on its training to itself: they are no fault of the user's."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
