"""Rows about a plan's subjects, past the ORM: for every act a project is put together from them.

SQLAlchemy takes longer to put a query together than a database to answer it: each is built once.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Index, Insert, Row, Select, bindparam, insert, select, text
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, SQLModel

from policy.schema import Plan


def rows_of(
    session: Session,
    table: type[SQLModel],
    plan: Plan,
    codes: Sequence[str] | None,
    order: tuple[str, ...] = (),
) -> Sequence[Row[Any]]:
    """The rows about the subjects of `codes`, or about all."""
    query = _query(table, codes is not None, order)
    return ask(session, query, plan=plan.id, codes=codes)


def ask(session: Session, query: Select[Any], **values: Any) -> Sequence[Row[Any]]:
    """What a query that was built before finds for these values."""
    session.flush()  # which the connection, that knows nothing of the ORM, would not do
    return session.connection().execute(query, values).all()


@cache
def into(table: type[SQLModel]) -> Insert:
    """Adds rows of which nobody holds an object: to be executed on the connection."""
    return insert(table.metadata.tables[str(table.__tablename__)])


class InsertMissing(Insert):
    """Adds rows but those of which a unique key is there already.

    The dialects' own statement would be compiled anew each time: SQLAlchemy keeps none of it.
    """

    inherit_cache = True

    def __init__(self, table: type[SQLModel], key: Sequence[str], where: str) -> None:
        super().__init__(table)
        unique = ", ".join(f'"{name}"' for name in key)
        self._post_values_clause = text(f"ON CONFLICT ({unique}) {where} DO NOTHING")


@cache
def insert_missing(table: type[SQLModel], unique: Index | None = None) -> Insert:
    """Adds rows but those whose primary key, or `unique` index, is there already.

    No other conflict is passed over: it raises IntegrityError.
    """
    if unique is None:
        key = table.metadata.tables[str(table.__tablename__)].primary_key
        return InsertMissing(table, key.columns.keys(), "")
    where = unique.dialect_options["sqlite"]["where"]  # as for PostgreSQL: models.tables
    return InsertMissing(table, unique.columns.keys(), f"WHERE {where}")


def columns(table: type[SQLModel]) -> Any:
    """A table's columns as the database has them, by name."""
    return table.metadata.tables[str(table.__tablename__)].c


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values that are given by that name with the query."""
    return column.in_(bindparam(name, expanding=True))


@cache
def _query(table: type[SQLModel], some: bool, order: tuple[str, ...]) -> Select[Any]:
    its = columns(table)
    query = select(*its).where(its.plan == bindparam("plan"))
    if some:
        query = query.where(among(its.subject, "codes"))
    return query.order_by(*(its[name] for name in order))
