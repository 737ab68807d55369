import { type Kysely, sql, type Transaction } from "kysely"
import type { PipelineLeaseRow, StateSchema } from "./schema.ts"

/** A process that owns pipelines, or may. */
export interface LeaseOwner {
  /** Names the process; no two processes ever have the same. */
  owner: string
  /** The host's lasting id: its processes share a data folder. */
  host: string
  /** What people call the host. */
  hostName: string
  /** The process's id at its host, for people. */
  processId?: number
}

/** One ownership of one pipeline. */
export interface Lease {
  /** `<integration id>/<source database>`. */
  pipeline: string
  owner: string
  /** Greater than that of every owner before. */
  generation: number
}

/** The owner of a pipeline as the state database has it. */
export interface LeaseRecord extends Lease {
  host: string
  hostName: string
  /** Null: an earlier version took it. */
  processId: number | null
  isPinned: boolean
  /** The file with its rows, which keeps it at the host; null: it is not pinned, or an earlier version took it. */
  file: string | null
  /** By the database's clock: nobody owns the pipeline now. */
  isExpired: boolean
}

export interface LeaseRequest extends LeaseOwner {
  pipeline: string
  /** The pipeline cannot leave its host: its rows are in a file there. */
  isPinned: boolean
  /** That file, for people. */
  file?: string
  /** The pipeline's rows are in a file of this host, even if another host had the pipeline before: the file was moved. */
  isHere?: boolean
  /**
   * The new generation is greater than `above` as well: a warehouse holds that one, and the state database may have been
   * restored to an earlier time.
   */
  above?: number
}

/**
 * Who owns each pipeline. A lease lasts `leaseMs` by the state database's clock, so that clocks of machines do not matter. A
 * process measures its lease by its monotonic clock from before it asked, so that it never believes in a lease for longer
 * than the database does.
 */
export interface LeaseStore {
  /**
   * Takes a lease that nobody has, or that has run out; of several at once one gets it. `undefined`: another owner has it, or the
   * pipeline is pinned to another host, whether that is there or not.
   */
  take(request: LeaseRequest): Promise<Lease | undefined>
  /**
   * Prolongs leases that are still held. Those that are not among the answers are lost: they have run out, or another owner has
   * taken them. A pinned one that ran out and that nobody took is prolonged: its host is the only one that could take it.
   */
  renew(leases: readonly Lease[]): Promise<Lease[]>
  /** Gives a lease back, so that it can be taken at once. Repeatable; one that is no longer held is left alone. */
  release(lease: Lease): Promise<void>
  /**
   * Ends the leases of all other processes of this host. Only for a process that has proved them dead: it has the lock of
   * their data folder.
   */
  endPredecessors(owner: LeaseOwner): Promise<void>
  /** Of all pipelines that anybody ever owned. */
  all(): Promise<LeaseRecord[]>
}

/** Milliseconds that a lease lasts unless it is prolonged. */
export const leaseMs = 5_000

type Db = Kysely<StateSchema>

const table = sql.raw("millrace.pipeline_leases")
const lastsUntil = sql.raw(`clock_timestamp() + interval '${leaseMs} milliseconds'`)

export function leaseStore(db: Db): LeaseStore {
  return {
    take: (request) => take(db, request),
    renew: (leases) => renew(db, leases),
    async release(lease) {
      await sql`update ${table} set expires_at = clock_timestamp()
        where pipeline = ${lease.pipeline} and owner = ${lease.owner} and generation = ${lease.generation}
          and expires_at > clock_timestamp()`.execute(db)
    },
    async endPredecessors({ owner, host }) {
      await sql`update ${table} set expires_at = clock_timestamp()
        where host = ${host} and owner <> ${owner} and expires_at > clock_timestamp()`.execute(db)
    },
    async all() {
      const { rows } = await sql<PipelineLeaseRow & { is_expired: boolean }>`
        select *, expires_at <= clock_timestamp() as is_expired from ${table} order by pipeline`.execute(db)
      return rows.map((row) => ({
        pipeline: row.pipeline,
        owner: row.owner,
        generation: Number(row.generation),
        host: row.host,
        hostName: row.host_name,
        processId: row.process_id,
        isPinned: row.is_pinned,
        file: row.file,
        isExpired: row.is_expired,
      }))
    },
  }
}

/** One statement decides: of several takers each waits for the row's lock, and then sees what the one before it wrote. */
async function take(db: Db, request: LeaseRequest): Promise<Lease | undefined> {
  const { pipeline, owner, host, hostName, processId = null, isPinned, file = null } = request
  const { isHere = false, above = 0 } = request
  const { rows } = await sql<{ generation: string }>`
    insert into ${table} as lease (pipeline, owner, host, host_name, process_id, is_pinned, file, generation, expires_at)
    values (${pipeline}, ${owner}, ${host}, ${hostName}, ${processId}, ${isPinned}, ${file}, ${above + 1}, ${lastsUntil})
    on conflict (pipeline) do update set owner = excluded.owner, host = excluded.host, host_name = excluded.host_name,
      process_id = excluded.process_id,
      is_pinned = excluded.is_pinned, file = excluded.file, generation = greatest(lease.generation + 1, excluded.generation), expires_at = ${lastsUntil}
    where lease.expires_at <= clock_timestamp() and (not lease.is_pinned or lease.host = excluded.host or ${isHere})
    returning generation`.execute(db)
  const [row] = rows
  return row && { pipeline, owner, generation: Number(row.generation) }
}

async function renew(db: Db, leases: readonly Lease[]): Promise<Lease[]> {
  if (leases.length === 0) return []
  const wanted = sql.join(
    leases.map(
      ({ pipeline, owner, generation }) => sql`(${pipeline}::text, ${owner}::text, ${generation}::bigint)`,
    ),
  )
  const { rows } = await sql<Pick<PipelineLeaseRow, "pipeline" | "owner" | "generation">>`
    update ${table} as lease set expires_at = ${lastsUntil}
    from (values ${wanted}) as held (pipeline, owner, generation)
    where lease.pipeline = held.pipeline and lease.owner = held.owner and lease.generation = held.generation
      and (lease.is_pinned or lease.expires_at > clock_timestamp())
    returning lease.pipeline, lease.owner, lease.generation`.execute(db)
  return rows.map((row) => ({ ...row, generation: Number(row.generation) }))
}

/** Another owner has taken the pipeline: this one's write is refused and nothing was written. */
export class LeaseLost extends Error {
  readonly lease: Lease

  constructor(lease: Lease) {
    super(`pipeline ${lease.pipeline} has a newer owner than generation ${lease.generation}`)
    this.name = "LeaseLost"
    this.lease = lease
  }
}

/**
 * Runs `work` in one transaction that locks the leases' rows: another owner that wants to take one waits until the
 * transaction has ended.
 *
 * @throws LeaseLost, and then nothing is written.
 */
export function writeAsOwner<T>(
  db: Db,
  leases: readonly Lease[],
  work: (transaction: Transaction<StateSchema>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (transaction) => {
    for (const lease of leases.toSorted((a, b) => (a.pipeline < b.pipeline ? -1 : 1)))
      await lockLease(transaction, lease)
    return await work(transaction)
  })
}

/** The leases for a write that may also come from a process without a lease: none then. */
export function leasesOf(by: Lease | undefined): Lease[] {
  return by === undefined ? [] : [by]
}

async function lockLease(transaction: Transaction<StateSchema>, lease: Lease): Promise<void> {
  const { rows } = await sql`select 1 from ${table}
    where pipeline = ${lease.pipeline} and owner = ${lease.owner} and generation = ${lease.generation} for share`.execute(
    transaction,
  )
  if (rows.length !== 1) throw new LeaseLost(lease)
}
