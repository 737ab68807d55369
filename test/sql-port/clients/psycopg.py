"""What psycopg2 does with the port; each part prints one line. Arguments: host, port, password."""
import datetime
import decimal
import io
import sys
import threading
import traceback
import uuid

import psycopg2
import psycopg2.extensions
import psycopg2.extras

host, port, password = sys.argv[1:4]


def connect(database="shop", user="analyst", **more):
    return psycopg2.connect(host=host, port=port, dbname=database, user=user, password=password, **more)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"got {actual!r}, expected {expected!r}")


def state(run):
    try:
        run()
    except psycopg2.Error as error:
        return error.pgcode
    return "no error"


def one(connection, sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def types():
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT true, 7::smallint, 9223372036854775807, 2.25::double, 1.50::decimal(5,2), 'text', DATE '2024-02-29',"
            " TIME '13:14:15.123456', TIMESTAMP '2024-02-29 13:14:15.5', TIMESTAMPTZ '2024-02-29 13:14:15+00',"
            " INTERVAL '3 days 04:05:06', [1, NULL]::integer[], ['a', 'b,c']::varchar[], '{\"a\": [1]}'::json, NULL,"
            " '\\x00\\xff'::blob, %s::uuid",
            ("6a6f6e61-7468-616e-2077-617320686572",),
        )
        row = cursor.fetchone()
    utc = datetime.timezone.utc
    equal(row[:5], (True, 7, 9223372036854775807, 2.25, decimal.Decimal("1.50")))
    equal(row[5:8], ("text", datetime.date(2024, 2, 29), datetime.time(13, 14, 15, 123456)))
    equal(row[8], datetime.datetime(2024, 2, 29, 13, 14, 15, 500000))
    equal(row[9], datetime.datetime(2024, 2, 29, 13, 14, 15, tzinfo=utc))
    equal(row[10:15], (datetime.timedelta(days=3, hours=4, minutes=5, seconds=6), [1, None], ["a", "b,c"], {"a": [1]}, None))
    equal(bytes(row[15]), b"\x00\xff")
    equal(row[16], "6a6f6e61-7468-616e-2077-617320686572")


def parameters():
    connection = connect("dev", "admin")
    psycopg2.extras.register_uuid()
    values = (
        True, -5, 2**40, 1.5, decimal.Decimal("12.34"), "O'Reilly \\ \u4e16", datetime.date(1999, 12, 31),
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4), [1, 2], ["a", None], uuid.UUID(int=7), None,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE py (b boolean, i integer, l bigint, d double precision, n decimal(10,2), t varchar, da date,"
            " ts timestamp, a integer[], x varchar[], u uuid, z varchar)"
        )
        cursor.execute("INSERT INTO py VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", values)
        cursor.executemany("INSERT INTO py (i) VALUES (%s)", [(i,) for i in range(10)])
        psycopg2.extras.execute_values(cursor, "INSERT INTO py (i, t) VALUES %s", [(i, str(i)) for i in range(100)])
        cursor.execute("SELECT * FROM py WHERE t = %s", ("O'Reilly \\ \u4e16",))
        equal(cursor.fetchone(), values)
        cursor.execute("SELECT count(*) FROM py WHERE i = ANY(%s) AND t IS NOT NULL", ([1, 2, 3],))
        equal(cursor.fetchone()[0], 3)
        cursor.execute("SELECT count(*) FROM py WHERE i IN %s AND t IS NOT NULL", ((1, 2, 3),))
        equal(cursor.fetchone()[0], 3)
        cursor.execute("DROP TABLE py")


def named_cursors():
    connection = connect()
    with connection.cursor("walker") as cursor:
        cursor.itersize = 1000
        cursor.execute("SELECT i, 'row ' || i FROM range(%s) numbers(i)", (50000,))
        equal(cursor.fetchone(), (0, "row 0"))
        equal(cursor.fetchmany(2), [(1, "row 1"), (2, "row 2")])
        equal([name.name for name in cursor.description][0], "i")
        cursor.scroll(10)
        total = sum(row[0] for row in cursor)
        equal(total, sum(range(13, 50000)))
        equal(cursor.fetchall(), [])
    with connection.cursor("a") as a, connection.cursor("b") as b:
        a.execute("SELECT i FROM range(3000) numbers(i)")
        b.execute("SELECT -i FROM range(3000) numbers(i)")
        for i in range(100):
            equal((a.fetchone()[0], b.fetchone()[0]), (i, -i))
        equal(one(connection, "SELECT count(*) FROM orders"), 1000)
        equal(len(a.fetchall()), 2900)
    connection.rollback()
    equal(state(lambda: connection.cursor().execute("FETCH 1 FROM walker")), "34000")
    connection.rollback()
    held = connection.cursor("held", withhold=True)
    held.execute("SELECT i FROM range(5) numbers(i)")
    equal(held.fetchone()[0], 0)
    connection.commit()
    equal([row[0] for row in held.fetchall()], [1, 2, 3, 4])
    held.close()
    scrolling = connection.cursor("scrolling", scrollable=True)
    equal(state(lambda: scrolling.execute("SELECT 1")), "55000")
    connection.rollback()
    connection.autocommit = True
    equal(state(lambda: connection.cursor().execute("DECLARE c CURSOR FOR SELECT 1")), "25P01")


def copies():
    connection = connect("dev", "admin")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE py_copy (a integer, b varchar)")
        cursor.execute("INSERT INTO py_copy VALUES (1, E'tab\\tnew\\nline \\\\ slash'), (2, NULL), (3, ''), (4, 'a|b,\"c\"')")
        out = io.StringIO()
        cursor.copy_to(out, "py_copy")
        equal(out.getvalue(), "1\ttab\\tnew\\nline \\\\ slash\n2\t\\N\n3\t\n4\ta|b,\"c\"\n")
        out = io.StringIO()
        cursor.copy_to(out, "py_copy", sep="|", null="-", columns=("b", "a"))
        equal(out.getvalue(), "tab\\tnew\\nline \\\\ slash|1\n-|2\n|3\na\\|b,\"c\"|4\n")
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT * FROM py_copy ORDER BY a) TO STDOUT CSV HEADER", out)
        equal(out.getvalue(), 'a,b\n1,"tab\tnew\nline \\ slash"\n2,\n3,""\n4,"a|b,""c"""\n')
        out = io.StringIO()
        cursor.copy_expert("COPY py_copy (a) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *, DELIMITER ';')", out)
        equal(out.getvalue(), '"1"\n"2"\n"3"\n"4"\n')
        binary = io.BytesIO()
        cursor.copy_expert("COPY (SELECT 7::integer, NULL::varchar, 'é') TO STDOUT (FORMAT binary)", binary)
        equal(binary.getvalue(), b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\0\0\0\4\0\0\0\7\xff\xff\xff\xff\0\0\0\2\xc3\xa9\xff\xff")
        empty = io.BytesIO()
        cursor.copy_expert("COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)", empty)
        equal(len(empty.getvalue()), 21)
        cursor.execute("DROP TABLE py_copy")
    connection.commit()
    for wrong, code in [
        ("COPY orders TO STDOUT (FORMAT json)", "22023"),
        ("COPY orders TO STDOUT (DELIMITER 'ab')", "22023"),
        ("COPY orders TO '/tmp/file'", None),
        ("COPY (DELETE FROM orders) TO STDOUT", "25006"),
        ("COPY millrace.progress TO STDOUT", "42501"),
    ]:
        reader = connect()
        found = state(lambda: reader.cursor().copy_expert(wrong, io.StringIO()))
        if found == "no error" or (code is not None and found != code):
            raise AssertionError(f"{wrong}: {found}")
        reader.close()


def transactions():
    connection = connect("dev", "admin")
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE py_saved (a integer PRIMARY KEY)")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT one")
            cursor.execute("INSERT INTO py_saved VALUES (1)")
            equal(state(lambda: cursor.execute("INSERT INTO py_saved VALUES (1)")), "23505")
            cursor.execute("ROLLBACK TO SAVEPOINT one")
            cursor.execute("SELECT count(*) FROM py_saved")
            equal(cursor.fetchone()[0], 0)
            cursor.execute("RELEASE one")
            cursor.execute("INSERT INTO py_saved VALUES (2)")
        connection.commit()
        equal(one(connection, "SELECT count(*) FROM py_saved"), 1)
        connection.rollback()
        connection.autocommit = True
        equal(state(lambda: connection.cursor().execute("SAVEPOINT one")), "25P01")
        connection.autocommit = False
        connection.set_session(readonly=True)
        equal(state(lambda: connection.cursor().execute("INSERT INTO py_saved VALUES (3)")), "25006")
    finally:
        connection.rollback()
        connection.set_session(readonly=False)
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE py_saved")


def zones():
    connection = connect(options="-c timezone=Europe/Berlin -c statement_timeout=30s")
    equal(one(connection, "SHOW statement_timeout"), "30s")
    equal(connection.get_parameter_status("TimeZone"), "Europe/Berlin")
    summer, winter = "TIMESTAMPTZ '2024-07-01 12:00:00+00'", "TIMESTAMPTZ '2024-01-01 12:00:00+00'"
    moment = one(connection, f"SELECT {summer}")
    equal(moment.isoformat(), "2024-07-01T14:00:00+02:00")
    equal(one(connection, f"SELECT {winter}").isoformat(), "2024-01-01T13:00:00+01:00")
    equal(one(connection, f"SELECT {summer}::varchar"), "2024-07-01 14:00:00+02")
    equal(one(connection, f"SELECT date_trunc('day', {summer})").isoformat(), "2024-07-01T00:00:00+02:00")
    equal(one(connection, "SELECT TIMESTAMPTZ '2024-07-01 14:00:00' = TIMESTAMPTZ '2024-07-01 12:00:00+00'"), True)
    equal(one(connection, "SELECT %s = TIMESTAMPTZ '2024-07-01 12:00:00+00'", (moment,)), True)
    for zone, expected in [
        ("'Asia/Kolkata'", "17:30:00+05:30"), ("-8", "04:00:00-08"), ("'America/St_Johns'", "09:30:00-02:30"), ("'UTC'", "12:00:00+00"),
    ]:
        with connection.cursor() as cursor:
            cursor.execute(f"SET TIME ZONE {zone}")
        equal(one(connection, f"SELECT ({summer})::varchar").split(" ")[1], expected)
        equal(one(connection, f"SELECT {summer}").utcoffset(), datetime.datetime.fromisoformat("2024-07-01 " + (expected if ":" in expected[-3:] else expected + ":00")).utcoffset())
    equal(state(lambda: connection.cursor().execute("SET TimeZone = 'Mars/Olympus'")), "22023")
    connection.rollback()
    # Neighbours see their own zone.
    equal(one(connect(), f"SELECT {summer}::varchar"), "2024-07-01 12:00:00+00")


def errors_and_notices():
    connection = connect()
    try:
        connection.cursor().execute("SELECT id, nope FROM orders")
    except psycopg2.Error as error:
        equal((error.pgcode, error.diag.statement_position, error.diag.severity), ("42703", "12", "ERROR"))
    equal(connection.get_transaction_status(), psycopg2.extensions.TRANSACTION_STATUS_INERROR)
    equal(state(lambda: connection.cursor().execute("SELECT 1")), "25P02")
    connection.rollback()
    equal(connection.server_version, 150012)
    equal(connection.encoding, "UTF8")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 300")
        endless = "SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5"
        equal(state(lambda: cursor.execute(endless)), "57014")
        connection.rollback()
        cursor.execute("RESET statement_timeout")
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        equal(state(lambda: cursor.execute(endless)), "57014")
        timer.join()
    connection.rollback()
    equal(one(connection, "SELECT 42"), 42)


def tls():
    connection = connect(sslmode="require", channel_binding="require")
    equal(one(connection, "SELECT 42"), 42)
    equal(connection.info.ssl_in_use, True)


for part in [types, parameters, named_cursors, copies, transactions, zones, errors_and_notices, tls]:
    try:
        part()
        print(f"ok {part.__name__}")
    except Exception as error:  # each is told, and the rest goes on
        place = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__][-1]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
        print(f"FAILED {part.__name__}: {type(error).__name__} {str(error).strip().splitlines()[:1]} at lines {lines}")
