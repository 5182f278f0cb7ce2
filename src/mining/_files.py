"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path | str, content: bytes) -> Path:
    """Write a file so that whoever looks finds the old one or the new one, never a part.

    The bytes go to a temporary file in the same folder, onto the disk, and then into place; a full disk or a kill
    leaves what was there before.

    Parameters
    ----------
    path : Path or str
        The file; its folder is made where it is missing.
    content : bytes
        All of it.

    Returns
    -------
    Path
        The file written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_mode(path))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path


def _mode(path: Path) -> int:
    """Keep the rights of the file that is replaced; a new one gets those any new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
