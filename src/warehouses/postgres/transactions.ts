import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import { OversizedTable } from "../../replication/contracts/oversized.ts"
import type { Session } from "./client.ts"
import { problemOf, valueRefusal } from "./errors.ts"
import type { Fence, PositionChange } from "./fence.ts"
import type { StageTable } from "./staging/stage-tables.ts"
import type { Staging } from "./staging/staging.ts"

export interface Work {
  /** Filled before the statements run. */
  stages?: readonly StageTable[]
  /** Further rows for the server, before the statements; `into`: a table and its columns, quoted. */
  copies?: readonly { into: string; format: "binary" | "text"; chunks: readonly Buffer[] }[]
  statements: readonly string[]
}

/** What runs on one session, one after another: statements of two must not mix. */
export interface Transactions {
  /**
   * Runs statements as one transaction, with what becomes of the position. `doing` completes "while …" in the Problem thrown;
   * TakenOver where the fence refuses, OversizedTable where the server refuses a table's value.
   */
  run(work: Work, doing: string, position?: PositionChange): Promise<void>
  /** Reads outside of a transaction. */
  rows(sql: string): Promise<(string | null)[][]>
}

/** More stage tables than this are dropped again: each commit of the session visits them all. */
const keptStages = 32

export function newTransactions(session: Session, fence: Fence, staging: Staging): Transactions {
  const inTurn = newSerialQueue()
  /** Names of the stage tables that the session has. */
  const made = new Set<string>()

  async function fillOne({ name, columns, form, parts, table }: StageTable): Promise<void> {
    try {
      const copy = `COPY ${name} (${columns}) FROM STDIN (FORMAT ${form.format})`
      await session.copyIn(copy, staging.copyOf(form, parts))
    } catch (error) {
      const refusal = valueRefusal(error)
      throw refusal === undefined || table === undefined ? error : new OversizedTable(table, refusal)
    }
  }

  async function fill(stages: readonly StageTable[]): Promise<void> {
    if (made.size + stages.length > keptStages && made.size > 0) {
      await session.run(`DROP TABLE IF EXISTS ${[...made].join(", ")}`)
      made.clear()
    }
    const missing = stages.filter(({ name }) => !made.has(name))
    if (missing.length > 0) await session.run(missing.map(({ create }) => create).join(";\n"))
    for (const stage of stages) {
      made.add(stage.name)
      await fillOne(stage)
    }
  }

  async function run(
    { stages = [], copies = [], statements }: Work,
    doing: string,
    position?: PositionChange,
  ) {
    try {
      await fence.begin(session, position)
      await fill(stages)
      for (const { into, format, chunks } of copies)
        await session.copyIn(`COPY ${into} FROM STDIN (FORMAT ${format})`, chunks)
      await session.run([...statements, "COMMIT"].join(";\n"))
    } catch (error) {
      // What was made within the transaction is gone with it.
      made.clear()
      await session.run("ROLLBACK").catch(() => undefined)
      throw problemOf(error, doing)
    }
  }

  return {
    run: (work, doing, position) => inTurn(() => run(work, doing, position)),
    rows: (sql) => inTurn(() => session.rows(sql)),
  }
}
