"""From the bytes of one module to what it does: a pure function of the bytes and of the interpreter that runs us.

Bytes are looked at first; a file that holds nothing a rule asks about gets an outline and no parse. ``compile()``
(which runs nothing) is asked whether the text is Python at all; libcst gives the tree for the walk.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from lambdalint.parsers.python.outline import outline
from lambdalint.parsers.python.scan import MAX_DEPTH, Scan, logical_lines, nesting
from lambdalint.parsers.python.walk import Code, Walk

FORMAT = 1
"""Goes up whenever the shape or the meaning of ``Code`` changes: older entries of the cache are then passed over."""
MAX_BYTES = 1_000_000
MAX_PARSED_BYTES = 300_000
"""libcst takes about 10 s for a megabyte of statements; generated files of that size are outlined only."""
DEEP = 60
"""From this nesting on the parser gets a thread of its own with a stack that holds MAX_DEPTH on every system."""
STACK = 64 * 1024 * 1024

_WORDS = (
    b"boto", b"environ", b"getenv", b"putenv", b"dotenv", b"open", b"write_", b"mkdir", b"makedirs", b"touch(",
    b"FileHandler", b"shutil", b"urlretrieve", b"ZipFile", b"GzipFile", b"sleep", b"multiprocessing", b"ProcessPool",
    b"ThreadPool", b"imeout", b"chdir", b"utilities.parameters", b"import parameters", b"Provider",
)  # fmt: skip
"""What every fact but names, signatures and imports needs to be written in the bytes."""
_NEW_SYNTAX = tuple(
    (word, re.compile(pattern, re.MULTILINE))
    for word, pattern in (
        (b":=", rb":="),
        (b"match", rb"^[ \t]*match\b[^=\n]*:"),
        (b"except", rb"^[ \t]*except(?:[ \t]*\*| [^(:\n]*,)"),
        (b"type", rb"^[ \t]*type[ \t]+\w+[^=\n]*="),
        (b"lazy", rb"^[ \t]*lazy[ \t]"),
        (b"def ", rb"^[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*\["),
        (b"class ", rb"^[ \t]*class[ \t]+\w+[ \t]*\["),
        (b"with", rb"^[ \t]*(?:async[ \t]+)?with[ \t]*\("),
        (b"/", rb"/[ \t\r\n]*[,)]"),
        (b"=", rb"=[ \t]*(?:\}|![rsa]|:[^\n]*\})"),
        (b"t'", rb"\b(?:[tT][rR]?|[rR][tT])'"),
        (b't"', rb'\b(?:[tT][rR]?|[rR][tT])"'),
        (b"T'", rb"\b(?:[tT][rR]?|[rR][tT])'"),
        (b'T"', rb'\b(?:[tT][rR]?|[rR][tT])"'),
        (b"return *", rb"return \*"),
        (b", *", rb"return[^\n]*, \*|\[[^\n\]]*, \*"),
        (b"[*", rb"\[\*"),
        (b"@", rb"^[ \t]*@(?:[^\w\s]|[^\n(]*\[|[^\n]*\)[.\[(])"),
    )
)
"""Where syntax newer than Python 3.7 may stand: a word, and the pattern to try there. It takes in too much."""
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#[^\r\n]*)?$")
_ENCODINGS = re.compile(
    r"utf-?8(-sig)?|ascii|us-ascii|(iso-?8859|latin)-?\d{1,2}(-\d{1,2})?|l1|cp\d{3,4}|windows-\d{4}|koi8-[ru]|mac-?roman"
    r"|gbk|gb2312|gb18030|big5|euc-?(jp|kr)|shift-?jis|sjis"
)
_PARSER_PLACE = re.compile(r"error at (\d+):(\d+)")


def digest(data: bytes) -> str:
    try:
        from _blake2 import blake2b  # hashlib would load OpenSSL
    except ImportError:
        from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest()


def is_interesting(data: bytes) -> bool:
    """Whether a file must be parsed: for a fact, or for syntax that an outline does not see."""
    if any(word in data for word in _WORDS):
        return True
    return any(word in data and pattern.search(data) for word, pattern in _NEW_SYNTAX)


def read_code(data: bytes, parse: bool) -> Code:
    """What a module does. With ``parse`` false an outline is enough (and is taken where it can be had).

    ``fault`` is ``[line, column, message, judge]`` with the judge ``compile``, ``libcst`` or ``both``, for a text that
    does not parse; ``limit`` says why a text was not looked into (``size``, ``depth``, ``encoding``).
    """
    if len(data) > MAX_BYTES:
        return _empty(limit="size")
    text, fault, limit = decode(data)
    if text is None:
        return _empty(fault, limit)
    scan = logical_lines(text)
    depth = nesting(text, scan)
    if depth > MAX_DEPTH:
        # CPython itself refuses 200 nested brackets, but what it says of deeper things depends on its build.
        return _empty(limit="depth")
    fault = _compiled(text)
    if not parse and fault is None and scan.nested_quotes < 0:
        code = outline(text, scan)
        if code is not None:
            return {"parsed": False, "fault": None, "limit": None, **code}
    if len(data) > MAX_PARSED_BYTES:
        code = outline(text, scan) if fault is None else None
        return {**_empty(fault, "size"), **(code or {})}
    return _parsed(text, scan, fault, depth > DEEP)


def _parsed(text: str, scan: Scan, fault: list[Any] | None, deep: bool) -> Code:
    tree, wrong = parse_tree(text, deep)
    if tree is None:
        if fault is not None and wrong is not None:
            return _empty([*fault[:3], "both"])
        return _empty(wrong or fault)
    walk = Walk(scan.lines, scan.nested_quotes >= 0)
    try:
        walk.module(tree)
    except RecursionError:
        return _empty(fault, "depth")
    return {
        "parsed": True,
        "fault": fault,
        "limit": None,
        "features": walk.features,
        "imports": walk.imports,
        "blocks": walk.blocks,
    }


def _empty(fault: list[Any] | None = None, limit: str | None = None) -> Code:
    body = {"name": "", "kind": "module", "body": [], "line": 1}
    return {
        "parsed": False,
        "fault": fault,
        "limit": limit,
        "features": [],
        "imports": [],
        "blocks": [body],
        "blind": True,
    }


def parse_tree(text: str, deep: bool = False) -> tuple[Any, list[Any] | None]:
    """The tree of libcst, or what it says against the text: [line, column, message, ``libcst``]."""
    import libcst

    def work() -> None:
        try:
            outcome.append(libcst.parse_module(text))
        except libcst.ParserSyntaxError as error:
            found = _PARSER_PLACE.search(error.message)
            line, column = (int(found[1]), int(found[2])) if found else (error.raw_line, error.raw_column + 1)
            outcome.append([line, column, "invalid syntax", "libcst"])
        except (RecursionError, MemoryError):
            outcome.append(None)
        except Exception as error:  # what the native parser makes of its own surprises
            outcome.append([1, 1, type(error).__name__, "crash"])

    outcome: list[Any] = []
    if deep:
        import threading

        before = threading.stack_size(STACK)
        try:
            thread = threading.Thread(target=work)
            thread.start()
        finally:
            threading.stack_size(before)
        thread.join()
    else:
        work()
    result = outcome[0] if outcome else None
    if isinstance(result, list):
        return None, result if result[3] == "libcst" else None
    return result, None


def _compiled(text: str) -> list[Any] | None:
    """What this interpreter says against the text. Compiling runs nothing of it."""
    import warnings

    at = text.find("\0")
    if at >= 0:  # versions differ in what they raise, and none says where
        line = text.count("\n", 0, at) + 1
        return [line, at - text.rfind("\n", 0, at), "source code cannot contain null bytes", "compile"]
    # A warning on a doubtful escape is no concern of ours, and as an error it would look like one of syntax.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<handler>", "exec", dont_inherit=True)
        except SyntaxError as error:
            line = error.lineno or 1
            return [line, max(error.offset or 1, 1), error.msg.split(" (")[0], "compile"]
        except (ValueError, RecursionError, MemoryError, OverflowError):
            return None
    return None


def decode(data: bytes) -> tuple[str | None, list[Any] | None, str | None]:
    """The text with ``\\n`` line ends, as Python decodes a source file (PEP 263); else the fault, or the limit."""
    bom = data.startswith(b"\xef\xbb\xbf")
    if bom:
        data = data[3:]
    encoding = "utf-8"
    head = re.split(rb"\r\n|\r|\n", data[:2000], maxsplit=2)[:2]
    for number, line in enumerate(head):
        found = _COOKIE.match(line)
        if found:
            encoding = found[1].decode("ascii", "replace").lower().replace("_", "-")
            break
        if number == 0 and not _BLANK.match(line):
            break
    if bom and not encoding.startswith(("utf8", "utf-8")):
        return None, [1, 1, f"encoding problem: {encoding} with BOM", "both"], None
    if not _ENCODINGS.fullmatch(encoding):
        return None, None, "encoding"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
        column = len(before[line_start:].decode(encoding, "replace")) + 1
        line_number = len(re.split(rb"\r\n|\r|\n", before))
        return None, [line_number, column, f"(unicode error) {error.encoding} cannot decode this byte", "both"], None
    except LookupError:
        return None, None, "encoding"
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, None, None


def running() -> tuple[int, int]:
    """The version of Python whose ``compile`` was asked."""
    return sys.version_info[:2]
