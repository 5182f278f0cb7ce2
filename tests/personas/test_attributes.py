"""Attributes of customers, and of cases where no customer is named."""

import gzip

import numpy as np
import pytest

from mining import read_xes
from mining.personas.attributes import attribute_table
from mining.personas.seen import customers_of, look

TRACE = (
    '<trace><string key="concept:name" value="{name}"/><string key="industry" value="{industry}"/>'
    '<event><string key="concept:name" value="ad"/><date key="time:timestamp" value="2025-01-01T00:00:00Z"/>'
    '<string key="size" value="{size}"/><string key="step" value="1"/></event>'
    '<event><string key="concept:name" value="call"/><date key="time:timestamp" value="2025-01-02T00:00:00Z"/>'
    '<string key="size" value="{size}"/><string key="step" value="2"/></event></trace>'
)


@pytest.fixture
def log(tmp_path):
    traces = "".join(
        TRACE.format(name=f"t{at}", industry="toys" if at % 2 else "cars", size=10 * (at % 3)) for at in range(30)
    )
    path = tmp_path / "log.xes.gz"
    path.write_bytes(gzip.compress(f'<log xes.version="1.0">{traces}</log>'.encode()))
    return read_xes(path)


def test_an_event_log_keeps_what_it_says_of_its_traces(log):
    objects = log.touchpoints.objects["record"]
    assert set(objects.columns) == {
        "industry",
        "size",
        "n_ids",
    }  # a step differs inside a trace, and says nothing of it
    assert log.attribute("industry").value_counts().to_dict() == {"cars": 15, "toys": 15}
    assert objects["size"].dtype == np.int64


def test_where_no_customer_is_named_the_case_bears_the_attributes(log):
    customers = look(log, ()).customers
    assert set(customers) == set(customers_of(log.log))
    table = attribute_table(log, customers, None)
    assert set(table.columns) == {"industry", "size"}
    assert table["industry"].notna().all()
