"""psycopg 3: parameters, named cursors, COPY both ways in text and in binary, pipeline, asynchronous connections, cancel."""
import asyncio
import datetime
import decimal
import threading
import uuid

import psycopg
from parts import equal, host, password, port, tell
from psycopg.rows import dict_row
from psycopg.types import TypeInfo


def connect(database="shop", user="analyst", **more):
    return psycopg.connect(host=host, port=port, dbname=database, user=user, password=password, **more)


def parameters():
    with connect() as connection:
        row = connection.execute(
            "SELECT %s::int, %s::text, %s::date, %s::numeric(10,2), %s::uuid, %s::bool, %s::int[]",
            (7, "a", datetime.date(2024, 2, 29), decimal.Decimal("1.50"), uuid.UUID(int=1), True, [1, None]),
        ).fetchone()
        equal(row, (7, "a", datetime.date(2024, 2, 29), decimal.Decimal("1.50"), uuid.UUID(int=1), True, [1, None]))
        binary = connection.cursor(binary=True, row_factory=dict_row)
        binary.execute("SELECT id, amount, placed_at FROM orders WHERE id = %b", (5,))
        equal(binary.fetchone()["amount"], decimal.Decimal("1.25"))
        equal(connection.execute("SELECT id FROM orders WHERE id = ANY(%s) ORDER BY id", ([4, 2],)).fetchall(), [(2,), (4,)])


def named_cursors():
    with connect() as connection:
        with connection.cursor("mine") as cursor:
            cursor.itersize = 100
            cursor.execute("SELECT id FROM orders WHERE id >= %s ORDER BY id", (10,))
            equal(cursor.description[0].name, "id")
            equal(cursor.fetchmany(2), [(10,), (11,)])
            equal(sum(1 for _ in cursor), 988)
    with connect(autocommit=True) as connection:
        cursor = connection.cursor("held", withhold=True)
        cursor.execute("SELECT id FROM orders ORDER BY id")
        equal(cursor.fetchone(), (0,))
        cursor.close()


def copies():
    with connect("dev", "admin") as connection:
        connection.execute("CREATE TABLE psycopg3_copied (id int, note text, amount numeric(10,2))")
        cursor = connection.cursor()
        with cursor.copy("COPY (SELECT 1::int, 'a'::text UNION ALL SELECT 2, NULL ORDER BY 1) TO STDOUT") as copy:
            equal(list(copy.rows()), [("1", "a"), ("2", None)])
        with cursor.copy("COPY (SELECT 1::int AS a, 'a'::text AS b, 2.50::numeric(10,2) AS c) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "numeric"])
            equal(list(copy.rows()), [(1, "a", decimal.Decimal("2.50"))])
        connection.rollback()


def type_lookup():
    with connect() as connection:
        equal(TypeInfo.fetch(connection, "hstore"), None)
        found = TypeInfo.fetch(connection, "int4")
        equal((found.name, found.oid, found.array_oid), ("int4", 23, 1007))


def pipelines():
    with connect("dev", "admin") as connection:
        with connection.pipeline():
            first = connection.execute("SELECT 1")
            second = connection.execute("SELECT %s::int", (2,))
        equal((first.fetchone(), second.fetchone()), ((1,), (2,)))


def transactions():
    with connect("dev", "admin", autocommit=True) as connection:
        connection.execute("CREATE TABLE psycopg3_kept (id int)")
        with connection.transaction():
            connection.execute("INSERT INTO psycopg3_kept VALUES (%s)", (1,))
        try:
            with connection.transaction():
                connection.execute("INSERT INTO psycopg3_kept VALUES (2)")
                raise psycopg.Rollback()
        except psycopg.Rollback:
            pass
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO psycopg3_kept VALUES (%s)", [(3,), (4,)])
        equal(connection.execute("SELECT count(*) FROM psycopg3_kept").fetchone(), (3,))
        connection.execute("DROP TABLE psycopg3_kept")


def cancels():
    with connect() as connection:
        timer = threading.Timer(0.2, connection.cancel)
        timer.start()
        try:
            connection.execute("SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5")
            raise AssertionError("it ran to its end")
        except psycopg.errors.QueryCanceled:
            timer.join()
        connection.rollback()
        equal(connection.execute("SELECT 1").fetchone(), (1,))


async def in_turns():
    async with await psycopg.AsyncConnection.connect(
        host=host, port=port, dbname="shop", user="analyst", password=password
    ) as connection:
        cursor = await connection.execute("SELECT count(*) FROM orders WHERE id < %s", (5,))
        equal(await cursor.fetchone(), (5,))


def asynchronous():
    asyncio.run(in_turns())


for part in [parameters, named_cursors, copies, type_lookup, pipelines, transactions, cancels, asynchronous]:
    tell(part.__name__, part)
