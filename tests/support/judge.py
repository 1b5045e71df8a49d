"""What is wrong with a page: the promises every page of the service keeps, checked by machine."""

from __future__ import annotations

import re
from collections import Counter

from tests.support.page import NOT_TYPED_IN, Element, Page


def faults_of(html: str) -> list[str]:
    """What is wrong with this page, in words; empty if nothing."""
    page = Page(html)
    return [
        *_heading_faults(page),
        *_id_faults(page),
        *_field_faults(page),
        *_form_faults(page),
        *_picture_faults(page),
        *_inline_faults(page),
    ]


def _heading_faults(page: Page) -> list[str]:
    headings = page.select("h1")
    if len(headings) != 1:
        return [f"{len(headings)} h1 headings, not one"]
    heading = headings[0].words
    title = page.title.removeprefix("Error: ")
    if not heading:
        return ["the h1 is empty"]
    if not title.startswith(heading):
        return [f"the title {page.title!r} does not start with the h1 {heading!r}"]
    return []


def _id_faults(page: Page) -> list[str]:
    counts = Counter(element["id"] for element in page.select(id=True))
    faults = [
        f"the id {name!r} is there {count} times" for name, count in counts.items() if count > 1
    ]
    faults += [
        f"the link {link.words!r} leads to {link['href']!r}, which is not on the page"
        for link in page.select("a", href=True)
        if link["href"].startswith("#") and link["href"][1:] not in counts
    ]
    return faults


def _field_faults(page: Page) -> list[str]:
    labelled = {label["for"] for label in page.select("label", for_=True) if label.words}
    ids = {element["id"] for element in page.select(id=True)}
    return [
        f"no label for the field {field.get('name') or field.get('id')!r}"
        for field in page.root.everything
        if _is_typed_in(field) and not _has_label(field, labelled, ids)
    ]


def _is_typed_in(field: Element) -> bool:
    if field.tag == "input":
        return field.get("type", "text").lower() not in NOT_TYPED_IN
    return field.tag in {"select", "textarea"}


def _has_label(field: Element, labelled: set[str], ids: set[str]) -> bool:
    named_by = field.get("aria-labelledby").split()
    return (
        field.get("id") in labelled
        or bool(field.get("aria-label").strip())
        or (bool(named_by) and ids.issuperset(named_by))
        or any(above.tag == "label" and above.words for above in field.above)
    )


def _form_faults(page: Page) -> list[str]:
    return [
        f"the form sent to {form.get('action')!r} has no csrf_token"
        for form in page.select("form")
        if form.get("method").lower() == "post"
        and not any(field.get("value") for field in form.select("input", name="csrf_token"))
    ]


def _picture_faults(page: Page) -> list[str]:
    return [
        f"the picture {picture.get('src')!r} has no alt"
        for picture in page.select("img")
        if "alt" not in picture
    ]


def _inline_faults(page: Page) -> list[str]:
    faults = ["a <style> element" for _ in page.select("style")]
    for element in page.root.everything:
        faults += [
            f"an inline handler {name} on <{element.tag}>"
            for name in element.attributes
            if name.startswith("on") and re.fullmatch(r"on[a-z]+", name)
        ]
        if "style" in element:
            faults.append(f"a style attribute on <{element.tag}>")
        if element.get("href").lower().strip().startswith("javascript:"):
            faults.append("a javascript: link")
        if element.tag == "script" and not ("src" in element or _is_data(element)):
            faults.append("an inline <script>")
    return faults


def _is_data(script: Element) -> bool:
    return script.get("type") in {"application/ld+json", "application/json"}
