"""`migrate` as the owner: the app's role may not change the schema."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections
from psycopg import sql


class Command(migrate.Command):
    """Django's `migrate`, which goes to the `owner` database when there is one and no other was asked for."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner" if "owner" in connections else "default")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] == "owner":
            grant_app_role()
        super().handle(*args, **options)


def grant_app_role() -> None:
    """Let the app's role use every table that the owner makes from now on; append-only tables take some of it back."""
    app_role = sql.Identifier(connections["default"].settings_dict["USER"])
    statements = (
        "GRANT USAGE ON SCHEMA public TO {}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
    )
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(app_role))
