"""asyncpg: a pool, prepared statements, types it looks up by itself, cursors, COPY, transactions."""
import asyncio
import datetime
import decimal
import io

import asyncpg
from parts import equal, host, password, port, tell


async def pool_of(run, database="shop", user="analyst"):
    pool = await asyncpg.create_pool(host=host, port=int(port), database=database, user=user, password=password, min_size=1, max_size=2)
    try:
        await run(pool)
    finally:
        await pool.close()


async def pools(pool):
    counts = await asyncio.gather(*[pool.fetchval("SELECT count(*) FROM orders WHERE id < $1", most) for most in range(6)])
    equal(counts, [0, 1, 2, 3, 4, 5])
    async with pool.acquire() as connection:
        await connection.execute("SET application_name = 'mine'")
    async with pool.acquire() as connection:
        # What was set is gone: the pool resets a connection that comes back.
        equal(await connection.fetchval("SHOW application_name"), "")


async def statements(pool):
    async with pool.acquire() as connection:
        prepared = await connection.prepare("SELECT id, amount, placed_at FROM orders WHERE id = ANY($1::bigint[]) ORDER BY id")
        equal([attribute.name for attribute in prepared.get_attributes()], ["id", "amount", "placed_at"])
        rows = await prepared.fetch([4, 8])
        equal([(row["id"], row["amount"]) for row in rows], [(4, decimal.Decimal("1.00")), (8, decimal.Decimal("2.00"))])
        equal(rows[0]["placed_at"].tzinfo is not None, True)


async def types(pool):
    row = await pool.fetchrow(
        "SELECT $1::int[] AS a, $2::text[] AS b, $3::date AS c, $4::interval AS d, $5::numeric(10,1) AS e, $6::bytea AS f",
        [1, None], ["x", "y,z"], datetime.date(2024, 2, 29), datetime.timedelta(days=1, seconds=5), decimal.Decimal("1.5"), b"\x00\xff",
    )
    equal(tuple(row)[:2], ([1, None], ["x", "y,z"]))
    equal(tuple(row)[2:], (datetime.date(2024, 2, 29), datetime.timedelta(days=1, seconds=5), decimal.Decimal("1.5"), b"\x00\xff"))


async def introspection(pool):
    async with pool.acquire() as connection:
        # It looks up what it does not know, arrays of bits here, by a query over pg_type.
        equal(len(await connection.fetch("SELECT attname, attnum FROM pg_attribute WHERE attrelid = 'orders'::regclass")), 4)
        equal((await connection.fetchval("SELECT conkey FROM pg_constraint WHERE conname = 'orders_pkey'")), [1])


async def cursors(pool):
    async with pool.acquire() as connection:
        async with connection.transaction():
            seen = [row["id"] async for row in connection.cursor("SELECT id FROM orders ORDER BY id", prefetch=100)]
    equal(len(seen), 1000)


async def writes(pool):
    async with pool.acquire() as connection:
        await connection.execute("CREATE TABLE asyncpg_kept (id int, note text)")
        await connection.executemany("INSERT INTO asyncpg_kept VALUES ($1, $2)", [(1, "a"), (2, None)])
        try:
            async with connection.transaction():
                await connection.execute("INSERT INTO asyncpg_kept VALUES (3, 'c')")
                raise ValueError("undone")
        except ValueError:
            pass
        equal([tuple(row) for row in await connection.fetch("SELECT * FROM asyncpg_kept ORDER BY id")], [(1, "a"), (2, None)])
        out = io.BytesIO()
        equal(await connection.copy_from_query("SELECT * FROM asyncpg_kept ORDER BY id", output=out, format="csv"), "COPY 2")
        equal(out.getvalue(), b"1,a\n2,\n")
        await connection.execute("DROP TABLE asyncpg_kept")


async def cancels(pool):
    async with pool.acquire() as connection:
        try:
            await connection.fetch("SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5", timeout=0.3)
            raise AssertionError("it ran to its end")
        except asyncio.TimeoutError:
            pass
        equal(await connection.fetchval("SELECT 1"), 1)


for part in [pools, statements, types, introspection, cursors, cancels]:
    tell(part.__name__, lambda: asyncio.run(pool_of(part)))
tell("writes", lambda: asyncio.run(pool_of(writes, "dev", "admin")))
