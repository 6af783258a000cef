"""lambdalint says, before a deployment, what AWS Lambda will refuse, throttle or break."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdalint.finding import Report
    from lambdalint.settings import Settings

__version__ = "0.1.0"
__all__ = ["__version__", "lint"]


COLLECT = (200_000, 50, 50)
"""When garbage is collected in a run (gc.set_threshold). A run makes many small objects and keeps them until it ends:
collecting early finds nothing and costs a third."""


def lint(paths: Sequence[str], settings: Settings | None = None) -> Report:
    """Lint everything below the paths, as the command line does.

    Raises settings.SettingsError and rulebook.RuleError for settings and rules that cannot be used.
    """
    import gc

    from lambdalint.engine import lint as run
    from lambdalint.settings import Settings as Defaults

    usual = gc.get_threshold()
    gc.set_threshold(*COLLECT)
    try:
        return run(paths, settings or Defaults())[0]
    finally:
        gc.set_threshold(*usual)
