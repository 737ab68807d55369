import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { TableName } from "../../../domain/table.ts"
import { CopyYielded } from "../../../replication/contracts/snapshot-invalidated.ts"
import { type Address, type Client, close, connect, quoteLiteral } from "../client.ts"
import { errorNumber } from "../errors.ts"

/** Reads of a snapshot that give way to statements which want to change the table's definition. */
export interface DefinitionWaiters {
  /**
   * Runs `read` with a signal that is set when such a statement waits for it: everybody who uses the table waits behind that
   * one. Then throws `CopyYielded`. Where our user may not see who waits, nothing is ended.
   */
  giveWay<T>(table: TableName, signal: AbortSignal, read: (signal: AbortSignal) => Promise<T>): Promise<T>
  close(): void
}

const lookEveryMs = 300
/** No right to see it. */
const mayNotSee = new Set([1142, 1143, 1227])

export function newDefinitionWaiters(address: Address): DefinitionWaiters {
  let client: Promise<Client> | undefined
  let isClosed = false

  async function hasWaiter(table: TableName): Promise<boolean> {
    // A read that outlives its snapshot must leave no connection behind.
    if (isClosed) return false
    client ??= connect(address)
    const asked = await client
    if (isClosed) return false
    return (await asked.query(waitersOf(asked, table))).length > 0
  }

  async function giveWay<T>(
    table: TableName,
    signal: AbortSignal,
    read: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const waited = new AbortController()
    const looking = startPeriodicTask({
      everyMs: lookEveryMs,
      async work() {
        if (await hasWaiter(table)) waited.abort()
      },
      onError(error) {
        // The read itself tells what is wrong with the server.
        if (mayNotSee.has(errorNumber(error))) void looking.stop()
        else forget()
      },
    })
    try {
      return await read(AbortSignal.any([signal, waited.signal]))
    } catch (error) {
      if (!waited.signal.aborted || signal.aborted) throw error
      const name = `${table.schema}.${table.name}`
      throw new CopyYielded(`A statement that changes ${name} waited for it to be read.`)
    } finally {
      void looking.stop()
    }
  }

  function forget(): void {
    client?.then(close, () => undefined)
    client = undefined
  }

  return {
    giveWay,
    close() {
      isClosed = true
      forget()
    },
  }
}

/** Some row: somebody waits for us, or will when those before us have ended. */
function waitersOf({ flavor }: Client, { schema, name }: TableName): string {
  if (flavor === "mysql")
    return `SELECT 1 AS waiter FROM performance_schema.metadata_locks WHERE object_type = 'TABLE'
      AND object_schema = ${quoteLiteral(schema)} AND object_name = ${quoteLiteral(name)}
      AND lock_status = 'PENDING' AND lock_type IN ('EXCLUSIVE', 'SHARED_NO_READ_WRITE') LIMIT 1`
  // It names no table, but the statement does.
  return `SELECT 1 AS waiter FROM information_schema.processlist WHERE state = 'Waiting for table metadata lock'
    AND locate(${quoteLiteral(name)}, info) > 0 LIMIT 1`
}
