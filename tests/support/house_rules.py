"""The rules of the house as functions: a file's path and source in, what breaks the rule out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).parents[2]

# The diagram. A feature may import those named here and nothing else of ours; top floor first.
MAY_IMPORT = {
    "forums": "impact surveys notices record attendance bookings improvement catalogue accounts "
    "partnership audit outbox kernel",
    "impact": "surveys attendance bookings improvement catalogue accounts partnership "
    "audit outbox kernel",
    "surveys": "attendance bookings improvement catalogue accounts partnership audit outbox kernel",
    "notices": "record attendance bookings improvement catalogue accounts partnership "
    "audit outbox kernel",
    "record": "attendance bookings improvement catalogue accounts partnership audit outbox kernel",
    "attendance": "bookings improvement catalogue accounts partnership audit outbox kernel",
    "bookings": "improvement catalogue accounts partnership audit outbox kernel",
    "improvement": "catalogue accounts partnership audit outbox kernel",
    "catalogue": "accounts partnership audit outbox kernel",
    "accounts": "partnership audit outbox kernel",
    "partnership": "audit outbox kernel",
    "audit": "kernel",
    "outbox": "kernel",
    "kernel": "",
}
# The roof may import every feature and each other; nobody imports it.
ROOF = {
    *("__init__", "commands", "jobs", "persons", "worker", "page", "schema"),
    *("forum_jobs", "job_steps", "home", "demo", "checks"),
}

NOT_PURE = ("flask", "flask_login", "flask_sqlalchemy", "flask_wtf", "sqlalchemy", "wtforms")
# What a pure file may not reach through us either: these hold tables, sessions and requests.
# The words of a table (its StrEnums: states, kinds) are values like any other and may be used.
NOT_PURE_OF_OURS = {"db", "models", "operations", "queries", "views", "manage_views"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
MAY_COMMIT = {"app/kernel/db.py"}
# The floor of the benchmark stands for itself and imports nothing of ours.
MAY_ASK_THE_TIME = {"app/kernel/clock.py", "app/checks/bench/floor.py"}
CLOCKS = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "func.now",
    "func.current_timestamp",
}


def floor_of(path: str) -> str:
    """The feature, or part of the roof, that a file of ours belongs to."""
    return PurePosixPath(path).parts[1].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """The full name of everything imported anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def imports_that_point_up(path: str, source: str) -> list[str]:
    """Imports of ours that are not in the diagram."""
    here = floor_of(path)
    if here in ROOF:
        return []
    if here not in MAY_IMPORT:
        return [f"{here} is not on the plan of the house"]
    allowed = {here, *MAY_IMPORT[here].split()}
    ours = [name for name in imports(ast.parse(source)) if name.split(".")[0] == "app"]
    return [f"{here} imports {name}" for name in ours if name.split(".")[1] not in allowed]


def impurities(path: str, source: str) -> list[str]:
    """Imports that rules and readers may not have: they take values and give values."""
    place = PurePosixPath(path)
    is_rules = place.name == "rules.py" or place.name.endswith("_rules.py")
    if not is_rules and "readers" not in place.parts:
        return []
    return [name for name in imports(ast.parse(source)) if not _is_pure(name.split("."))]


def _is_pure(parts: list[str]) -> bool:
    if parts[0] == "app":
        return not NOT_PURE_OF_OURS.intersection(parts[1:]) or _is_word(parts)
    return parts[0] not in NOT_PURE


def _is_word(parts: list[str]) -> bool:
    """Whether the name is one of the StrEnums of our file."""
    file = PROJECT.joinpath(*parts[:-1]).with_suffix(".py")
    if not file.exists():
        return False
    return any(
        isinstance(node, ast.ClassDef)
        and node.name == parts[-1]
        and ast.unparse(node.bases[0] if node.bases else node) in {"StrEnum", "enum.StrEnum"}
        for node in ast.parse(file.read_text(encoding="utf-8")).body
    )


def commits(path: str, source: str) -> list[str]:
    """Calls of commit() outside the one place that commits."""
    if path in MAY_COMMIT:
        return []
    return [name for name in _calls(source) if name.split(".")[-1] == "commit"]


def clocks_read(path: str, source: str) -> list[str]:
    """Calls that ask the machine or the database what time it is."""
    if path in MAY_ASK_THE_TIME:
        return []
    return [name for name in _calls(source) if ".".join(name.split(".")[-2:]) in CLOCKS]


def hidden_imports(path: str, source: str) -> list[str]:
    """Imports of our own package inside functions."""
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(
        {
            f"{function.name} imports {name}"
            for function in functions
            for name in imports(function)
            if name.split(".")[0] == "app"
        }
    )


def vague_names(path: str, source: str) -> list[str]:
    """Files and folders whose name does not say what is in them."""
    parts = [part.removesuffix(".py") for part in PurePosixPath(path).parts]
    return [part for part in parts if part in VAGUE_NAMES]


def old_queries(path: str, source: str) -> list[str]:
    """Uses of Model.query, the old way to ask."""
    return [
        f"{node.value.id}.query"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr == "query"
        and isinstance(node.value, ast.Name)
        and node.value.id[0].isupper()
    ]


def operations_that_look_around(path: str, source: str) -> list[str]:
    """Operations that read who is signed in, or the request, instead of being told."""
    if not PurePosixPath(path).name.endswith("operations.py"):
        return []
    asked = {"flask_login.current_user", "flask.request", "flask.session"}
    return [name for name in imports(ast.parse(source)) if name in asked]


def _calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func)
