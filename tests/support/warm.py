"""What every process of the service does first, done once for all that are forked from this one."""

from __future__ import annotations

import config
from app import create_app

_app = create_app(
    config.load(
        {
            "DATABASE_URL": "sqlite:///:memory:",
            "SECRET_KEY": "only for tests, and long enough to be accepted",
            "BASE_URL": "http://localhost",
            "MAIL_URL": "file:/nowhere",
        }
    )
)
for _name in _app.jinja_env.list_templates(["html", "txt"]):
    _app.jinja_env.get_template(_name)
