# ruff: noqa: E501
"""The reader of Python handlers on bad input, its cache, its economy: silence or a fact, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from lambdalint.finding import Span
from lambdalint.model.files import FolderFiles, InlineFiles
from lambdalint.model.source import Source
from lambdalint.parsers.python import Cache, read_handler, reading
from lambdalint.parsers.python.cache import cache_folder
from lambdalint.parsers.python.outline import outline
from lambdalint.parsers.python.reading import parse_tree, read_code
from lambdalint.parsers.python.scan import logical_lines, nesting, span_of
from lambdalint.parsers.python.walk import Walk

OURS = sys.version_info[:2]
RUNTIME = f"python{OURS[0]}.{OURS[1]}"
HANDLER = "import boto3\ndef handler(event, context):\n    boto3.client('s3').list_buckets()\n"


def inline(code: str, runtime: str | None = RUNTIME) -> Source:
    return read_handler(InlineFiles(code), "index.handler", runtime)


# -- syntax ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("def handler(e, c):\n    return (\n", 2),
        ("x = 1\nprint 'python 2'\n", 2),
        ("import boto3\nx = = 1\n", 2),
        ("def f():\npass\n", 2),
        ("x = 1\nreturn x\n", 2),
        ("x = 'a\n", 1),
        ("if 1:\n\tx = 1\n        y = 2\n", 3),
        ("x = 1\n\0\n", 2),
    ],
)
def test_what_does_not_parse_is_a_fault_at_its_place(code: str, line: int) -> None:
    (fault,) = inline(code).faults
    assert fault.file == "index.py"
    assert fault.message
    assert fault.span.line == line


@pytest.mark.parametrize(
    "code", ["x = 1", "", "# only", "\n\n", "\x0cx = 1", "x = '\\d'", "x = 1 if 1else 2", "\ufeffx = 1", "x = '\u2028'"]
)
@pytest.mark.filterwarnings("error")
def test_what_parses_is_no_fault(code: str) -> None:
    source = inline(code)
    assert source.faults == ()
    assert source.unread == ()


def test_newer_syntax_is_named_and_is_no_fault() -> None:
    """An interpreter that knows less than the function's Python has no say; libcst reads what is newer."""
    source = inline("def first[T](a: T) -> T:\n    return a\nimport boto3\ndef handler(e, c): pass", "python3.9")
    assert source.faults == ()
    assert {s.version for s in source.new_syntax} == {(3, 12)}
    assert source.handler.signature == "ok"
    newest = inline("x = t'{1}'\ndef handler(e, c): pass", "python3.14")
    assert newest.faults == ()
    assert newest.handler.name_status == "found"


def test_what_no_version_takes_is_a_fault_also_of_a_newer_one() -> None:
    (fault,) = inline("import boto3\nx = 1\nreturn x\n", "python3.99").faults
    assert fault.span.line == 3
    assert inline("x = = 1\n", "python3.99").faults == ()


def test_python_2_is_not_judged() -> None:
    assert inline("print 'x'", "python2.7").faults == ()


@pytest.mark.parametrize(
    ("data", "fault", "limit"),
    [
        (b"# -*- coding: latin-1 -*-\nimport os\nX = os.environ['\xe9']\n", False, None),
        (b"#!/usr/bin/python\n# coding: cp1252\nimport os\nX = os.environ['\x80']\n", False, None),
        (b"\xef\xbb\xbfimport os\nX = os.environ['A']\n", False, None),
        (b"\xef\xbb\xbf# coding: latin-1\n", True, None),
        (b"import os\nX = '\xe9'\n", True, None),
        (b"# coding: rot13\nvzcbeg bf\n", False, "encoding"),
        (b"# coding: no-such\n", False, "encoding"),
        (b"\xff\xfei\0m\0", True, None),
        (bytes(range(256)) * 40, True, None),
    ],
)
def test_encodings(data: bytes, fault: bool, limit: str | None) -> None:
    code = read_code(data, True)
    assert (code["fault"] is not None, code["limit"]) == (fault, limit)


def test_place_of_a_byte_that_is_not_utf8() -> None:
    assert read_code("x = 1\r\ny = 'äö".encode() + b"\xff'\n", True)["fault"][:2] == [2, 8]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    code = end.join(["import os", "", "x = '''a", "b'''", "Y = os.environ['Y']", "def handler(e, c): pass", ""])
    source = inline(code)
    assert [source.span(r.site) for r in source.reads] == [Span(5, 5, 5, 20)]
    assert source.handler.name_status == "found"


# -- bounds ------------------------------------------------------------------------------------------------------------

DEEP = {
    "brackets": lambda n: "x = " + "(" * n + "1" + ")" * n,
    "lists": lambda n: "x = " + "[" * n + "]" * n,
    "open": lambda n: "x = " + "(" * n,
    "not": lambda n: "x = " + "not " * n + "1",
    "minus": lambda n: "x = " + "-" * n + "1",
    "attributes": lambda n: "x = a" + ".a" * n,
    "calls": lambda n: "x = a" + "()" * n,
    "sum": lambda n: "x = 1" + "+1" * n,
    "strings": lambda n: "x = " + '"a" ' * n,
    "elif": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "choices": lambda n: "x = " + "1 if 1 else " * n + "1",
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "powers": lambda n: "x = 1" + "**1" * n,
    "f-strings": lambda n: 'x = f"{' * n + "1" + '}"' * n,
    "await": lambda n: "async def f():\n    x = " + "await " * n + "a",
    "mixed": lambda n: "x = " + "-(a.a[" * n + "1" + "])" * n,
    "continued": lambda n: "x = 1" + " + \\\n 1" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
}


@pytest.mark.parametrize("kind", sorted(DEEP))
@pytest.mark.parametrize("size", [150, 1000, 100_000])
def test_deep_nesting_in_bounded_time(kind: str, size: int) -> None:
    """Run apart: an overflow of the parser's stack would end the process."""
    code = (DEEP[kind](size) + "\n")[:900_000] + "\nimport boto3\n"
    script = (
        "import sys, time\n"
        "from lambdalint.parsers.python.reading import read_code\n"
        "start = time.perf_counter()\n"
        "code = read_code(sys.stdin.buffer.read(), True)\n"
        "print(time.perf_counter() - start < 15, code['limit'] or code['fault'] or code['parsed'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=code.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-300:]
    assert done.stdout.startswith(b"True"), done.stdout


def test_a_megabyte_of_generated_code() -> None:
    code = "import os\n" + "NAME_1234567890 = [1, 2, 'three']\n" * 27_000 + "def handler(event, context): pass\n"
    start = time.perf_counter()
    source = inline(code)
    assert time.perf_counter() - start < 15
    assert source.handler.name_status == "found"
    assert source.handler.signature == "ok"


def test_a_file_past_the_bound_is_left_alone() -> None:
    source = inline("import os\nX = os.environ['X']\n" + "#" * 1_000_000)
    assert source.reads == ()
    assert source.unread == ((0, "index.py", "size"),)
    assert not source.complete
    assert source.handler.name_status == "unknown"


def test_many_ways_through_end() -> None:
    """Each function calls the next twice with other arguments: exponential, were it not bounded."""
    functions = [f"def f{i}(a):\n    f{i + 1}(a + '1')\n    f{i + 1}(a + '2')\n" for i in range(60)]
    code = "import boto3\n" + "".join(functions) + "def f60(a):\n    pass\ndef handler(e, c):\n    f0('')\n"
    start = time.perf_counter()
    source = inline(code)
    assert time.perf_counter() - start < 20
    assert not source.complete


def test_links(tmp_path: object) -> None:
    root = os.path.join(str(tmp_path), "package")
    os.makedirs(os.path.join(root, "pkg"))
    for name, text in {"package/app.py": "import pkg.secret, loop, up.app\n" + HANDLER, "secret.py": HANDLER}.items():
        with open(os.path.join(str(tmp_path), name), "w") as file:
            file.write(text)
    try:
        os.symlink("loop.py", os.path.join(root, "loop.py"))
        os.symlink(".", os.path.join(root, "up"))
        os.symlink("../../secret.py", os.path.join(root, "pkg", "secret.py"))
        os.symlink("..", os.path.join(root, "pkg", "round"))
    except OSError:
        pytest.skip("no links here")
    files = FolderFiles(root)
    assert files.read("pkg/secret.py") is None
    assert files.read("loop.py") is None
    assert files.read("../secret.py") is None
    assert files.read("/etc/hostname") is None
    assert FolderFiles(root, str(tmp_path)).read("pkg/secret.py") is not None
    source = read_handler(files, "app.handler", RUNTIME)
    assert {i.module: i.found for i in source.imports if i.module != "boto3"} == {
        "pkg.secret": False,
        "loop": False,
        "up.app": True,
    }
    assert len(list(files.names_under(""))) < 20


def test_pipes_and_folders_are_no_files(tmp_path: object) -> None:
    files = FolderFiles(str(tmp_path))
    os.mkdir(os.path.join(str(tmp_path), "app.py"))
    assert not files.exists("app.py")
    assert files.read("app.py") is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(os.path.join(str(tmp_path), "pipe.py"))
        assert files.read("pipe.py") is None
    assert list(FolderFiles(os.path.join(str(tmp_path), "none")).names_under("")) == []


def test_names_under(tmp_path: object) -> None:
    root = str(tmp_path)
    os.makedirs(os.path.join(root, "a", "b"))
    for name in ("a.py", "ab.py", "a/x.py", "a/b/y.py"):
        with open(os.path.join(root, *name.split("/")), "w"):
            pass
    files = FolderFiles(root)
    assert list(files.names_under("")) == ["a.py", "ab.py", "a/x.py", "a/b/y.py"]
    assert list(files.names_under("a.")) == ["a.py"]
    assert list(files.names_under("a/")) == ["a/x.py", "a/b/y.py"]
    assert list(files.names_under("a/b")) == ["a/b/y.py"]


# -- the cache ---------------------------------------------------------------------------------------------------------


def project(folder: object) -> FolderFiles:
    root = os.path.join(str(folder), "src")
    os.makedirs(root, exist_ok=True)
    for name, text in {"app.py": "from lib import go\n" + HANDLER, "lib.py": "import os\ndef go():\n    os.environ['A']\n", "dull.py": "def handler(e, c): pass\n"}.items():  # fmt: skip
        with open(os.path.join(root, name), "w") as file:
            file.write(text)
    return FolderFiles(root)


def entries(folder: str) -> list[str]:
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]


def test_a_second_run_parses_nothing_and_says_the_same(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    files, folder = project(tmp_path), os.path.join(str(tmp_path), "cache")
    first = read_handler(files, "app.handler", RUNTIME, Cache(folder))
    assert entries(folder)
    monkeypatch.setattr("lambdalint.parsers.python.modules.read_code", lambda *_: pytest.fail("read again"))
    second = read_handler(files, "app.handler", RUNTIME, Cache(folder))
    for fact in ("calls", "clients", "reads", "imports", "handler"):
        assert repr(getattr(first, fact)) == repr(getattr(second, fact))
    assert [second.span(c.site) for c in second.calls] == [Span(4, 24, 4, 38)]


def test_a_second_run_does_not_import_libcst(tmp_path: object) -> None:
    project(tmp_path)
    script = textwrap.dedent(
        """
        import sys
        from lambdalint.model.files import FolderFiles
        from lambdalint.parsers.python import open_cache, read_handler
        source = read_handler(FolderFiles(sys.argv[1]), "app.handler", None, cache=True)
        assert [source.span(c.site) for c in source.calls]
        print("libcst" in sys.modules)
        """
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-c", script, os.path.join(str(tmp_path), "src")]
    answers = [subprocess.run(command, env=environment, capture_output=True, text=True).stdout for _ in range(2)]
    assert answers == ["True\n", "False\n"]


@pytest.mark.parametrize("harm", ["empty", "cut", "other", "text", "folder", "swapped"])
def test_a_broken_entry_counts_as_absent(tmp_path: object, harm: str) -> None:
    files, folder = project(tmp_path), os.path.join(str(tmp_path), "cache")
    read_handler(files, "app.handler", RUNTIME, Cache(folder))
    found = sorted(entries(folder))
    for path in found:
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        if harm == "folder":
            os.mkdir(path)
            continue
        other = {
            "empty": b"",
            "cut": data[: len(data) // 2],
            "other": json.dumps({"blocks": 5}).encode(),
            "text": b"\xff" * 50,
            "swapped": data.replace(b"list_buckets", b"drop_buckets"),
        }
        with open(path, "wb") as file:
            file.write(other[harm])
    source = read_handler(files, "app.handler", RUNTIME, Cache(folder))
    assert [c.method for c in source.calls] == ["list_buckets"]


def test_a_folder_that_cannot_be_written_is_no_cache(tmp_path: object) -> None:
    blocked = os.path.join(str(tmp_path), "file")
    with open(blocked, "w"):
        pass
    assert read_handler(project(tmp_path), "app.handler", RUNTIME, Cache(os.path.join(blocked, "x"))).calls


def test_two_writers_at_once(tmp_path: object) -> None:
    files, folder = project(tmp_path), os.path.join(str(tmp_path), "cache")
    results: list[Source] = []
    threads = [
        threading.Thread(target=lambda: results.append(read_handler(files, "app.handler", RUNTIME, Cache(folder))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(r.calls) for r in results] == [1] * 4
    assert all(path.endswith(".facts") for path in entries(folder))


def test_the_cache_is_bounded(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdalint.parsers.python.cache.MAX_FOLDER", 2000)
    cache = Cache(str(tmp_path))
    for i in range(200):
        cache.put(f"a{i:06}", {"blocks": ["x" * 100]})
    assert sum(os.path.getsize(path) for path in entries(str(tmp_path))) < 2000 + 33 * 200


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == os.path.join("/x", "lambdalint")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == "/home/me/.cache/lambdalint"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == "/home/me/Library/Caches/lambdalint"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "")
    assert cache_folder() is None


# -- economy -----------------------------------------------------------------------------------------------------------


def test_a_file_without_a_byte_of_interest_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "parse_tree", lambda *_: pytest.fail("parsed"))
    code = '"""Doc."""\nimport json\nfrom a import (b, c as d)\n\n@deco\nclass X:\n    y = 1\n\ndef handler(event, context):\n    return json.dumps(event)\n'
    source = inline(code)
    assert source.handler.signature == "ok"
    assert [i.module for i in source.imports] == ["a", "json"] or [i.module for i in source.imports] == ["json", "a"]


def test_a_dull_file_that_leads_to_an_interesting_one_is_parsed(tmp_path: object) -> None:
    root = str(tmp_path)
    files = {
        "app.py": "from a import run\ndef handler(e, c):\n    run()\n",
        "a.py": "def run():\n    import b\n    b.run()\n",
        "b.py": "import boto3\ndef run():\n    boto3.client('s3').list_buckets()\n",
    }
    for name, text in files.items():
        with open(os.path.join(root, name), "w") as file:
            file.write(text)
    assert [c.method for c in read_handler(FolderFiles(root), "app.handler").calls] == ["list_buckets"]


# -- the scan agrees with the parser -----------------------------------------------------------------------------------


def own_sources() -> list[str]:
    import lambdalint

    top = os.path.dirname(lambdalint.__file__)
    return [p for p in entries(top) if p.endswith(".py")]


def test_the_nth_statement_stands_on_the_nth_logical_line() -> None:
    for path in own_sources():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        scan = logical_lines(text)
        tree, fault = parse_tree(text)
        assert fault is None
        walk = Walk(scan.lines)
        walk.module(tree)
        assert walk.count == len(scan.lines), path


def test_outline_and_parse_name_the_same_things() -> None:
    def top(code: dict[str, object]) -> set[str]:
        source: list[object] = code["blocks"][0]["body"]  # type: ignore[index]
        return {s[1] for s in source if s[0] in ("def", "class")}  # type: ignore[index]

    seen = 0
    for path in own_sources():
        with open(path, "rb") as file:
            data = file.read()
        text = data.decode()
        short = outline(text, logical_lines(text))
        if short is None:
            continue
        seen += 1
        whole = read_code(data, True)
        assert top(short) == top(whole), path
        parameters = [b["parameters"] for b in short["blocks"] if "parameters" in b]
        defined = [s for s in whole["blocks"][0]["body"] if s[0] == "def"]
        wanted = [whole["blocks"][s[2]]["parameters"] for s in defined]
        assert [[(p[0], p[1], p[2]) for p in ps] for ps in parameters] == [
            [(p[0], p[1], p[2]) for p in ps] for ps in wanted
        ], path
    assert seen > 10


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("a\n\n# c\nb", [1, 4]),
        ("a = (1,\n  2)\nb", [1, 3]),
        ("a = '''\n(\n'''\nb", [1, 4]),
        ("a = 1 + \\\n  2\nb", [1, 3]),
        ("a = f'{x['(']}'\nb", [1, 2]),
        ("a = rf'''{x!r:>{w}}\n'''\nb", [1, 3]),
        ("a = b'\\''\nb", [1, 2]),
        ("a = '}' # (\nb", [1, 2]),
        ("\tif a:\n\n\t\tb", [1, 3]),
        ("a = f'{{' + '}'\nb", [1, 2]),
        ("a = u'x' 'y'\nb", [1, 2]),
        ("a = '\\\n'\nb", [1, 3]),
    ],
)
def test_logical_lines(code: str, numbers: list[int]) -> None:
    assert [line.number for line in logical_lines(code).lines] == numbers


def test_span_of_something_that_is_not_there() -> None:
    assert span_of("a = 1\n", 1, ".b", 0) == Span(1, 1, 1, 6)
    assert span_of("a = 1\n", 9, ".b", 0) == Span(9, 1, 9, 1)
    assert span_of("", 1, "", 0) == Span(1, 1, 1, 1)


def test_nesting_of_ordinary_code_is_small() -> None:
    for path in own_sources():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert nesting(text, logical_lines(text)) < 100, path
