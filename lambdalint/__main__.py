"""``python -m lambdalint`` and the ``lambdalint`` command."""

import gc
import os
import sys

from lambdalint import COLLECT


def main() -> None:
    gc.set_threshold(*COLLECT)
    try:
        from lambdalint.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while the program itself is loaded
        os._exit(130)
    # Taking every module and object apart at exit would cost a hook 10 ms: all is written by now.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()
