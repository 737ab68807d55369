import type pg from "pg"

/** 10 columns of mixed types, about 140 bytes a row. */
export const rowSql = (id: string) => `
  ${id} AS id, (${id} * 7919) % 100000 AS customer_id,
  (array['new','paid','shipped','returned'])[1 + ${id} % 4] AS status,
  (${id} % 1000000) / 100.0 AS amount, random() * 1000 AS score, ${id} % 3 = 0 AS active,
  timestamptz '2024-01-01' + ${id} * interval '1 second' AS created,
  date '2020-01-01' + (${id} % 1500)::int AS day, gen_random_uuid() AS ref,
  CASE WHEN ${id} % 5 = 0 THEN NULL ELSE 'note for row ' || ${id} || repeat('x', (${id} % 30)::int) END AS note`

export async function createOrders(client: pg.Client): Promise<void> {
  await client.query(`CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, status text,
    amount numeric(12,2), score double precision, active boolean, created timestamptz, day date, ref uuid, note varchar(200))`)
}

export async function makeOrders(client: pg.Client, rows: number): Promise<void> {
  await client.query("DROP TABLE IF EXISTS orders")
  await createOrders(client)
  await client.query(`INSERT INTO orders SELECT ${rowSql("g")} FROM generate_series(1::bigint, ${rows}) g`)
  await client.query("VACUUM ANALYZE orders")
  await client.query("CHECKPOINT")
}

/** Two fifths deletes, two fifths inserts, one fifth updates, in transactions of 1/25 of the whole. Returns the number of changes. */
export async function makeBacklog(client: pg.Client, changes: number): Promise<number> {
  const { rows } = await client.query<{ low: string; high: string }>(
    "SELECT min(id) AS low, max(id) AS high FROM orders",
  )
  const low = Number(rows[0]?.low)
  const high = Number(rows[0]?.high)
  const step = Math.floor(changes / 25)
  for (let i = 0; i < 10; i++)
    await client.query(`DELETE FROM orders WHERE id >= ${low + i * step} AND id < ${low + (i + 1) * step}`)
  for (let i = 0; i < 10; i++) {
    await client.query(
      `INSERT INTO orders SELECT ${rowSql("g")} FROM generate_series(${high + 1 + i * step}::bigint, ${high + (i + 1) * step}) g`,
    )
  }
  const from = low + 10 * step
  for (let i = 0; i < 5; i++) {
    await client.query(
      `UPDATE orders SET amount = amount + 1, status = 'paid' WHERE id >= ${from + i * step} AND id < ${from + (i + 1) * step}`,
    )
  }
  return step * 25
}

/** The same sum over every value of every row, as PostgreSQL and as DuckDB compute it. */
export const checksumAtSource = checksum(
  "(extract(epoch from created) * 1000000)::bigint",
  "('x' || substr(md5(TEXT), 1, 15))::bit(60)::bigint",
  "orders",
)
export const checksumInWarehouse = checksum(
  "epoch_us(created)",
  "('0x' || substr(md5(TEXT), 1, 15))::BIGINT",
  "bench.public.orders",
)

function checksum(created: string, number: string, table: string): string {
  const columns = ["id", "customer_id", "status", "amount", "score", "active", created, "day", "ref", "note"]
  const text = columns.map((column) => `coalesce(${column}::text, '~')`).join(" || '|' || ")
  return `SELECT count(*)::text AS count, sum(${number.replace("TEXT", text)})::text AS sum FROM ${table}`
}
