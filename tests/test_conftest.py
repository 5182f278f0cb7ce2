"""The suite cannot reach the network, and says so itself."""

from __future__ import annotations

import os
import socket
import urllib.request

import matplotlib as mpl
import pytest


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("127.0.0.2", 9), timeout=1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: urllib.request.urlopen("http://192.0.2.1/", timeout=1),
    ],
    ids=["connect", "send", "look up", "open an address"],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_test_can_reach_the_network(reach):
    with pytest.raises(BaseException, match="never reach the network"):
        reach()


def test_a_socket_pair_inside_the_machine_is_no_network():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
        assert other.recv(1) == b"x"


def test_pictures_open_no_window():
    assert mpl.get_backend().lower() == "agg"


def test_real_data_is_found_skipped_or_missed_by_name(real_data, monkeypatch, tmp_path):
    (tmp_path / "some_log").mkdir()
    monkeypatch.setenv("MINING_DATA", os.fspath(tmp_path))
    assert real_data("some_log") == tmp_path / "some_log"
    with pytest.raises(pytest.fail.Exception, match="no 'other_log'"):
        real_data("other_log")
    monkeypatch.delenv("MINING_DATA")
    with pytest.raises(pytest.skip.Exception, match="MINING_DATA"):
        real_data("some_log")
