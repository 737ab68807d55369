import { Problem } from "../../../src/domain/problems.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { ChangeStream, Source } from "../../../src/replication/contracts/source.ts"
import type { Destination, TableLoad, Warehouse } from "../../../src/replication/contracts/warehouse.ts"
import type { WritePoint } from "../../../src/replication/write-order.ts"

export const faultKinds = ["refuse", "doneUnsaid", "hang", "late"] as const

/**
 * `refuse`: it does nothing and says so; `doneUnsaid`: it does it and says that it failed; `hang`: it does it when it
 * is released, not before; `late`: it does it at once and says so when it is released.
 */
export type FaultKind = (typeof faultKinds)[number]

export interface ScriptedFault {
  source(source: Source): Source
  warehouse(warehouse: Warehouse): Warehouse
  /** From now on, the next pass of the point meets the fault. */
  arm(): void
  /** Resolves when it has happened (or hangs). */
  readonly struck: Promise<void>
  release(): void
}

/**
 * Around the real adapters: one operation, the one that writes what `point` says, fails once. With `table`, the one that
 * has to do with the copy of a table of this name.
 */
export function scriptedFault(point: WritePoint, kind: FaultKind, table?: string): ScriptedFault {
  const struck = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let armed = false

  /** `lose`: lets go of what was made and is not handed on. */
  async function failing<T>(
    work: () => Promise<T>,
    error: Problem,
    lose: (made: T) => Promise<void>,
  ): Promise<T> {
    struck.resolve()
    switch (kind) {
      case "refuse":
        throw error
      case "doneUnsaid":
        await lose(await work())
        throw error
      case "hang":
        await released.promise
        return await work()
      case "late": {
        const done = await work()
        await released.promise
        return done
      }
    }
  }

  function pass<T>(
    at: WritePoint,
    work: () => Promise<T>,
    error: () => Problem,
    lose: (made: T) => Promise<void> = async () => undefined,
    tables: readonly TableSchema[] = [],
  ): Promise<T> {
    if (!armed || at !== point) return work()
    if (table !== undefined && !tables.some(({ name }) => name === table)) return work()
    armed = false
    return failing(work, error(), lose)
  }

  /** What nobody waits for an answer to: it gets lost, or arrives when released. */
  function acknowledge(stream: ChangeStream, position: Parameters<ChangeStream["acknowledge"]>[0]): void {
    if (!armed || point !== "acknowledged") return stream.acknowledge(position)
    armed = false
    struck.resolve()
    if (kind === "hang") void released.promise.then(() => stream.acknowledge(position))
  }

  const destination = (real: Destination): Destination => ({
    ...real,
    copies: {
      async begin(...args) {
        const lose = async (load: TableLoad) => load.close()
        const [of] = args
        return loading(await pass("copyBegun", () => real.copies.begin(...args), unavailable, lose, [of]), of)
      },
      completeSnapshot: (...args) =>
        pass("positionRecorded", () => real.copies.completeSnapshot(...args), unavailable),
    },
    rows: {
      ...real.rows,
      stage: (...args) => pass("staged", () => real.rows.stage(...args), full, undefined, [args[0]]),
      apply: (batch) => pass("applied", () => real.rows.apply(batch), unavailable, undefined, batch.swaps),
    },
  })

  const loading = (real: TableLoad, of: TableSchema): TableLoad => ({
    ...real,
    write: (rows) => pass("chunkLoaded", () => real.write(rows), full, undefined, [of]),
    finish: () => pass("tableSwapped", () => real.finish(), unavailable, undefined, [of]),
  })

  return {
    source: (real) => ({
      ...real,
      openSnapshot: (...args) =>
        pass(
          "sourcePrepared",
          () => real.openSnapshot(...args),
          unreachable,
          (snapshot) => snapshot.close(),
        ),
      async stream(options) {
        const stream = await real.stream(options)
        return { ...stream, acknowledge: (position) => acknowledge(stream, position) }
      },
    }),
    warehouse: (real) => ({
      ...real,
      open: async (...args) => destination(await real.open(...args)),
    }),
    arm: () => {
      armed = true
    },
    struck: struck.promise,
    release: released.resolve,
  }
}

/** In every message of theirs. */
export const asScripted = "(as scripted)"

const unreachable = () => new Problem("sourceUnreachable", `The source does not answer ${asScripted}.`)
const unavailable = () => new Problem("warehouseUnavailable", `The warehouse failed ${asScripted}.`)
const full = () => new Problem("diskFull", `No space is left ${asScripted}.`)
