"""The PostgreSQL ODBC driver (psqlODBC) under unixODBC: what Excel, Tableau and Power BI call through it."""
import datetime
import decimal
import glob

import pyodbc
from parts import equal, host, password, port, tell

driver = glob.glob("/usr/lib/*/odbc/psqlodbcw.so")[0]


def connect(database="shop", user="analyst", **more):
    escaped = "{" + password.replace("}", "}}") + "}"
    options = "".join(f"{key}={value};" for key, value in more.items())
    return pyodbc.connect(
        f"Driver={driver};Server={host};Port={port};Database={database};Uid={user};Pwd={escaped};{options}", autocommit=False
    )


def queries():
    cursor = connect().cursor()
    row = cursor.execute("SELECT id, amount, placed_at FROM orders WHERE id = ? AND amount > ?", 5, decimal.Decimal("0.5")).fetchone()
    equal((row.id, row.amount), (5, decimal.Decimal("1.25")))
    equal(row.placed_at, datetime.datetime(2024, 1, 2, 3, 4, 10, 678000))
    equal(len(cursor.execute("SELECT id FROM orders").fetchall()), 1000)


def tables():
    cursor = connect().cursor()
    found = {(row.table_name, row.table_type) for row in cursor.tables(schema="public")}
    equal({("orders", "TABLE"), ("order_lines", "TABLE"), ("big_orders", "VIEW")} <= found, True)
    columns = [(row.column_name, row.type_name) for row in cursor.columns(table="orders", schema="public")]
    equal(columns, [("id", "int8"), ("customer_id", "int4"), ("amount", "numeric"), ("placed_at", "timestamptz")])


def keys():
    cursor = connect().cursor()
    equal([row.column_name for row in cursor.primaryKeys(table="order_lines", schema="public")], ["order_id", "line"])


def writes():
    connection = connect("dev", "admin")
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE odbc_kept (id int, note varchar(20))")
    cursor.executemany("INSERT INTO odbc_kept VALUES (?, ?)", [(1, "a"), (2, None)])
    connection.commit()
    cursor.execute("UPDATE odbc_kept SET note = ? WHERE id = ?", "b", 2)
    equal(cursor.rowcount, 1)
    connection.rollback()
    equal([tuple(row) for row in cursor.execute("SELECT * FROM odbc_kept ORDER BY id")], [(1, "a"), (2, None)])
    cursor.execute("DROP TABLE odbc_kept")
    connection.commit()


def declared_cursors():
    cursor = connect(UseDeclareFetch=1, Fetch=100).cursor()
    equal(sum(1 for _ in cursor.execute("SELECT id FROM orders")), 1000)


for part in [queries, tables, keys, writes, declared_cursors]:
    tell(part.__name__, part)
