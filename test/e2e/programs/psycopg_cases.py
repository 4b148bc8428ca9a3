"""One case of psycopg 3 through a local port of hoop: psycopg_cases.py CASE URL. Ends with 0 if what it says holds."""

import re
import sys
from datetime import datetime, timezone
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

MASKED = re.compile(r"^\*+[^*@]{4}$")


def simple(connection):
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute("select %s::int, %s::text; select %s", [7, "it's", None])
        assert cursor.fetchall() == [(7, "it's")]
        assert cursor.nextset() and cursor.fetchall() == [(None,)]


def values(connection, binary):
    sent = [
        7,
        2**40,
        1.5,
        Decimal("12345678901234567890.125"),
        True,
        None,
        "größer",
        b"\x00\xff\x0a",
        datetime(2024, 2, 29, 12, 0, 0, 1, timezone.utc),
        UUID("0123456789abcdef0123456789abcdef"),
        [1, None, 3],
        [["a", "b"], ["c", "d"]],
    ]
    mark = "%b" if binary else "%s"
    kinds = "int int8 float8 numeric bool text text bytea timestamptz uuid int[] text[]".split()
    query = "select " + ", ".join(f"{mark}::{kind}" for kind in kinds)
    with connection.cursor(binary=binary) as cursor:
        for _ in range(7):  # prepared by itself after the fifth
            assert list(cursor.execute(query, sent).fetchone()) == sent
        document = {"a": [1, None, "x"]}
        assert cursor.execute(f"select {mark}::jsonb", [Jsonb(document)]).fetchone() == (document,)


def text(connection):
    values(connection, False)


def binary(connection):
    values(connection, True)


def prepared(connection):
    for number in range(10):
        row = connection.execute("select id from customers where id = %s", [number + 1], prepare=True).fetchone()
        assert row == (number + 1,)


def pipeline(connection):
    connection.autocommit = True
    with connection.pipeline():
        cursors = [connection.execute("select %s::int", [number]) for number in range(300)]
    assert [cursor.fetchone()[0] for cursor in cursors] == list(range(300))
    try:
        with connection.pipeline():
            connection.execute("insert into scratch (id) values (500)")
            connection.execute("truncate scratch")
            connection.execute("insert into scratch (id) values (501)")
        raise AssertionError("truncate was not refused")
    except psycopg.errors.InsufficientPrivilege as refused:
        assert "migrations only" in str(refused)
    # one implicit transaction: nothing of it stays
    assert connection.execute("select id from scratch where id in (500, 501)").fetchall() == []


def transactions(connection):
    try:
        with connection.transaction():
            connection.execute("insert into scratch (id) values (600)")
            with connection.transaction():
                connection.execute("insert into scratch (id) values (601)")
                raise psycopg.Rollback()
    finally:
        connection.rollback()
    with connection.transaction():
        connection.execute("insert into scratch (id) values (602)")
        try:
            with connection.transaction():
                connection.execute("insert into scratch (id) values (602)")
        except psycopg.errors.UniqueViolation as error:
            assert error.diag.constraint_name == "scratch_pkey"
    found = connection.execute("select id from scratch where id between 600 and 609 order by id").fetchall()
    assert found == [(600,), (602,)], found


def notices(connection):
    told = []
    connection.add_notice_handler(lambda diagnostic: told.append(diagnostic.message_primary))
    connection.execute("create table if not exists scratch (id int)")
    assert told == ['relation "scratch" already exists, skipping'], told


def copy(connection):
    rows = [(700 + number, f"word\t{number}\n", [number, None]) for number in range(5000)]
    for how in ["", " (format binary)"]:
        with connection.cursor() as cursor:
            with cursor.copy(f"copy scratch (id, word, list) from stdin{how}") as copying:
                if how:
                    copying.set_types(["int4", "text", "int4[]"])
                for row in rows:
                    copying.write_row(row)
            with cursor.copy(f"copy (select id, word, list from scratch where id >= 700 order by id) to stdout{how}") as copying:
                copying.set_types(["int4", "text", "int4[]"])
                assert list(copying.rows()) == rows
        connection.rollback()


def large(connection):
    block = b"\x00\x01\xfe\xff" * (4 * 1024 * 1024)
    for mark in ["%t", "%b"]:
        with connection.cursor(binary=mark == "%b") as cursor:
            size = cursor.execute(f"select length({mark}::bytea)", [block]).fetchone()
            assert size == (len(block),)
            assert cursor.execute(f"select {mark}::bytea", [block]).fetchone() == (block,)


def masked(connection):
    for binary in [False, True]:
        with connection.cursor(binary=binary) as cursor:
            cursor.execute("select id, email, phone, created_at, null::text from customers where id < %s order by id", [4])
            rows = cursor.fetchall()
            assert [row[0] for row in rows] == [1, 2, 3]
            for _, email, phone, created, nothing in rows:
                assert MASKED.match(email) and MASKED.match(phone), (email, phone)
                assert created.year >= 2024 and nothing is None
            cursor.execute("select array_agg(email), to_jsonb(array_agg(phone)) from customers where id = 1")
            everything, document = cursor.fetchone()
            # Of what is made of a masked value not even the shape is shown.
            assert everything == [] and document == "[masked]", (everything, document)
            try:
                cursor.execute("select count(*) from customers c group by c.*")
                raise AssertionError("grouped by masked values")
            except psycopg.errors.InsufficientPrivilege:
                connection.rollback()
            cursor.execute("select card_number, expires from cards order by id limit 1")
            number, expires = cursor.fetchone()
            assert re.match(r"^\*+\d{4}$", number) and expires.day == 1


def errors(connection):
    connection.autocommit = True
    for statement, kind in [
        ("select * from nothing", psycopg.errors.UndefinedTable),
        ("select 1 / 0", psycopg.errors.DivisionByZero),
        ("selec 1", psycopg.errors.SyntaxError),
        ("load 'auto_explain'", psycopg.errors.FeatureNotSupported),
    ]:
        try:
            connection.execute(statement)
            raise AssertionError(statement)
        except kind:
            pass
    assert connection.execute("select 1").fetchone() == (1,)


CASES = {
    case.__name__: case
    for case in [simple, text, binary, prepared, pipeline, transactions, notices, copy, large, masked, errors]
}

if __name__ == "__main__":
    with psycopg.connect(sys.argv[2]) as opened:
        CASES[sys.argv[1]](opened)
