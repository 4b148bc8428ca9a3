"""asyncpg: https://magicstack.github.io/asyncpg/current/"""

import asyncio
import datetime
import decimal
import io
import json
import uuid

import asyncpg

from cases import public, run


def _case(work):
    def with_connection(url):
        async def begin():
            connection = await asyncpg.connect(url)
            try:
                await work(connection, url)
            finally:
                await connection.close(timeout=10)

        asyncio.run(begin())

    with_connection.__module__ = "__main__"
    return with_connection


async def _refuses(awaitable, error):
    try:
        await awaitable
    except error as raised:
        return raised
    raise AssertionError(f"no {error} was raised")


@_case
async def prepared(connection, url):
    statement = await connection.prepare("select $1::int + $2::int as sum, $3::text as word")
    assert [each.name for each in statement.get_parameters()] == ["int4", "int4", "text"]
    assert [(each.name, each.type.name) for each in statement.get_attributes()] == [("sum", "int4"), ("word", "text")]
    for number in range(10):
        assert tuple(await statement.fetchrow(number, 1, "x")) == (number + 1, "x")
    assert await statement.fetchval(1, 1, None, column=1) is None
    assert len(await statement.fetch(1, 2, "x")) == 1 and statement.get_statusmsg() == "SELECT 1"
    plan = await statement.explain(1, 2, "x")
    assert plan[0]["Plan"]["Node Type"] == "Result", plan


@_case
async def values(connection, url):
    sent = {
        "int2": 7, "int8": 2**40, "float8": 1.5, "numeric": decimal.Decimal("12345678901234567890.125"), "bool": True, "text": "größer", "bytea": b"\x00\xff",
        "timestamptz": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc), "date": datetime.date(2024, 2, 29), "interval": datetime.timedelta(days=3, seconds=1),
        "uuid": uuid.UUID(int=7), "jsonb": '{"a": 1}', "int[]": [1, None, 3], "text[]": [["a", "b"], ["c", "d"]], "int4range": asyncpg.Range(1, 5), "point": asyncpg.Point(1, 2),
    }
    query = "select " + ", ".join(f"${place + 1}::{kind}" for place, kind in enumerate(sent))
    assert list(await connection.fetchrow(query, *sent.values())) == list(sent.values())
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    assert await connection.fetchval("select $1::jsonb", {"b": [1, None]}) == {"b": [1, None]}


@_case
async def cursors(connection, url):
    async with connection.transaction():
        found = [row["n"] async for row in connection.cursor("select generate_series(1, $1::int) as n", 500, prefetch=50)]
        assert found == list(range(1, 501))
        cursor = await connection.cursor("select generate_series(1, 100) as n")
        assert (await cursor.fetchrow())["n"] == 1
        await cursor.forward(10)
        assert [row["n"] for row in await cursor.fetch(2)] == [12, 13]
        assert len(await cursor.fetch(1000)) == 87


@_case
async def copy(connection, url):
    await connection.execute("drop table if exists async_copied; create table async_copied (id int, word text, at timestamptz)")
    at = datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)
    records = [(number, f"word {number}" if number % 2 else None, at) for number in range(1000)]
    assert await connection.copy_records_to_table("async_copied", records=records) == "COPY 1000"
    assert await connection.copy_records_to_table("async_copied", records=[(5000,)], columns=["id"], schema_name="public") == "COPY 1"
    text = io.BytesIO(b"6000,\"a \"\"quoted\"\", word\"\n")
    assert await connection.copy_to_table("async_copied", source=text, columns=["id", "word"], format="csv") == "COPY 1"
    out = io.BytesIO()
    await connection.copy_from_query("select id, word from async_copied where id > $1 order by id", 4000, output=out, format="csv", header=True)
    assert out.getvalue() == b'id,word\n5000,\n6000,"a ""quoted"", word"\n', out.getvalue()
    out = io.BytesIO()
    assert await connection.copy_from_table("async_copied", output=out, format="binary") == "COPY 1002"
    assert out.getvalue().startswith(b"PGCOPY\n\xff\r\n\0")
    out.seek(0)
    await connection.execute("truncate async_copied")
    assert await connection.copy_to_table("async_copied", source=out, format="binary") == "COPY 1002"
    assert await connection.fetchval("select count(word) from async_copied") == 501


@_case
async def notifications(connection, url):
    heard = asyncio.Queue()
    await connection.add_listener("async_news", lambda source, pid, channel, payload: heard.put_nowait((channel, payload)))
    sender = await asyncpg.connect(url)
    await sender.execute("notify async_news, 'one'")
    await sender.execute("select pg_notify($1, $2)", "async_news", "two")
    assert [await asyncio.wait_for(heard.get(), 10) for _ in range(2)] == [("async_news", "one"), ("async_news", "two")]
    await sender.close()
    await connection.reset()


def pool(url):
    async def work():
        async with asyncpg.create_pool(url, min_size=2, max_size=4) as pool:
            async def one(number):
                async with pool.acquire() as connection:
                    return await connection.fetchval("select $1::int", number)

            assert await asyncio.gather(*(one(number) for number in range(30))) == list(range(30))
            async with pool.acquire() as connection:
                await connection.execute("set statement_timeout = '7s'")
            for _ in range(4):
                async with pool.acquire() as connection:
                    assert await connection.fetchval("show statement_timeout") == "0"

    asyncio.run(work())


@_case
async def types(connection, url):
    await connection.execute("drop schema if exists async_kinds cascade; create schema async_kinds")
    await connection.execute("create type async_kinds.mood as enum ('sad', 'happy'); create type async_kinds.place as (street text, zip int)")
    await connection.execute("create domain async_kinds.percent as int check (value <= 100)")
    await connection.execute(
        "create table async_kinds.all_of (mood async_kinds.mood, place async_kinds.place, percent async_kinds.percent, moods async_kinds.mood[], places async_kinds.place[], days daterange, many int4multirange)"
    )
    row = ("happy", ("a, \"b\"", 7), 50, ["sad", None], [("x", 1), ("y", None)], asyncpg.Range(datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)), [asyncpg.Range(1, 3)])
    await connection.execute("insert into async_kinds.all_of values ($1, $2, $3, $4, $5, $6, $7)", *row)
    got = await connection.fetchrow("select * from async_kinds.all_of")
    assert got["place"]["street"] == 'a, "b"' and [tuple(each) for each in got["places"]] == row[4]
    assert (got["mood"], got["percent"], got["moods"], got["days"], got["many"]) == (row[0], row[2], row[3], row[5], row[6])
    await connection.set_type_codec("mood", schema="async_kinds", encoder=str.lower, decoder=str.upper, format="text")
    assert await connection.fetchval("select mood from async_kinds.all_of") == "HAPPY"
    await connection.reload_schema_state()
    await _refuses(connection.execute("insert into async_kinds.all_of (percent) values ($1)", 101), asyncpg.CheckViolationError)


def statement_cache(url):
    async def work():
        for options in ({"statement_cache_size": 0}, {"statement_cache_size": 3, "max_cached_statement_lifetime": 0}):
            connection = await asyncpg.connect(url, **options)
            for number in range(12):
                assert await connection.fetchval(f"select $1::int + {number}", 1) == number + 1
            await connection.execute("drop table if exists cached; create table cached (a int); insert into cached values (1)")
            assert tuple(await connection.fetchrow("select * from cached")) == (1,)
            await connection.execute("alter table cached add b int default 2")
            assert tuple(await connection.fetchrow("select * from cached")) == (1, 2)
            await connection.close()

    asyncio.run(work())


@_case
async def transactions(connection, url):
    await connection.execute("drop table if exists async_numbers; create table async_numbers (id int primary key)")
    async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
        assert await connection.fetchval("show transaction_isolation") == "serializable"
    async with connection.transaction():
        await connection.execute("insert into async_numbers values (1)")

        async def inner():
            async with connection.transaction():
                await connection.execute("insert into async_numbers values (2)")
                await connection.execute("insert into async_numbers values (1)")

        await _refuses(inner(), asyncpg.UniqueViolationError)
    assert await connection.fetch("select id from async_numbers") == [(1,)]
    await connection.executemany("insert into async_numbers values ($1)", [(number,) for number in range(10, 510)])
    assert len(await connection.fetchmany("insert into async_numbers values ($1) returning id", [(number,) for number in range(600, 650)])) == 50
    await _refuses(connection.executemany("insert into async_numbers values ($1)", [(9000,), (1,)]), asyncpg.UniqueViolationError)
    assert await connection.fetchval("select count(*) from async_numbers") == 551


@_case
async def cancelled(connection, url):
    await _refuses(connection.fetch("select pg_sleep(30)", timeout=0.5), asyncio.TimeoutError)
    assert await connection.fetchval("select 1") == 1
    task = asyncio.ensure_future(connection.fetch("select pg_sleep(30)"))
    await asyncio.sleep(0.3)
    task.cancel()
    await _refuses(task, asyncio.CancelledError)
    assert await connection.fetchval("select 2") == 2


@_case
async def messages(connection, url):
    logged = asyncio.Queue()
    connection.add_log_listener(lambda source, message: logged.put_nowait(message.message))
    await connection.execute("drop table if exists no_such_table_at_all")
    assert "does not exist" in await asyncio.wait_for(logged.get(), 10)
    error = await _refuses(connection.fetch("select * from nowhere"), asyncpg.UndefinedTableError)
    assert error.sqlstate == "42P01"
    assert connection.get_settings().TimeZone and connection.get_server_version().major >= 15


if __name__ == "__main__":
    run(public(globals()))
