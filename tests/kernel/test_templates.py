"""Templates are compiled once in a process, whichever application of it shows them."""

from __future__ import annotations

from flask import Flask
from jinja2 import DictLoader

from app.kernel.templates import Compiled, Templates


def shown(words: str, compiled: Compiled) -> tuple[str, Templates]:
    """What a template of these words shows, in an environment of its own."""
    loader = DictLoader({"a.html": words})
    environment = Templates(Flask(__name__), loader=loader, bytecode_cache=compiled)
    return environment.get_template("a.html").render(name="Ana"), environment


def test_what_was_compiled_is_used_again() -> None:
    compiled = Compiled()
    first, environment = shown("For {{ name }}", compiled)
    code = environment.get_template("a.html").root_render_func.__code__
    second, other = shown("For {{ name }}", compiled)
    assert first == second == "For Ana"
    assert other.get_template("a.html").root_render_func.__code__ is code


def test_a_template_that_changed_is_compiled_anew() -> None:
    compiled = Compiled()
    assert shown("For {{ name }}", compiled)[0] == "For Ana"
    assert shown("To {{ name }}", compiled)[0] == "To Ana"
