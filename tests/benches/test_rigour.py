"""The same bytes for ten hash seeds and three numbers of threads: too slow for every day."""

from itertools import product

import pytest

from tests.test_rigour import written

pytestmark = pytest.mark.bench


def test_artefacts_are_the_same_bytes_for_ten_hash_seeds(tell):
    runs = list(product(range(10), (1, 2, 4)))
    answers = written(runs)
    tell(f"\ntwelve artefacts in {len(runs)} runs with other hash seeds and threads: {len(answers)} set of bytes")
    assert len(answers) == 1
