"""What Python's drivers make of masked values: the address is one of a connection with a Mask on public.masked.{email,born,salary,notes,ref}."""

import asyncio
import datetime
import decimal
import io
import uuid

import asyncpg
import pg8000.dbapi
import psycopg
import psycopg2
import psycopg2.extras
import sqlalchemy as sa

from cases import public, run

QUERY = "select id, email, born, salary, notes, ref from public.masked where id <= %s order by id"


def _holds(rows, count=3):
    """Whether each row kept what is not masked, lost what is, and has the types of the columns."""
    assert [row[0] for row in rows] == list(range(1, count + 1)), rows
    for number, email, born, salary, notes, ref in rows:
        assert email is None or isinstance(email, str) and "@example.com" not in email, email
        assert born is None or isinstance(born, datetime.date) and born.year != 1990, born
        assert salary is None or isinstance(salary, decimal.Decimal) and salary != 1000 + number, salary
        assert notes is None or isinstance(notes, (dict, str, list)) and "words" not in str(notes), notes
        assert ref is None or isinstance(ref, uuid.UUID) and ref != uuid.UUID(int=number), ref


def psycopg_text_and_binary(url):
    with psycopg.connect(url) as connection:
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            for _ in range(7):  # prepared by itself after the fifth
                _holds(cursor.execute(QUERY, [3]).fetchall())
            with connection.pipeline():
                _holds(connection.cursor(binary=binary).execute(QUERY, [3]).fetchall())
            _holds(list(connection.cursor(binary=binary).stream(QUERY, [3])))
            with connection.cursor("walk", binary=binary) as walk:
                _holds(walk.execute(QUERY, [3]).fetchall())
        _holds(psycopg.ClientCursor(connection).execute(QUERY, [3]).fetchall())


def psycopg_copy_binary(url):
    with psycopg.connect(url) as connection:
        with connection.cursor().copy("copy (select id, email, born, salary, notes, ref from masked order by id limit 3) to stdout (format binary)") as out:
            out.set_types(["int4", "text", "date", "numeric", "jsonb", "uuid"])
            _holds(list(out.rows()))


def psycopg_copy_text(url):
    """As texts."""
    with psycopg.connect(url) as connection:
        with connection.cursor().copy("copy (select id, email, born, salary, notes, ref from masked order by id limit 3) to stdout") as out:
            rows = list(out.rows())
        assert [row[0] for row in rows] == ["1", "2", "3"]
        for row in rows:
            assert not any(word in " ".join(map(str, row)) for word in ("@example.com", "1990", "100" + row[0], "words", "0000" + row[0]))


def psycopg2_text(url):
    with psycopg2.connect(url) as connection:
        psycopg2.extras.register_uuid(conn_or_curs=connection)
        cursor = connection.cursor()
        cursor.execute(QUERY, [3])
        _holds(cursor.fetchall())
        with connection.cursor("walk") as walk:
            walk.execute(QUERY, [3])
            _holds(walk.fetchall())
        out = io.StringIO()
        cursor.copy_expert("copy (select email from masked) to stdout", out)
        assert "@example.com" not in out.getvalue()


def asyncpg_binary(url):
    async def work():
        connection = await asyncpg.connect(url)
        query = QUERY.replace("%s", "$1")
        _holds(await connection.fetch(query, 3))
        statement = await connection.prepare(query)
        _holds(await statement.fetch(3))
        async with connection.transaction():
            _holds([row async for row in connection.cursor(query, 3, prefetch=1)])
        out = io.BytesIO()
        await connection.copy_from_query("select email from masked", output=out)
        assert b"@example.com" not in out.getvalue()
        await connection.close()

    asyncio.run(work())


def pg8000_text(url):
    parts = sa.make_url(url)
    connection = pg8000.dbapi.connect(user=parts.username, password=parts.password, host=parts.host, port=parts.port, database=parts.database)
    cursor = connection.cursor()
    cursor.execute(QUERY, (3,))
    _holds(cursor.fetchall())
    connection.close()


def sqlalchemy_reflected(url):
    for driver in ("psycopg", "psycopg2", "pg8000"):
        engine = sa.create_engine(sa.make_url(url).set(drivername=f"postgresql+{driver}"))
        masked = sa.Table("masked", sa.MetaData(), autoload_with=engine)
        with engine.connect() as connection:
            _holds(connection.execute(sa.select(masked).where(masked.c.id <= 3).order_by(masked.c.id)).all())
        engine.dispose()


if __name__ == "__main__":
    run(public(globals()))
