"""``python -m lambdalint`` and the ``lambdalint`` command."""

import gc
import sys


def main() -> None:
    # A run makes many small objects and keeps them until it ends: collecting early finds nothing and costs a third.
    gc.set_threshold(200_000, 50, 50)
    from lambdalint.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
