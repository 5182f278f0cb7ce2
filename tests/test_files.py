"""Whoever looks at a file finds the old one or the new one."""

import os
import stat

import pytest

from mining._files import write_whole


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    written = write_whole(tmp_path / "deep" / "page.html", b"page")
    assert written.read_bytes() == b"page"
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    old = write_whole(tmp_path / "page.html", b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(old, b"new")
    assert old.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_a_replaced_file_keeps_its_rights(tmp_path):
    path = write_whole(tmp_path / "page.html", b"old")
    path.chmod(0o600)
    assert stat.S_IMODE(write_whole(path, b"new").stat().st_mode) == 0o600
