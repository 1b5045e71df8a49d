"""A page as a small tree of elements, read with the standard library, with forms to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html.parser import HTMLParser
from typing import Any

VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
NOT_SHOWN = frozenset({"script", "style", "template", "title", "head"})
NOT_TYPED_IN = frozenset({"hidden", "submit", "button", "image", "reset"})

# Tags as our templates write them; whatever looks otherwise is left to html.parser.
PLAIN_START = re.compile(
    r"<(?!(?:script|style|textarea|title|iframe|no\w+|xmp|plaintext)\b)([a-z][a-z0-9]*)"
    r'((?:\s+[a-z][a-z0-9-]*(?:="[^"<>&]*")?)*)\s*>'
)
PLAIN_ATTRIBUTE = re.compile(r'([a-z][a-z0-9-]*)(?:="([^"]*)")?')
PLAIN_END = re.compile(r"</([a-z][a-z0-9]*)>")


@dataclass
class Element:
    """One element: its tag, attributes and what is inside; `element["href"]` reads an attribute."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    parent: Element | None = field(default=None, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def get(self, name: str, otherwise: str = "") -> str:
        """The attribute, or the other value."""
        return self.attributes.get(name, otherwise)

    @cached_property
    def everything(self) -> list[Element]:
        """All elements inside, in the order of the page, once the page is read."""
        found: list[Element] = []
        self._add_everything(found)
        return found

    def _add_everything(self, found: list[Element]) -> None:
        for child in self.children:
            if isinstance(child, Element):
                found.append(child)
                child._add_everything(found)

    @property
    def above(self) -> Iterator[Element]:
        """The elements this one is in, from the inside out."""
        element = self.parent
        while element:
            yield element
            element = element.parent

    @property
    def words(self) -> str:
        """The text shown inside, with runs of white space made one space."""
        found: list[str] = []
        self._add_texts(found)
        return " ".join("".join(found).split())

    def _add_texts(self, found: list[str]) -> None:
        for child in self.children:
            if isinstance(child, str):
                found.append(child)
            elif child.tag not in NOT_SHOWN:
                # Elements stand apart to the eye even where the source has no space between.
                found.append(" ")
                child._add_texts(found)
                found.append(" ")

    def select(self, tag: str | None = None, **attributes: str | bool) -> list[Element]:
        """Elements of that tag whose attributes are so; `class_` asks for one class, `id_=True`
        for any value, and a name's underscores stand for hyphens."""
        return [
            element
            for element in self.everything
            if (tag is None or element.tag == tag)
            and all(_has(element, name, wanted) for name, wanted in attributes.items())
        ]

    def one(self, tag: str | None = None, **attributes: str | bool) -> Element:
        """The only such element; AssertionError if there is none or several."""
        found = self.select(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes} on the page, not one"
        return found[0]


def _has(element: Element, name: str, wanted: str | bool) -> bool:
    name = name.rstrip("_").replace("_", "-")
    if isinstance(wanted, bool):
        return (name in element) is wanted
    if name == "class":
        return wanted in element.get("class").split()
    return element.attributes.get(name) == wanted


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("page")
        self.open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        element = Element(tag, given, parent=self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.tag == tag and self.open.parent:
            self.open = self.open.parent
            return
        for element in self.open.above:
            if element.tag == tag and element.parent:
                self.open = element.parent
                return

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)

    # Reading is a good part of the time of a test of pages: what is plain is read with one match.
    def parse_starttag(self, i: int) -> int:
        plain = PLAIN_START.match(self.rawdata, i)
        if plain is None:
            return super().parse_starttag(i)
        self.lasttag = tag = plain[1]
        self.handle_starttag(tag, PLAIN_ATTRIBUTE.findall(plain[2]))
        return plain.end()

    def parse_endtag(self, i: int) -> int:
        plain = None if self.cdata_elem else PLAIN_END.match(self.rawdata, i)
        if plain is None:
            return super().parse_endtag(i)
        self.handle_endtag(plain[1])
        return plain.end()

    def updatepos(self, i: int, j: int) -> int:
        return j  # nobody asks for the line, and counting lines costs a tenth of the reading


@lru_cache(maxsize=8)
def read(html: str) -> Element:
    """The tree of a page; the judge and then the test itself look at the same one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


@dataclass
class Form:
    """A form on a page, filled in as a browser would before anybody types."""

    element: Element
    names: frozenset[str]
    values: dict[str, list[str]]
    buttons: list[Element]

    @property
    def action(self) -> str:
        """Where it is sent; empty means to the page's own address."""
        return self.element.get("action")

    def button(self, words: str) -> Element:
        """The button with these words; AssertionError names those there are."""
        for button in self.buttons:
            if (button.words or button.get("value")) == words:
                return button
        raise AssertionError(f"no button {words!r}, only {[b.words for b in self.buttons]}")

    def filled_in(self, changes: dict[str, Any], button: str | None) -> dict[str, Any]:
        """What a browser would send: the values found, these changes, and the button if named.

        None leaves a field out; a name that is not on the form is a mistake of the test.
        """
        unknown = sorted(set(changes) - self.names)
        assert not unknown, f"not on the form: {unknown}; it has {sorted(self.names)}"
        sent: dict[str, Any] = {**self.values, **changes}
        if button is not None:
            pressed = self.button(button)
            if pressed.get("name"):
                sent[pressed["name"]] = pressed.get("value")
        return {name: value for name, value in sent.items() if value is not None}


class Page:
    """A parsed page: lookups, forms and links."""

    def __init__(self, html: str) -> None:
        """Read the page; html.parser never refuses."""
        self.root = read(html)

    def select(self, tag: str | None = None, **attributes: str | bool) -> list[Element]:
        """Elements of that tag and with those attributes; see Element.select."""
        return self.root.select(tag, **attributes)

    def one(self, tag: str | None = None, **attributes: str | bool) -> Element:
        """The only such element; AssertionError otherwise."""
        return self.root.one(tag, **attributes)

    @property
    def words(self) -> str:
        """All text shown."""
        return self.root.words

    @property
    def h1(self) -> str:
        """The words of the one main heading."""
        return self.one("h1").words

    @property
    def title(self) -> str:
        """The document's title; titles inside pictures do not count."""
        titles = [
            element
            for element in self.select("title")
            if not any(above.tag == "svg" for above in element.above)
        ]
        return titles[0].words if titles else ""

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary, without its heading."""
        lines: list[str] = []
        for summary in self.select(class_="govuk-error-summary"):
            lines += [item.words for item in summary.select("li")]
        return lines

    @property
    def forms(self) -> list[Form]:
        """All forms, in order."""
        return [_form(element) for element in self.select("form")]

    def form(self, *, names: set[str] = frozenset(), button: str | None = None) -> Form:  # type: ignore[assignment]
        """The one form that can be posted and has these fields and this button."""
        fitting = [
            form
            for form in self.forms
            if form.element.get("method").lower() == "post"
            and names <= form.names
            and (button is None or button in [b.words or b.get("value") for b in form.buttons])
        ]
        described = [(form.action, sorted(form.names)) for form in self.forms]
        assert len(fitting) == 1, (
            f"{len(fitting)} forms with fields {sorted(names)} and button {button!r}, not one; "
            f"the page has {described}"
        )
        return fitting[0]

    def link(self, words: str) -> str:
        """The address of the first link with exactly these words; AssertionError if none."""
        for element in self.select("a", href=True):
            if element.words == words:
                return element["href"]
        raise AssertionError(f"no link {words!r} among {[a.words for a in self.select('a')]}")


def _form(element: Element) -> Form:
    values: dict[str, list[str]] = {}
    names: set[str] = set()
    buttons: list[Element] = []
    for control in element.everything:
        kind = control.get("type", "text" if control.tag == "input" else "submit").lower()
        if control.tag == "button" or (control.tag == "input" and kind in {"submit", "image"}):
            buttons.append(control)
        elif control.tag in {"input", "select", "textarea"} and control.get("name"):
            names.add(control["name"])
            if "disabled" not in control:
                values.setdefault(control["name"], []).extend(_first_values(control, kind))
    return Form(
        element,
        frozenset(names),
        {name: value for name, value in values.items() if value},
        [button for button in buttons if button.get("type", "submit") != "button"],
    )


def _first_values(control: Element, kind: str) -> list[str]:
    if control.tag == "textarea":
        return ["".join(text for text in control.children if isinstance(text, str))]
    if control.tag == "select":
        options = control.select("option")
        chosen = [option for option in options if "selected" in option]
        if not chosen and "multiple" not in control:
            chosen = options[:1]
        return [option.get("value", option.words) for option in chosen]
    if kind in {"checkbox", "radio"}:
        return [control.get("value", "on")] if "checked" in control else []
    return [] if kind == "file" else [control.get("value")]
