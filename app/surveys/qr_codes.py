"""QR codes of addresses, for screens and for paper."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

# Of medium correction: a poster that is creased or poorly lit can still be read.
CORRECTION = "m"
QUIET_MODULES = 4  # white space around it, as the standard wants
INK = "#14213d"


@lru_cache(maxsize=256)
def svg(address: str) -> bytes:
    """The code as a drawing of any size."""
    return _saved(address, kind="svg", scale=8, dark=INK, xmldecl=False, svgversion=1.1)


@lru_cache(maxsize=64)
def png(address: str) -> bytes:
    """The code as a picture for slides, about 800 pixels wide."""
    return _saved(address, kind="png", scale=20, dark=INK)


def _saved(address: str, **how: Any) -> bytes:
    import segno  # only here: it is large

    file = io.BytesIO()
    segno.make(address, error=CORRECTION, micro=False).save(file, border=QUIET_MODULES, **how)
    return file.getvalue()
