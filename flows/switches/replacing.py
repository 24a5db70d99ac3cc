"""Replaces a file whole: whoever reads it sees the old or the new one, never half of it, even if the power fails."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PART = ".part"


def replace_text(path: Path, text: str) -> None:
    """Nothing; `path` holds `text`. Its folder is made, its mode kept; a new file can be read by all.

    What a writer that died has left half done beside it is removed.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # Held until the file is closed: so another process knows that its writer lives.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, name)
            else:
                os.chmod(name, 0o644)
            os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _clear(path: Path) -> None:
    before = f".{path.name}."
    for other in path.parent.iterdir():
        if not (other.name.startswith(before) and other.name.endswith(PART)) or other.is_symlink():
            continue
        try:
            with other.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                other.unlink(missing_ok=True)
        except OSError:
            # Its writer lives, or it belongs to somebody else.
            continue
