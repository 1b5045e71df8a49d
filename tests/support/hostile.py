"""What hostile or careless people type."""

from __future__ import annotations

MARKUP = "<img src=x onerror=alert(1)><script>alert('x')</script>\"'><b>"
TEXTS = {
    "nothing": "",
    "spaces": "  \t ",
    "ten thousand characters": "x" * 10_000,
    "markup": MARKUP,
    "quotes": "'; DROP TABLE booking; -- \" ` \\",
    "null": "a\x00b",
    "control characters": "a\x01\x08\x0b\x1b[31m\x7f\x85b",
    "right to left": "\u202egnp.exe\u2066 \u200f\u05d0\u0627",
    "emoji": "👩🏽‍🏫 \U0001f468‍\U0001f469 Zażółć",
    "line breaks": "Ana\r\nBcc: everybody@example.org\r\n\r\nHello",
    "template": "{{7*7}}{% raw %}${7*7}#{7*7}%(x)s%s{0}",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "big number": "9" * 40,
    "odd number": "-1",
    "other digits": "٣٢١",
    "address": "javascript:alert(1)",
    "surrogate": "\ufffe\uffff\ufeff",
}
