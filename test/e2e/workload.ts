import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { startWriting, type Workload, weighted } from "./writing.ts"

/** Stands in every text value of the workload: nothing that Millrace prints may hold it. */
export const rowMarker = "rOwVaLuE-MARKER"

export const workloadTables = ["accounts", "entries", "journal", "sentinel"]

/** A bank: keys of one and two columns, a table without key, values that PostgreSQL stores apart (TOAST). */
export async function createTables(client: pg.Client, entries = 2_000): Promise<void> {
  await client.query(`
    CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL, balance numeric(14,2) NOT NULL, changed_at timestamptz NOT NULL);
    CREATE TABLE entries (account int NOT NULL, seq int NOT NULL, note text, detail jsonb, scan text, PRIMARY KEY (account, seq));
    ALTER TABLE entries ALTER COLUMN scan SET STORAGE EXTERNAL;
    CREATE TABLE journal (at timestamp, kind text, amount double precision);
    ALTER TABLE journal REPLICA IDENTITY FULL;
    CREATE TABLE sentinel (id int PRIMARY KEY, n int NOT NULL);
    INSERT INTO sentinel VALUES (1, 0)`)
  await client.query(
    `INSERT INTO accounts SELECT i, '${rowMarker} ' || i, 1000, '2026-01-01' FROM generate_series(1, 200) i`,
  )
  await client.query(
    `INSERT INTO entries SELECT i % 200 + 1, i, '${rowMarker} first ' || i, jsonb_build_object('n', i), CASE WHEN i % 10 = 0 THEN repeat('${rowMarker}', 300) END
     FROM generate_series(1, $1::int) i`,
    [entries],
  )
  await client.query(
    `INSERT INTO journal SELECT '2026-01-01', '${rowMarker}', i % 7 FROM generate_series(1, 100) i`,
  )
}

/** Always the same numbers for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Turn {
  client: pg.Client
  pick(below: number): number
  next(): number
}

type Step = (turn: Turn) => Promise<unknown>

/** Moves money and writes it down, in one transaction: the sum of all balances never changes. */
const transfer: Step = async ({ client, pick, next }) => {
  const amount = pick(100)
  const [from, to] = [pick(200) + 1, pick(200) + 1]
  await client.query("BEGIN")
  const move = "UPDATE accounts SET balance = balance + $2, changed_at = clock_timestamp() WHERE id = $1"
  await client.query(move, [from, -amount])
  await client.query(move, [to, amount])
  await client.query("INSERT INTO entries VALUES ($1, $2, $3, $4, NULL)", [
    to,
    next(),
    `${rowMarker} transfer`,
    { amount },
  ])
  await client.query("COMMIT")
}

const steps: readonly (readonly [weight: number, Step])[] = [
  [40, transfer],
  [
    15,
    ({ client, pick }) =>
      client.query("UPDATE entries SET note = note || '.' WHERE account = $1 AND length(note) < 200", [
        pick(200) + 1,
      ]),
  ],
  [
    10,
    // As much as the other steps insert, once there are some 9,000: a table that grows makes each step slower.
    ({ client, pick }) =>
      client.query("DELETE FROM entries WHERE account BETWEEN $1::int AND $1::int + 9 AND seq % 3 = $2", [
        pick(200) + 1,
        pick(3),
      ]),
  ],
  [
    10,
    ({ client, pick, next }) =>
      client.query(
        "UPDATE entries SET seq = $2 WHERE (account, seq) IN (SELECT account, seq FROM entries WHERE account = $1 ORDER BY seq LIMIT 1)",
        [pick(200) + 1, next()],
      ),
  ],
  [
    10,
    ({ client, pick }) =>
      client.query(
        `INSERT INTO journal SELECT '2026-02-02', '${rowMarker}', i / 3 FROM generate_series(1, $1::int) i`,
        [pick(20) + 1],
      ),
  ],
  [
    8,
    ({ client }) =>
      client.query(
        "DELETE FROM journal WHERE ctid IN (SELECT ctid FROM journal ORDER BY amount, ctid LIMIT 5)",
      ),
  ],
  [1, ({ client }) => client.query("TRUNCATE journal")],
  [
    3,
    ({ client, next }) =>
      client.query(
        `INSERT INTO entries SELECT i % 200 + 1, $1::int + i, '${rowMarker} many', NULL, CASE WHEN i % 50 = 0 THEN repeat('${rowMarker}', 400) END FROM generate_series(1, 500) i`,
        [next() * 1_000],
      ),
  ],
  [
    3,
    async ({ client }) => {
      await client.query("BEGIN")
      await client.query("DELETE FROM accounts")
      await client.query("ROLLBACK")
    },
  ],
]

/**
 * Runs steps until stopped; a server that is gone is waited for. It stops with the test at the latest: a test that
 * fails must not wait for a writer for ever.
 */
export function startWorkload(context: TestContext, url: string, seed: number, pauseMs = 2): Workload {
  const random = randomFrom(seed)
  let sequence = 1_000_000
  let client: pg.Client | undefined
  const stepOnce = async () => {
    try {
      client ??= await connected(url, writerConnectsWithinMs)
      const turn = {
        client,
        pick: (below: number) => Math.floor(random() * below),
        next: () => ++sequence,
      }
      await weighted(random, steps)(turn)
      return true
    } catch (error) {
      if (!isOutage(error)) throw error
      client?.end().catch(() => undefined)
      client = undefined
      await sleep(50)
      return false
    }
  }
  return startWriting(context, stepOnce, pauseMs, () => client?.end().catch(() => undefined))
}

/** A writer that an outage meets while it connects is to try again soon. */
const writerConnectsWithinMs = 5_000
const connectsWithinMs = 60_000

async function connected(url: string, withinMs: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: withinMs })
  client.on("error", () => undefined)
  await client.connect()
  return client
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = "code" in error ? String(error.code) : ""
  return (
    /^(57P0|08)/.test(code) || /ECONN|EPIPE|terminat|timeout|not queryable/i.test(`${code} ${error.message}`)
  )
}

/** One connection for one piece of work. */
export async function onDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected(url, connectsWithinMs)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
