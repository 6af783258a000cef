"""Makes docs/thumbnails-faulty.svg, the picture of the README: the real output, painted as a terminal of 110 columns.

python docs/picture.py
"""

import os
import sys

from rich.console import Console
from rich.text import Text

from lambdalint import __version__
from lambdalint.engine import lint
from lambdalint.reporters import Options, render
from lambdalint.settings import Settings

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 110


def main() -> None:
    os.chdir(os.path.dirname(HERE))
    os.environ.update(TERM="xterm-256color", COLORTERM="")  # the colours do not depend on who runs this
    path = "tests/data/thumbnails-faulty"
    settings = Settings(as_of="2026-11-23", cache=False).complete()
    report, book = lint([path], settings)
    options = Options(version=__version__, color=True, width=WIDTH, root=settings.cwd)
    painted = render("text", report, book.selected((), ()), options)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(Text.from_ansi(f"$ lambdalint check {path}\n{painted}"))
        console.save_svg(os.path.join(HERE, "thumbnails-faulty.svg"), title="lambdalint")
    print(f"{len(report.findings)} findings", file=sys.stderr)


if __name__ == "__main__":
    main()
