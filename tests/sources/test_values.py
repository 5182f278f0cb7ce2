"""Numbers, lengths of time and members of JSON inside cells."""

import numpy as np
import pytest

from mining.sources.mappings.values import inside, lengths_of, numbers_of
from mining.sources.table import Coded


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["1.234,50", "2.000"], [1234.5, 2000.0]),
        (["1,234.50", "2,000"], [1234.5, 2000.0]),
        (["1,234", "5"], [1234.0, 5.0]),
        (["5,5", "1.000"], [5.5, 1000.0]),
        (["12,5"], [12.5]),
        (["1.5", "1,200"], [1.5, 1200.0]),
        (["1 234 567", "1'234"], [1234567.0, 1234.0]),
        (["$1,200.50", "₪ 3", "1,234 USD", "۵۰۰ تومان"], [1200.5, 3.0, 1234.0, 500.0]),
        (["۱۲٬۳۴۵٫۵"], [12345.5]),
        (["-3", "+4", "1e5"], [-3.0, 4.0, 100000.0]),
    ],
)
def test_the_decimal_sign_is_decided_for_the_column(words, numbers) -> None:
    assert numbers_of(Coded.of(words)).tolist() == numbers


@pytest.mark.parametrize("word", ["nan", "inf", "Stage 2", "x", "12 Main Street", "3 days", "--", "1-2"])
def test_what_is_no_number_is_none(word) -> None:
    assert np.isnan(numbers_of(Coded.of([word])))[0]


@pytest.mark.parametrize(
    ("unit", "word", "seconds"),
    [("h:min", "1:30", 5400), ("min:s", "01:30", 90), ("h:min:s", "1:00:05", 3605), ("h:min", "۰۱:۳۰", 5400)],
)
def test_lengths_written_as_clocks_are_seconds(unit, word, seconds) -> None:
    assert lengths_of(Coded.of([word, "soon"]), unit).tolist()[0] == seconds
    assert np.isnan(lengths_of(Coded.of(["1:2:3:4"]), unit)[0])


@pytest.mark.parametrize(
    ("path", "cell", "found"),
    [
        ("a.b", '{"a": {"b": 12345678901234567890}}', "12345678901234567890"),
        ("page.value.string_value", '[{"key": "page", "value": {"string_value": "/x"}}]', "/x"),
        ("0.id", '[{"id": "7"}]', "7"),
        ("a", '{"a": true}', "true"),
        ("a", '{"a": null}', None),
        ("a", '{"a": [1]}', None),
        ("a.b", '{"a": 1}', None),
        ("3", "[1]", None),
        ("a", "not json", None),
        ("a", "[" * 5000, None),
    ],
)
def test_the_value_at_a_path_is_taken_out_of_json(path, cell, found) -> None:
    assert inside(path)(cell) == found
