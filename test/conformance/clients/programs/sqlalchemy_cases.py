"""SQLAlchemy 2: https://docs.sqlalchemy.org/en/20/ — the driver is the first part of the case's name: `psycopg2.reflection`."""

import asyncio
import datetime
import decimal
import enum
import sys

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from cases import public


class Mood(enum.Enum):
    sad = "sad"
    happy = "happy"


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(schema="alchemy")


class Person(Base):
    __tablename__ = "people"
    __table_args__ = (sa.UniqueConstraint("name", "born", name="one_name_a_day"), sa.CheckConstraint("length(name) > 0", name="named"), {"comment": "people's table"})
    id: orm.Mapped[int] = orm.mapped_column(sa.Identity(), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(comment="what they are called")
    email: orm.Mapped[str | None] = orm.mapped_column(sa.String(100), index=True)
    born: orm.Mapped[datetime.date | None]
    mood: orm.Mapped[Mood | None] = orm.mapped_column(pg.ENUM(Mood, name="mood", schema="alchemy"))
    notes: orm.Mapped[dict | None] = orm.mapped_column(pg.JSONB)
    tags: orm.Mapped[list[str] | None] = orm.mapped_column(pg.ARRAY(sa.String))
    orders: orm.Mapped[list["Order"]] = orm.relationship(back_populates="person", cascade="all, delete-orphan", order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    person_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("alchemy.people.id", ondelete="CASCADE"))
    amount: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    person: orm.Mapped[Person] = orm.relationship(back_populates="orders")


def _engine(url, driver, make=sa.create_engine, **options):
    return make(sa.make_url(url).set(drivername=f"postgresql+{driver}"), **options)


def _lay_out(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("drop schema if exists alchemy cascade")
        connection.execute(sa.schema.CreateSchema("alchemy"))
        Base.metadata.create_all(connection)
        Base.metadata.create_all(connection)  # finds that all is there
        connection.exec_driver_sql("create view alchemy.rich as select person_id, sum(amount) as spent from alchemy.orders group by person_id")
        connection.exec_driver_sql("create materialized view alchemy.counts as select mood, count(*) as n from alchemy.people group by mood")
        connection.exec_driver_sql("create sequence alchemy.tickets")


def reflection(url, driver):
    engine = _engine(url, driver)
    _lay_out(engine)
    inspector = sa.inspect(engine)
    assert "alchemy" in inspector.get_schema_names()
    assert sorted(inspector.get_table_names("alchemy")) == ["orders", "people"]
    assert inspector.get_view_names("alchemy") == ["rich"] and inspector.get_materialized_view_names("alchemy") == ["counts"]
    assert "sum(" in inspector.get_view_definition("rich", "alchemy").lower()
    assert set(inspector.get_sequence_names("alchemy")) >= {"tickets"}
    columns = {each["name"]: each for each in inspector.get_columns("people", "alchemy")}
    assert columns["name"]["comment"] == "what they are called" and columns["id"]["identity"]["start"] == 1
    assert columns["mood"]["type"].enums == ["sad", "happy"] and isinstance(columns["tags"]["type"], pg.ARRAY)
    assert inspector.get_pk_constraint("people", "alchemy")["constrained_columns"] == ["id"]
    [foreign] = inspector.get_foreign_keys("orders", "alchemy")
    assert foreign["referred_table"] == "people" and foreign["options"] == {"ondelete": "CASCADE"}
    assert {each["name"] for each in inspector.get_indexes("people", "alchemy")} >= {"ix_alchemy_people_email", "one_name_a_day"}
    assert [each["name"] for each in inspector.get_unique_constraints("people", "alchemy")] == ["one_name_a_day"]
    assert [each["name"] for each in inspector.get_check_constraints("people", "alchemy")] == ["named"]
    assert inspector.get_table_comment("people", "alchemy") == {"text": "people's table"}
    assert [each["name"] for each in inspector.get_enums("alchemy")] == ["mood"]
    assert inspector.has_table("people", "alchemy") and not inspector.has_table("nothing", "alchemy") and inspector.has_sequence("tickets", "alchemy")
    assert set(inspector.get_multi_columns("alchemy")) == {("alchemy", "people"), ("alchemy", "orders")}
    reflected = sa.MetaData()
    reflected.reflect(engine, schema="alchemy", views=True)
    assert set(reflected.tables) >= {"alchemy.people", "alchemy.orders", "alchemy.rich"}
    engine.dispose()


def objects(url, driver):
    engine = _engine(url, driver, insertmanyvalues_page_size=100)
    _lay_out(engine)
    with orm.Session(engine) as session:
        session.add_all([Person(name=f"n{i}", email=f"p{i}@example.com", born=datetime.date(2000, 1, 1), mood=Mood.happy, notes={"i": i}, tags=["a", "b"], orders=[Order(amount=decimal.Decimal(i))]) for i in range(250)])
        session.commit()
        first = session.scalars(sa.select(Person).where(Person.name == "n7").options(orm.selectinload(Person.orders))).one()
        assert (first.mood, first.notes, first.tags, first.orders[0].amount) == (Mood.happy, {"i": 7}, ["a", "b"], decimal.Decimal("7.00"))
        first.name = "changed"
        first.orders.append(Order(amount=decimal.Decimal("1.25")))
        with session.begin_nested():
            session.execute(sa.update(Order).where(Order.amount > 200).values(amount=Order.amount + 1))
        session.commit()
        assert session.scalar(sa.select(sa.func.count()).select_from(Order)) == 251
        assert session.scalar(sa.select(sa.func.sum(Order.amount)).join(Person).where(Person.name == "changed")) == decimal.Decimal("8.25")
        session.delete(first)
        session.commit()
        upsert = pg.insert(Person).values(name="n8", born=datetime.date(2000, 1, 1), email="new").on_conflict_do_update(constraint="one_name_a_day", set_={"email": "new"}).returning(Person.email)
        assert session.scalar(upsert) == "new"
        try:
            session.execute(sa.insert(Person).values(name=""))
        except sa.exc.DBAPIError:  # pg8000 calls it a ProgrammingError
            session.rollback()
        ids = session.scalars(sa.insert(Person).returning(Person.id, sort_by_parameter_order=True), [{"name": f"bulk {i}"} for i in range(500)]).all()
        assert len(ids) == 500 and ids == sorted(ids)
        session.commit()
    engine.dispose()


def server_cursor(url, driver):
    engine = _engine(url, driver)
    with engine.connect() as connection:
        streamed = connection.execution_options(stream_results=True, yield_per=100).execute(sa.text("select generate_series(1, 1000) as n"))
        sizes = [len(part) for part in streamed.partitions(100)]
        assert sizes == [100] * 10, sizes
    engine.dispose()


def two_phase(url, driver):
    engine = _engine(url, driver)
    with engine.connect() as connection:
        connection.exec_driver_sql("drop table if exists alchemy_prepared")
        connection.exec_driver_sql("create table alchemy_prepared (id int)")
        connection.commit()
        transaction = connection.begin_twophase()
        connection.exec_driver_sql("insert into alchemy_prepared values (1)")
        transaction.prepare()
        transaction.commit()
        transaction = connection.begin_twophase()
        connection.exec_driver_sql("insert into alchemy_prepared values (2)")
        transaction.prepare()
        with engine.connect() as another:
            assert transaction.xid in another.recover_twophase()
        transaction.rollback()
        assert connection.exec_driver_sql("select id from alchemy_prepared").all() == [(1,)]
    engine.dispose()


def isolation(url, driver):
    engine = _engine(url, driver, isolation_level="REPEATABLE READ", pool_pre_ping=True, pool_size=2, pool_recycle=3600)
    with engine.connect() as connection:
        assert connection.get_isolation_level() == "REPEATABLE READ"
        assert connection.exec_driver_sql("show transaction_isolation").scalar() == "repeatable read"
    with engine.connect().execution_options(isolation_level="SERIALIZABLE", postgresql_readonly=True, postgresql_deferrable=True) as connection:
        assert connection.exec_driver_sql("show transaction_read_only").scalar() == "on"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("drop table if exists alchemy_alone")
        connection.exec_driver_sql("create table alchemy_alone (id int)")
        if driver != "pg8000":  # which begins a transaction all the same
            connection.exec_driver_sql("vacuum alchemy_alone")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("show transaction_isolation").scalar() == "repeatable read"
    engine.dispose()


def reset(url, driver):
    """The pool's reset as SQLAlchemy's documentation writes it for poolers."""
    engine = _engine(url, driver, pool_size=1, max_overflow=0, pool_reset_on_return=None)

    @sa.event.listens_for(engine, "reset")
    def _reset(connection, record, state):
        if not state.terminate_only:
            connection.rollback()
            autocommit, connection.autocommit = connection.autocommit, True
            cursor = connection.cursor()
            cursor.execute("discard all")
            cursor.close()
            connection.autocommit = autocommit
    with engine.connect() as connection:
        connection.exec_driver_sql("set statement_timeout = '7s'")
        connection.commit()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("show statement_timeout").scalar() == "0"
    engine.dispose()


def asynchronous(url, driver):
    async def work():
        engine = _engine(url, driver, create_async_engine, pool_pre_ping=True)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("drop schema if exists alchemy cascade")
            await connection.execute(sa.schema.CreateSchema("alchemy"))
            await connection.run_sync(Base.metadata.create_all)
        async with async_sessionmaker(engine, expire_on_commit=False)() as session:
            session.add_all([Person(name=f"n{i}", born=datetime.date(2000, 1, 1), mood=Mood.sad, notes={"i": i}, tags=["a"], orders=[Order(amount=decimal.Decimal(i))]) for i in range(100)])
            await session.commit()
            assert (await session.scalars(sa.select(Person).where(Person.name == "n7"))).one().notes == {"i": 7}
        async with engine.connect() as connection:
            streamed = await connection.stream(sa.select(Person.name).execution_options(yield_per=10))
            assert len([row async for row in streamed]) == 100
            names = await connection.run_sync(lambda each: {t: len(sa.inspect(each).get_columns(t, "alchemy")) for t in sa.inspect(each).get_table_names("alchemy")})
            assert names == {"people": 7, "orders": 3}, names
            indexes = await connection.run_sync(lambda each: sa.inspect(each).get_multi_indexes("alchemy"))
            assert ("alchemy", "people") in indexes
        await engine.dispose()

    asyncio.run(work())


if __name__ == "__main__":
    driver, case = sys.argv[1].split(".")
    public(globals())[case](sys.argv[2], driver)
