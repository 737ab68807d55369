import { OversizedTable } from "../../../replication/contracts/oversized.ts"
import type { Session } from "../client.ts"
import { valueRefusal } from "../errors.ts"
import type { StageShape, StageTable } from "./stage-tables.ts"
import type { Staging } from "./staging.ts"

/** The stage tables of a session, which it keeps from one transaction to the next. */
export interface SessionStages {
  /** A transaction begins: all stage tables are empty. */
  begin(): void
  /** Makes what is not there and fills each with its parts. */
  fill(stages: readonly StageTable[]): Promise<void>
  /** Fills one, emptied before, with a whole COPY. Throws OversizedTable for a value of the table's that the server refuses. */
  fillWith(stage: StageShape, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void>
  /** A transaction has failed: what was made in it is gone. */
  forget(): void
}

/** More stage tables than this are dropped again: each commit of the session visits them all. */
const keptStages = 32

export function newSessionStages(session: Session, staging: Staging): SessionStages {
  /** Names of those that the session has. */
  const made = new Set<string>()
  /** Of those, which this transaction has filled. */
  const filled = new Set<string>()

  async function make(stages: readonly StageShape[]): Promise<void> {
    const missing = stages.filter(({ name }) => !made.has(name))
    if (missing.length === 0) return
    if (made.size + missing.length > keptStages) await dropOthers(stages)
    await session.run(missing.map(({ create }) => create).join(";\n"))
    for (const { name } of missing) made.add(name)
  }

  async function dropOthers(kept: readonly StageShape[]): Promise<void> {
    const others = [...made].filter((name) => !filled.has(name) && !kept.some((one) => one.name === name))
    if (others.length === 0) return
    await session.run(`DROP TABLE IF EXISTS ${others.join(", ")}`)
    for (const name of others) made.delete(name)
  }

  async function fillWith(
    { name, columns, form, table, create }: StageShape,
    chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<void> {
    await make([{ name, columns, form, create }])
    if (filled.has(name)) await session.run(`TRUNCATE ${name}`)
    filled.add(name)
    await copyRows(session, { into: `${name} (${columns})`, format: form.format, table }, chunks)
  }

  return {
    begin: () => filled.clear(),
    async fill(stages) {
      await make(stages)
      for (const stage of stages) await fillWith(stage, staging.copyOf(stage.form, stage.parts))
    },
    fillWith,
    forget: () => made.clear(),
  }
}

/** `into`: a table and its columns, quoted. `table`: whose rows these are. Throws OversizedTable for a value that the server refuses. */
export async function copyRows(
  session: Session,
  { into, format, table }: { into: string; format: "binary" | "text"; table?: StageShape["table"] },
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  try {
    await session.copyIn(`COPY ${into} FROM STDIN (FORMAT ${format})`, chunks)
  } catch (error) {
    const refusal = valueRefusal(error)
    throw refusal === undefined || table === undefined ? error : new OversizedTable(table, refusal)
  }
}
