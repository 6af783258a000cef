"""``python -m lambdalint`` and the ``lambdalint`` command."""

import sys


def main() -> None:
    from lambdalint.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
