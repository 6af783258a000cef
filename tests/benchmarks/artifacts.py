"""Reading artifacts, against what reads them plainly: zipfile and ``gzip -dc`` on the same machine.

    python tests/benchmarks/artifacts.py [--image-megabytes 1000]

A zip of 20,000 members and 240 MB is opened, then linted whole; an image of gzip layers is read on one core and on
those there are. Each figure is the best of several runs; memory is the high-water mark of a process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from make_artifacts import oci_files, tar_of, write_tree  # noqa: E402

from lambdalint.parsers import image  # noqa: E402
from lambdalint.parsers.archive import open_package  # noqa: E402

WATCHED = """
import sys
sys.path.insert(0, {root!r})
{code}
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
LINT = """
from lambdalint.engine import lint
from lambdalint.settings import Settings
report, _ = lint([{path!r}], Settings({options}))
assert report.functions == 1 and report.trusted, report.notices
"""


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of several runs."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def memory(code: str) -> str:
    """What a process that runs this code held at most, where the system says so."""
    if not os.path.exists("/proc/self/status"):
        return "unknown"
    words = WATCHED.format(root=str(ROOT), code=code)
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    return f"{done.stdout.split()[-1]} MB"


def large_zip(path: Path) -> Path:
    noise = random.Random(1).randbytes(1 << 16)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for number in range(20_000):
            info = zipfile.ZipInfo(f"package{number % 200}/module{number % 7}/file_{number}.py")
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, noise[number % 60_000 :][:2000] + bytes(10_000))
    return path


def gzip_image(path: Path, megabytes: int) -> list[Path]:
    """An OCI layout of two layers of text; the blobs of the layers."""
    choose = random.Random(3)
    words = [choose.randbytes(7).hex().encode() for _ in range(5000)]
    texts = [b" ".join(choose.choices(words, k=2500)) for _ in range(200)]
    each = megabytes * 1_000_000 // 2 // len(texts[0])
    layers = [tar_of([(f"var/task/{n}/{i}.txt", texts[(i * 7 + n) % 200]) for i in range(each)]) for n in range(2)]
    write_tree(path, dict(oci_files(layers)))
    return [file for file in path.rglob("*") if file.is_file() and file.stat().st_size > 1 << 20]


def measure_zip(folder: Path) -> None:
    path = large_zip(folder / "large.zip")
    theirs = best(lambda: zipfile.ZipFile(path).close(), 5)
    ours = best(lambda: open_package(str(path)).contents, 5)
    options = "runtime='python3.13', handler='app.handler', architecture='arm64', cache=False"
    code = LINT.format(path=str(path), options=options)
    whole = best(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True), 3)
    print(f"zip, 20,000 members: zipfile {theirs * 1000:.0f} ms, ours {ours * 1000:.0f} ms, ratio {ours / theirs:.2f}")
    print(f"  linted whole, as a process: {whole:.2f} s, {memory(code)}")


def measure_image(folder: Path, megabytes: int) -> None:
    path = folder / "layout"
    blobs = gzip_image(path, megabytes)

    def gzips() -> None:
        for blob in blobs:
            with blob.open("rb") as file:
                subprocess.run(["gzip", "-dc"], stdin=file, stdout=subprocess.DEVNULL, check=True)

    def ours() -> None:
        assert image.open_image(str(path)).uncompressed

    theirs = best(gzips, 2)
    workers, image.workers = image.workers, lambda: 1  # type: ignore[assignment]
    one = best(ours, 2)
    image.workers = workers
    many = best(ours, 2)
    print(f"image, {megabytes} MB in gzip: gzip -dc {theirs:.2f} s, ours on one core {one:.2f} s ({one / theirs:.2f})")
    code = LINT.format(path=str(path), options="cache=False")
    print(f"  on {workers()} cores: {many:.2f} s ({many / theirs:.2f}); linted whole: {memory(code)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-megabytes", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_zip(Path(folder))
        measure_image(Path(folder), given.image_megabytes)


if __name__ == "__main__":
    main()
