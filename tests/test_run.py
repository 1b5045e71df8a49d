"""What run.py decides before it starts anything."""

from __future__ import annotations

import json
import socket
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

import run
from run import CannotGoOn, Installation


def _database(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return file


EXAMPLE = ("CREATE TABLE example_clock (id INTEGER)", "INSERT INTO example_clock VALUES (1)")


def test_without_words_it_serves_on_port_5000() -> None:
    asked = run.command_line([])
    assert (asked.port, asked.data.name, asked.rebuild_example) == (5000, "instance", False)


def test_settings_point_into_the_data_folder(tmp_path: Path) -> None:
    copy = Installation(tmp_path, 5050)
    settings = copy.settings({"PATH": "/bin"}, copy.database)
    assert settings["DATABASE_URL"] == f"sqlite:///{tmp_path}/ripple.sqlite"
    assert settings["MAIL_URL"] == f"file:{tmp_path}/mail"
    assert settings["BASE_URL"] == "http://127.0.0.1:5050"
    assert settings["PATH"] == "/bin"


def test_settings_that_were_given_win(tmp_path: Path) -> None:
    given = {"MAIL_URL": "smtp://mail.example.org:587", "SECRET_KEY": "s" * 40}
    settings = Installation(tmp_path, 5000).settings(given, tmp_path / "x")
    assert settings["MAIL_URL"] == "smtp://mail.example.org:587"
    assert settings["SECRET_KEY"] == "s" * 40
    assert not (tmp_path / "secret-key").exists()


def test_the_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = run.kept_secret(tmp_path / "secret-key")
    assert len(first) >= 32
    assert run.kept_secret(tmp_path / "secret-key") == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_port_that_is_taken_is_refused_with_the_option_to_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotGoOn, match="python3 run.py --port"):
            run.refuse_taken_port(port)
    run.refuse_taken_port(port)


def test_only_a_database_made_by_demo_is_an_example(tmp_path: Path) -> None:
    assert run.is_example(_database(tmp_path / "made-by-demo", *EXAMPLE))
    assert not run.is_example(_database(tmp_path / "no-mark", EXAMPLE[0]))
    assert not run.is_example(_database(tmp_path / "another", "CREATE TABLE booking (id INTEGER)"))
    assert not run.is_example(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()
    (tmp_path / "not-a-database").write_text("hello " * 1000)
    assert not run.is_example(tmp_path / "not-a-database")


def test_a_database_that_is_no_example_is_never_rebuilt(tmp_path: Path) -> None:
    copy = Installation(tmp_path, 5000)
    _database(copy.database, "CREATE TABLE booking (id INTEGER)")
    with pytest.raises(CannotGoOn, match="is not an example, so it is left alone"):
        run.prepare_database(copy, rebuild=True)
    assert copy.database.exists()


def test_an_example_of_rewritten_migrations_is_offered_to_be_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    copy = Installation(tmp_path, 5000)
    _database(copy.database, *EXAMPLE)
    (tmp_path / "migrations.json").write_text(json.dumps({"0001_first_tables.py": "another"}))
    with pytest.raises(CannotGoOn, match="run.py --rebuild-example"):
        run.prepare_database(copy, rebuild=False)
    assert run.is_example(copy.database)


def test_a_database_with_the_newest_migrations_is_used_as_it_is(tmp_path: Path) -> None:
    copy = Installation(tmp_path, 5000)
    _database(copy.database, *EXAMPLE)
    (tmp_path / "migrations.json").write_text(json.dumps(run.migrations()))
    before = copy.database.read_bytes()
    run.prepare_database(copy, rebuild=False)
    assert copy.database.read_bytes() == before


def test_an_environment_is_ready_only_with_its_own_lock_and_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "runtime.txt"
    lock.write_text("flask==3.1.3")
    stamp = tmp_path / "stamp.json"
    monkeypatch.setattr(run, "STAMP", stamp)
    assert not run.is_ready(lock)
    stamp.write_text(json.dumps({"python": sys.version, "runtime.txt": run.digest(lock)}))
    assert run.is_ready(lock)
    lock.write_text("flask==3.1.4")
    assert not run.is_ready(lock)
    stamp.write_text(json.dumps({"python": "2.7", "runtime.txt": run.digest(lock)}))
    assert not run.is_ready(lock)
    stamp.write_text("{broken off")
    assert not run.is_ready(lock)


def test_the_service_is_served_by_gunicorn_on_this_machine_only() -> None:
    command = run.web_command(5050)
    assert "127.0.0.1:5050" in command
    assert command[1:3] == ["-m", "gunicorn"]


def test_the_end_of_what_a_program_said_is_short() -> None:
    assert run.end_of("\n".join(map(str, range(100)))).splitlines()[0] == "85"
