"""SHA-256 without hashlib, which loads OpenSSL: 4 ms of a run that takes 40."""

from __future__ import annotations

from typing import Any


def _implementation() -> Any:
    for name in ("_sha2", "_sha256", "hashlib"):  # 3.12 and later; 3.10 and 3.11; an interpreter built without them
        try:
            return __import__(name).sha256
        except ImportError:
            continue
    raise ImportError("this interpreter has no SHA-256")


_sha256 = _implementation()


def sha256(text: str) -> str:
    """The hexadecimal digest of a text in UTF-8."""
    digest: str = _sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest
