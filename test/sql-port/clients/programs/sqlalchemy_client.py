"""SQLAlchemy of Debian (1.4) over psycopg2: engine and pool, reflection of a replicated database, tables of its own."""
import decimal

import sqlalchemy as sa
from parts import equal, host, password, port, tell
from sqlalchemy.orm import Session, declarative_base, relationship


def engine(database, user="admin", **more):
    return sa.create_engine(sa.engine.URL.create("postgresql+psycopg2", user, password, host, int(port), database), **more)


def connects():
    made = engine("shop", "analyst", pool_size=2, pool_pre_ping=True)
    with made.connect() as connection:
        equal(connection.execute(sa.text("SELECT count(*) FROM orders WHERE id < :most"), {"most": 10}).scalar(), 10)
    with made.connect() as connection:
        equal(connection.dialect.server_version_info, (15, 12))
        equal(connection.dialect.default_schema_name, "public")
    made.dispose()


def inspects():
    inspector = sa.inspect(engine("shop", "analyst"))
    equal(inspector.get_schema_names(), ["information_schema", "main", "public"])
    equal(sorted(inspector.get_table_names()), ['Größe "x"', "order_lines", "orders"])
    equal(inspector.get_view_names(), ["big_orders"])
    columns = inspector.get_columns("orders")
    equal([(one["name"], str(one["type"]), one["nullable"]) for one in columns], [
        ("id", "BIGINT", False), ("customer_id", "INTEGER", True), ("amount", "NUMERIC(12, 2)", True), ("placed_at", "TIMESTAMP", True),
    ])
    equal(columns[3]["type"].timezone, True)
    equal(inspector.get_pk_constraint("orders"), {"constrained_columns": ["id"], "name": "orders_pkey"})
    equal(inspector.get_pk_constraint("order_lines")["constrained_columns"], ["order_id", "line"])
    equal(inspector.get_foreign_keys("orders"), [])
    equal(inspector.get_indexes("orders"), [])
    equal(inspector.get_unique_constraints("orders"), [])
    equal(inspector.get_check_constraints("orders"), [])
    equal(inspector.get_table_comment("orders"), {"text": None})
    equal(inspector.has_table("orders"), True)
    equal(inspector.has_table("nothing"), False)
    equal("big" in inspector.get_view_definition("big_orders") or "amount" in inspector.get_view_definition("big_orders"), True)


def reflects():
    made = engine("shop", "analyst")
    orders = sa.Table("orders", sa.MetaData(), autoload_with=made)
    equal([column.name for column in orders.primary_key], ["id"])
    with made.connect() as connection:
        query = sa.select(orders.c.id, orders.c.amount).where(orders.c.customer_id.in_([3, 4])).order_by(orders.c.id).limit(2)
        equal(connection.execute(query).all(), [(3, decimal.Decimal("0.75")), (4, decimal.Decimal("1.00"))])
        streamed = connection.execution_options(stream_results=True, max_row_buffer=50).execute(sa.select(orders.c.id))
        equal(sum(1 for _ in streamed), 1000)


def writes():
    made = engine("dev")
    base = declarative_base()

    class Author(base):
        __tablename__ = "sa_authors"
        id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
        name = sa.Column(sa.String(40), nullable=False)

    base.metadata.drop_all(made)
    base.metadata.create_all(made)
    with Session(made) as session:
        session.add_all([Author(id=1, name="Ada"), Author(id=2, name="Emmy")])
        session.commit()
        session.get(Author, 1).name = "Ada Lovelace"
        session.commit()
        equal([one.name for one in session.query(Author).order_by(Author.id)], ["Ada Lovelace", "Emmy"])
        session.delete(session.get(Author, 2))
        session.rollback()
        equal(session.query(Author).count(), 2)
    inspector = sa.inspect(made)
    equal(inspector.get_pk_constraint("sa_authors")["constrained_columns"], ["id"])
    base.metadata.drop_all(made)
    equal(sa.inspect(made).has_table("sa_authors"), False)


for part in [connects, inspects, reflects, writes]:
    tell(part.__name__, part)
