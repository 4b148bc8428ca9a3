"""psycopg 3: https://www.psycopg.org/psycopg3/docs/"""

import asyncio
import threading
import time
from datetime import date
from decimal import Decimal

import psycopg
from psycopg import ClientCursor, IsolationLevel, rows, sql
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.range import Range
from psycopg_pool import ConnectionPool

from cases import public, refuses, run


def _connect(url, **options):
    return psycopg.connect(url, **options)


def _numbers(connection, count=1000):
    connection.execute("drop table if exists numbers")
    connection.execute("create table numbers (id int primary key, word text, amount numeric)")
    connection.execute("insert into numbers select i, 'word ' || i, i * 1.25 from generate_series(1, %s) i", [count])
    connection.commit()


def pipeline(url):
    with _connect(url, autocommit=True) as connection:
        _numbers(connection, 10)
        with connection.pipeline() as pipe, connection.cursor() as cursor:
            cursor.executemany("insert into numbers values (%s, %s, %s)", [(i, f"piped {i}", Decimal(i)) for i in range(100, 300)])
            first = connection.execute("select count(*) from numbers")
            pipe.sync()
            second = connection.execute("select word from numbers where id = %s", [200])
            assert first.fetchone() == (210,)
            assert second.fetchone() == ("piped 200",)

        def fails():
            with connection.pipeline():
                connection.execute("insert into numbers values (1000, 'kept back', 0)")
                connection.execute("select 1 / 0")
                connection.execute("insert into numbers values (1001, 'never', 0)")

        refuses(fails, psycopg.errors.DivisionByZero)
        assert connection.execute("select count(*) from numbers where id >= 1000").fetchone() == (0,)


def server_cursor(url):
    with _connect(url) as connection:
        _numbers(connection)
        for binary in (False, True):
            with connection.cursor("walk", binary=binary) as cursor:
                cursor.itersize = 100
                cursor.execute("select id, amount from numbers order by id")
                found = list(cursor)
                assert len(found) == 1000 and found[7] == (8, Decimal("10.00"))
        with connection.cursor("scrolls", scrollable=True) as cursor:
            cursor.execute("select id from numbers order by id")
            assert cursor.fetchmany(3) == [(1,), (2,), (3,)]
            cursor.scroll(10)
            assert cursor.fetchone() == (14,)
            cursor.scroll(0, mode="absolute")
            assert cursor.fetchone() == (1,)
            assert len(cursor.fetchall()) == 999
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute("select id from numbers order by id")
            connection.commit()
            assert cursor.fetchmany(2) == [(1,), (2,)]
        connection.commit()
        with connection.cursor("with parameters") as cursor:
            cursor.execute("select word from numbers where id between %s and %s order by id", [5, 6])
            assert cursor.fetchall() == [("word 5",), ("word 6",)]


def copy(url):
    words = [(1, "plain"), (2, "tab\tand\\back\nline"), (3, None), (4, ""), (5, "größer €")]
    with _connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists copied; create table copied (id int, word text)")
        for form in ("text", "binary"):
            cursor.execute("truncate copied")
            with cursor.copy(f"copy copied (id, word) from stdin (format {form})") as into:
                if form == "binary":
                    into.set_types(["int4", "text"])
                for row in words:
                    into.write_row(row)
            assert cursor.rowcount == 5
            with cursor.copy(f"copy (select id, word from copied order by id) to stdout (format {form})") as out:
                out.set_types(["int4", "text"])
                assert list(out.rows()) == words
        with cursor.copy("copy copied to stdout (format csv, header)") as out:
            data = b"".join(out)
        assert data.startswith(b"id,word\n1,plain\n") and b'4,""\n' in data
        with connection.cursor().copy("copy copied (word) from stdin (format csv)") as into:
            into.write('"a ""quoted"", word"\n')
        assert cursor.execute("select word from copied where id is null").fetchone() == ('a "quoted", word',)

        def given_up():
            with cursor.copy("copy copied from stdin") as into:
                into.write_row((9, "x"))
                raise ValueError("given up")

        refuses(given_up, ValueError)
        connection.rollback()


def prepared(url):
    with _connect(url, prepare_threshold=0, autocommit=True) as connection:
        connection.prepared_max = 5
        for number in range(20):
            assert connection.execute(f"select %s::int + {number}", [1]).fetchone() == (1 + number,)
        names = connection.execute("select count(*) from pg_prepared_statements", prepare=False).fetchone()
        assert 0 < names[0] <= 6, names
        _numbers(connection, 3)
        query = "select * from numbers where id = %s"
        assert connection.execute(query, [1]).fetchone() == (1, "word 1", Decimal("1.25"))
        connection.execute("alter table numbers add more int default 5")
        refuses(lambda: connection.execute(query, [1]), psycopg.errors.FeatureNotSupported)
        connection.execute("discard all", prepare=False)


def two_phase(url):
    with _connect(url) as connection:
        connection.execute("drop table if exists prepared_later; create table prepared_later (id int, word text)")
        connection.commit()
        xid = connection.xid(7, "through hoop", "branch")
        connection.tpc_begin(xid)
        connection.execute("insert into prepared_later values (50, 'prepared')")
        connection.tpc_prepare()
        connection.close()
    with _connect(url) as connection:
        assert any(each.gtrid == "through hoop" for each in connection.tpc_recover())
        connection.tpc_commit(xid)
        assert connection.execute("select word from prepared_later where id = 50").fetchone() == ("prepared",)
        connection.rollback()
        connection.tpc_begin(connection.xid(1, "second", ""))
        connection.execute("delete from prepared_later where id = 50")
        connection.tpc_prepare()
        connection.tpc_rollback()
        assert connection.execute("select count(*) from prepared_later where id = 50").fetchone() == (1,)


def notifications(url):
    with _connect(url, autocommit=True) as listener, _connect(url, autocommit=True) as sender:
        listener.execute("listen news")
        sender.execute("notify news, 'by NOTIFY'")
        sender.execute("select pg_notify('news', %s)", ["by function"])
        heard = [each.payload for each in listener.notifies(timeout=10, stop_after=2)]
        assert heard == ["by NOTIFY", "by function"], heard
        listener.execute("unlisten news")
        sender.execute("notify news, 'too late'")
        assert list(listener.notifies(timeout=0.3)) == []
        listener.execute("listen \"Odd Name\"")
        listener.execute("notify \"Odd Name\"")
        assert [each.channel for each in listener.notifies(timeout=10, stop_after=1)] == ["Odd Name"]


def cancelled(url):
    with _connect(url, autocommit=True) as connection:
        for cancel in (connection.cancel, connection.cancel_safe):
            timer = threading.Timer(0.5, cancel)
            started = time.monotonic()
            timer.start()
            refuses(lambda: connection.execute("select pg_sleep(30)"), psycopg.errors.QueryCanceled)
            timer.join()
            assert time.monotonic() - started < 15
            assert connection.execute("select 1").fetchone() == (1,)


def pool(url):
    with ConnectionPool(url, min_size=2, max_size=4, check=ConnectionPool.check_connection, open=True) as pool:
        pool.wait(30)
        found = []

        def work(number):
            with pool.connection() as connection:
                found.append(connection.execute("select %s::int", [number]).fetchone()[0])

        threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == list(range(20))


def stream(url):
    with _connect(url) as connection, connection.cursor(binary=True) as cursor:
        total = 0
        for number, pad in cursor.stream("select i, repeat('x', 100) from generate_series(1, 100000) i", size=1):
            total += number
            assert len(pad) == 100
        assert total == 5000050000
        with connection.cursor(binary=True) as chunks:
            assert sum(1 for _ in chunks.stream("select generate_series(1, 20000)", size=500)) == 20000


def row_factories(url):
    with _connect(url) as connection:
        _numbers(connection, 3)
        dictionary = connection.cursor(row_factory=rows.dict_row)
        assert dictionary.execute("select id, word from numbers order by id").fetchone() == {"id": 1, "word": "word 1"}
        named = connection.cursor(row_factory=rows.namedtuple_row)
        assert named.execute("select id as key from numbers order by id").fetchone().key == 1
        assert connection.cursor(row_factory=rows.scalar_row).execute("select count(*) from numbers").fetchone() == 3


def transactions(url):
    with _connect(url) as connection:
        _numbers(connection, 1)
        connection.isolation_level = IsolationLevel.SERIALIZABLE
        connection.read_only = True
        connection.deferrable = True
        assert connection.execute("show transaction_isolation").fetchone() == ("serializable",)
        refuses(lambda: connection.execute("delete from numbers"), psycopg.errors.ReadOnlySqlTransaction)
        connection.rollback()
        connection.isolation_level = connection.read_only = connection.deferrable = None
        with connection.transaction():
            connection.execute("insert into numbers values (20, 'outer', 0)")

            def inner():
                with connection.transaction(savepoint_name="inner"):
                    connection.execute("insert into numbers values (21, 'inner', 0)")
                    connection.execute("insert into numbers values (20, 'again', 0)")

            refuses(inner, psycopg.errors.UniqueViolation)
            with connection.transaction(force_rollback=True):
                connection.execute("insert into numbers values (22, 'rolled back', 0)")
        assert connection.execute("select id from numbers order by id").fetchall() == [(1,), (20,)]


def types(url):
    with _connect(url) as connection:
        connection.execute("drop schema if exists kinds cascade; create schema kinds")
        connection.execute("create type kinds.mood as enum ('sad', 'happy'); create type kinds.place as (street text, zip int)")
        connection.execute("create domain kinds.percent as int check (value <= 100)")
        connection.execute("create table kinds.all_of (mood kinds.mood, place kinds.place, percent kinds.percent, moods kinds.mood[], days daterange, many int4multirange)")
        connection.commit()
        mood = EnumInfo.fetch(connection, "kinds.mood")
        place = CompositeInfo.fetch(connection, "kinds.place")
        assert mood.labels == ["sad", "happy"] and tuple(place.field_names) == ("street", "zip")
        register_enum(mood, connection)
        register_composite(place, connection)
        row = [mood.enum.happy, place.python_type("a, \"b\"", 7), 50, [mood.enum.sad, None], Range(date(2024, 1, 1), date(2024, 2, 1))]
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            cursor.execute("insert into kinds.all_of values (%s, %s, %s, %s, %s, '{[1,3), [7,9)}')", row)
            got = cursor.execute("select mood, place, percent, moods, days from kinds.all_of").fetchone()
            assert list(got) == row, got
            assert len(cursor.execute("select many from kinds.all_of").fetchone()[0]) == 2
        refuses(lambda: connection.execute("insert into kinds.all_of (percent) values (101)"), psycopg.errors.CheckViolation)


def search_path(url):
    with _connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists aside cascade; create schema aside; create table aside.only_here (id int)")
        connection.execute("set search_path to aside, public")
        assert connection.execute("select count(*) from only_here").fetchone() == (0,)
        assert connection.execute("show search_path").fetchone() == ("aside, public",)
        connection.execute("reset search_path")
        refuses(lambda: connection.execute("select count(*) from only_here"), psycopg.errors.UndefinedTable)
    with _connect(url, options="-c search_path=aside") as connection:
        assert connection.execute("select count(*) from only_here").fetchone() == (0,)


def composed(url):
    with _connect(url, cursor_factory=ClientCursor) as connection:
        _numbers(connection, 3)
        query = sql.SQL("select {} from {} where {} = %s").format(sql.Identifier("word"), sql.Identifier("public", "numbers"), sql.Identifier("id"))
        assert connection.execute(query, [2]).fetchone() == ("word 2",)
        assert connection.execute("select 'it''s', %s; select 2", ["o'clock"]).fetchone() == ("it's", "o'clock")


def asynchronous(url):
    async def work():
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            async with connection.pipeline():
                cursors = [await connection.execute("select %s::int", [number]) for number in range(50)]
                assert [(await each.fetchone())[0] for each in cursors] == list(range(50))
            asking = asyncio.create_task(connection.execute("select pg_sleep(30)"))
            await asyncio.sleep(0.5)
            asking.cancel()
            try:
                await asking
            except asyncio.CancelledError:
                pass
            assert (await (await connection.execute("select 1")).fetchone()) == (1,)

    asyncio.run(work())


if __name__ == "__main__":
    run(public(globals()))
