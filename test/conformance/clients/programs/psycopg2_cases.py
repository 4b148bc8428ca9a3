"""psycopg 2: https://www.psycopg.org/docs/"""

import io
import select

import psycopg2
import psycopg2.extras
from psycopg2 import errors, extensions

from cases import public, refuses, run


def _numbers(connection, count=1000):
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists numbers2; create table numbers2 (id int primary key, word text)")
        cursor.execute("insert into numbers2 select i, 'word ' || i from generate_series(1, %s) i", [count])
    connection.commit()


def values(url):
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select %s, %s, %s, %s::bytea, %s", [7, "it's \\ größer", None, psycopg2.Binary(b"\x00'\\"), [1, None]])
        number, word, nothing, data, numbers = cursor.fetchone()
        assert (number, word, nothing, bytes(data), numbers) == (7, "it's \\ größer", None, b"\x00'\\", [1, None])
        cursor.execute("select %(a)s || %(b)s", {"a": "x", "b": "y"})
        assert cursor.fetchone() == ("xy",)


def server_cursor(url):
    with psycopg2.connect(url) as connection:
        _numbers(connection)
        with connection.cursor("walk") as cursor:
            cursor.itersize = 100
            cursor.execute("select id from numbers2 where id > %s order by id", [0])
            assert [number for (number,) in cursor] == list(range(1, 1001))
        with connection.cursor("scrolls", scrollable=True) as cursor:
            cursor.execute("select id from numbers2 order by id")
            cursor.scroll(10)
            assert cursor.fetchone() == (11,)
            cursor.scroll(-5)
            assert cursor.fetchmany(2) == [(7,), (8,)]
        held = connection.cursor("held", withhold=True)
        held.execute("select id from numbers2 order by id")
        connection.commit()
        assert held.fetchone() == (1,)
        held.close()


def copy(url):
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists copied2; create table copied2 (id int, word text)")
        cursor.copy_expert("copy copied2 from stdin (format csv, header)", io.StringIO('id,word\n1,"a ""quoted"", word"\n2,\n'))
        assert cursor.rowcount == 2
        cursor.copy_from(io.StringIO("3\ttab\\tinside\n4\t\\N\n"), "copied2", columns=("id", "word"))
        out = io.StringIO()
        cursor.copy_to(out, "copied2")
        assert out.getvalue() == '1\ta "quoted", word\n2\t\\N\n3\ttab\\tinside\n4\t\\N\n', out.getvalue()
        out = io.BytesIO()
        cursor.copy_expert("copy (select word from copied2 where id = 1) to stdout (format binary)", out)
        assert out.getvalue().startswith(b"PGCOPY\n\xff\r\n\0")


def notifications(url):
    listener = psycopg2.connect(url)
    listener.set_isolation_level(extensions.ISOLATION_LEVEL_AUTOCOMMIT)
    listener.cursor().execute("listen news2")
    with psycopg2.connect(url) as sender:
        sender.cursor().execute("notify news2, 'hello'")
    sender.close()
    while not listener.notifies:
        assert select.select([listener], [], [], 10)[0], "nothing was heard"
        listener.poll()
    heard = listener.notifies.pop()
    assert (heard.channel, heard.payload) == ("news2", "hello")
    listener.close()


def large_objects(url):
    with psycopg2.connect(url) as connection:
        large = connection.lobject(0, "wb")
        oid = large.oid
        assert large.write(b"0123456789" * 1000) == 10000
        large.close()
        connection.commit()
        large = connection.lobject(oid, "rb")
        assert large.seek(-5, 2) == 9995 and large.read() == b"56789"
        assert large.seek(3) == 3 and large.read(4) == b"3456" and large.tell() == 7
        large.close()
        large = connection.lobject(oid, "rw")
        large.truncate(4)
        large.close()
        large = connection.lobject(oid, "rt")
        assert large.read() == "0123"
        large.unlink()
        connection.commit()
        refuses(lambda: connection.lobject(oid, "rb"), psycopg2.Error)


def two_phase(url):
    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    cursor.execute("drop table if exists prepared2; create table prepared2 (id int)")
    connection.commit()
    xid = connection.xid(42, "psycopg2", "branch")
    connection.tpc_begin(xid)
    cursor.execute("insert into prepared2 values (1)")
    connection.tpc_prepare()
    connection.close()
    again = psycopg2.connect(url)
    assert [each for each in again.tpc_recover() if each.gtrid == "psycopg2"]
    again.reset()
    again.tpc_commit(xid)
    cursor = again.cursor()
    cursor.execute("select count(*) from prepared2")
    assert cursor.fetchone() == (1,)
    again.close()


def sessions(url):
    with psycopg2.connect(url) as connection:
        connection.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
        cursor = connection.cursor()
        cursor.execute("show transaction_isolation")
        assert cursor.fetchone() == ("serializable",)
        refuses(lambda: cursor.execute("create table never (id int)"), errors.ReadOnlySqlTransaction)
        connection.rollback()
        connection.reset()
        connection.set_client_encoding("UTF8")
        connection.autocommit = True
        cursor.execute("set application_name = 'psycopg2'")
        assert connection.info.parameter_status("application_name").endswith("psycopg2")  # hoop writes who it is before it


def types(url):
    with psycopg2.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute("drop type if exists place2; create type place2 as (street text, zip int)")
        psycopg2.extras.register_composite("place2", cursor)
        cursor.execute("select ('a, \"b\"', 7)::place2")
        place = cursor.fetchone()[0]
        assert (place.street, place.zip) == ('a, "b"', 7)
        cursor.execute("create extension if not exists hstore")
        psycopg2.extras.register_hstore(cursor)
        cursor.execute("select %s", [{"key": "value", "none": None}])
        assert cursor.fetchone() == ({"key": "value", "none": None},)
        cursor.execute("select %s::jsonb", [psycopg2.extras.Json({"a": [1, None]})])
        assert cursor.fetchone() == ({"a": [1, None]},)


def batches(url):
    with psycopg2.connect(url) as connection:
        _numbers(connection, 1)
        cursor = connection.cursor(cursor_factory=psycopg2.extras.DictCursor)
        rows = psycopg2.extras.execute_values(cursor, "insert into numbers2 values %s returning id", [(i, "it's") for i in range(10, 260)], page_size=50, fetch=True)
        assert len(rows) == 250
        psycopg2.extras.execute_batch(cursor, "update numbers2 set word = %s where id = %s", [("x", i) for i in range(10, 210)])
        cursor.execute("select count(*) as n from numbers2 where word = 'x'")
        assert cursor.fetchone()["n"] == 200


def cancelled(url):
    import threading

    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    timer = threading.Timer(0.5, connection.cancel)
    timer.start()
    refuses(lambda: cursor.execute("select pg_sleep(30)"), errors.QueryCanceled)
    connection.rollback()
    cursor.execute("select 1")
    assert cursor.fetchone() == (1,)
    connection.close()


if __name__ == "__main__":
    run(public(globals()))
