"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from lambdalint.settings import SettingsError


def write_whole(texts: Mapping[str, str]) -> None:
    """Write every file, or none of them where one cannot be written. Raises SettingsError with the reason.

    A regular file is replaced in one step, through links; what is no file (a pipe, /dev/stdout) is written to.
    """
    ready: list[tuple[str, str]] = []
    path = ""
    try:
        for path, text in texts.items():
            if not _is_special(path):
                target = os.path.realpath(path)
                if os.path.isdir(target):
                    raise IsADirectoryError(None, "it is a folder")
                temporary = f"{target}.{os.getpid()}.tmp"
                with open(temporary, "x", encoding="utf-8", newline="\n") as file:
                    ready.append((temporary, target))
                    file.write(text)
        for path, text in texts.items():
            if _is_special(path):
                with open(path, "w", encoding="utf-8", newline="\n") as file:
                    file.write(text)
        for temporary, path in ready:
            if os.path.exists(path):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            os.replace(temporary, path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        for temporary, _ in ready:
            if os.path.exists(temporary):
                os.unlink(temporary)


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
