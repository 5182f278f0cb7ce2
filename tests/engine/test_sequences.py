"""Order without objects: sequences of codes come out as Python sorts tuples."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from mining._engine.sequences import lexical_order


def laid_out(sequences, kind):
    flat = np.array([element for sequence in sequences for element in sequence], kind)
    return flat, np.append(0, np.cumsum([len(sequence) for sequence in sequences])).astype(np.int64)


@pytest.mark.parametrize("kind", [np.uint8, np.uint32])
@given(st.lists(st.lists(st.integers(0, 3), max_size=25), max_size=30))
def test_sequences_come_in_the_order_of_tuples(kind, sequences):
    order = lexical_order(*laid_out(sequences, kind))
    assert order.tolist() == sorted(range(len(sequences)), key=lambda at: (sequences[at], at))


@given(st.lists(st.text(max_size=12), max_size=30))
def test_texts_come_in_the_order_of_python(texts):
    order = lexical_order(*laid_out([text.encode() for text in texts], np.uint8))
    assert [texts[at] for at in order] == sorted(texts)


def test_a_long_shared_beginning_is_read_once():
    texts = ["customer-000000000000000" + end for end in ("b", "a", "", "ab")]
    order = lexical_order(*laid_out([text.encode() for text in texts], np.uint8))
    assert order.tolist() == [2, 1, 3, 0]
