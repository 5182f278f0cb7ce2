"""Progress is shown to people who wait, and to nobody else."""

import sys

from mining import _progress


def test_nobody_watches_a_pipe_and_somebody_a_notebook_or_a_terminal(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not _progress.is_watched()
    assert _progress.is_watched(True)
    monkeypatch.setenv("JPY_SESSION_NAME", "mine.ipynb")
    assert _progress.is_watched()
    assert not _progress.is_watched(False)


def test_things_come_through_in_order_and_in_silence(capsys, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert list(_progress.follow(range(5), "things")) == [0, 1, 2, 3, 4]
    assert list(_progress.follow({"a": 1}.items(), "things", 1)) == [("a", 1)]
    assert capsys.readouterr().err == ""
