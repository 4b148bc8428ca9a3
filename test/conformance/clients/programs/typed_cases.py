"""Python's drivers read every type of a masked table: the address is one of a connection that masks all columns of public.typed but its id."""

import asyncio
import re

import asyncpg
import psycopg
import psycopg2

from cases import public, run

# Numbers as wholes, since some of their digits may stand in a digest by chance.
ORIGINALS = re.compile(r"(?<![0-9a-z])(?:4711)+(?:47)?(?![0-9a-z])|private|1947(?:-|, )11|(?<!\d)47\.11|47:11:47")


def _query(url):
    """The table is that of the method that the address names itself by."""
    return f"select * from public.typed_{url.split('=')[1]} where id <= %s order by id"


def _holds(rows, nulls=False):
    assert [row[0] for row in rows] == [1, 2, 3], rows
    for row in rows:
        for at, value in enumerate(row[1:], 1):
            assert nulls or value is not None, at
            assert not ORIGINALS.search(repr(value)), (at, value)


def psycopg_text_and_binary(url):
    with psycopg.connect(url) as connection:
        for binary in (False, True):
            for _ in range(7):
                _holds(connection.cursor(binary=binary).execute(_query(url), [3]).fetchall(), url.endswith("null"))


def psycopg2_text(url):
    with psycopg2.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute(_query(url), [3])
        _holds(cursor.fetchall(), url.endswith("null"))


def asyncpg_binary(url):
    async def work():
        connection = await asyncpg.connect(url)
        _holds([tuple(row) for row in await connection.fetch(_query(url).replace("%s", "$1"), 3)], url.endswith("null"))
        await connection.close()

    asyncio.run(work())


if __name__ == "__main__":
    run(public(globals()))
