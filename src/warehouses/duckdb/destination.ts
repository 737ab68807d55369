import type { Position } from "../../domain/position.ts"
import { keepersOf } from "../../replication/batch/held.ts"
import {
  alterationsOf,
  type Holdings,
  planBatch,
  planSnapshotEnd,
  planVersionSwitches,
  touchesCatalog,
} from "../../replication/batch/plan.ts"
import type { Step } from "../../replication/batch/step.ts"
import { commitColumns } from "../../replication/versions.ts"
import { type Batch, changeColumns, type Destination } from "../../replication/warehouse.ts"
import { type Bookkeeping, openBookkeeping } from "./bookkeeping.ts"
import { deleteByKeys } from "./canonical.ts"
import { problemOf } from "./errors.ts"
import { type Fills, filesOf, fillsOf } from "./fills.ts"
import { type DuckDbInstance, quoteIdentifier } from "./instance.ts"
import { beginTableLoad } from "./load.ts"
import { liveTable, namingRefusal, place } from "./naming.ts"
import { renderSteps } from "./render.ts"
import { readStaged, type Staging } from "./staging.ts"
import { newTails } from "./tails.ts"
import { newTransactions } from "./transactions.ts"
import { mendVersions, standing } from "./versioned-tables.ts"
import { openView } from "./view.ts"

export async function openDestination(
  instance: DuckDbInstance,
  database: string,
  staging: Staging,
): Promise<Destination> {
  const connection = await instance.connect()
  const books = await openBookkeeping(connection, database)
  const transaction = newTransactions(connection)
  /** Where we brought it. Another file, put in its place while it is open, is somewhere else: rows would be missing. */
  let left: Position | undefined
  const tails = newTails(connection, database, instance.memoryLimitBytes)
  const move = newMoves()
  /** Of copies that are to keep versions, by id: as of when their rows are. */
  const since = new Map<string, Date>()
  const asLeft = (pipeline: string) => (left === undefined ? [] : [books.expectPosition(pipeline, left)])
  const render = (steps: readonly Step[], fills: Fills = new Map()) =>
    renderSteps({ database, books, fills }, steps)

  async function statementsOf(pipeline: string, batch: Batch): Promise<string[]> {
    const holdings = touchesCatalog(batch) ? await holdingsOf(books) : nothingHeld
    const fills = await fillsOf(connection, alterationsOf(batch))
    const steps = planBatch({ pipeline, batch, ...holdings, expected: left, copiedAsOf: since })
    return render(steps, fills)
  }

  return {
    capabilities: { caseSensitiveNames: false },
    refusal: namingRefusal,
    async position(pipeline) {
      left = await orProblem("reading the position", () => books.position(pipeline))
      return left
    },
    tables: (pipeline) =>
      orProblem("reading the tables", async () =>
        (await books.tables())
          .filter((table) => table.pipeline === pipeline && !table.stale)
          .map((table) => table.schema),
      ),
    held: (pipeline) =>
      // Not in the middle of a batch.
      move(async () => {
        const held = await orProblem("reading the tables", () => books.tables())
        return held.filter((table) => table.pipeline === pipeline).map((table) => table.schema)
      }),
    textColumns: (pipeline) => orProblem("reading the notes", () => books.textColumns(pipeline)),
    noteTextColumns: (pipeline, tableId, columns) =>
      transaction(books.noteTextColumns(pipeline, tableId, columns), "noting columns that are text"),
    beginLoad(pipeline, table, versionsSince) {
      if (versionsSince === undefined) since.delete(table.id)
      else since.set(table.id, versionsSince)
      const target = { instance, database, books, pipeline, staging, transaction, versionsSince }
      return beginTableLoad(target, table)
    },
    versions: (pipeline) =>
      orProblem("reading the tables", async () => {
        const held = (await books.versions()).filter((one) => one.pipeline === pipeline)
        const dropped = held.filter((one) => one.dropped).map(({ schema }) => schema)
        return { tables: keepersOf(pipeline, held), dropped: await standing(connection, database, dropped) }
      }),
    switchVersions: (pipeline, switches, at) =>
      move(async () => {
        const { held, versions } = await orProblem("reading the tables", () => holdingsOf(books))
        const statements = render(planVersionSwitches(pipeline, switches, { held, versions, at }))
        if (statements.length > 0) await transaction(statements, "changing which tables keep versions")
      }),
    async completeSnapshot(pipeline, kept, position) {
      await move(async () => {
        const holdings = await orProblem("reading the tables", () => holdingsOf(books))
        const steps = planSnapshotEnd({ ...holdings, pipeline, kept, position, at: new Date() })
        const statements = render(steps)
        await transaction(statements, "ending the snapshot")
        left = position
      })
    },
    forget: (pipeline) =>
      move(async () => {
        await transaction([books.clearPosition(pipeline)], "forgetting the position")
        left = undefined
      }),
    advance: (pipeline, position) =>
      move(async () => {
        const statements = [...asLeft(pipeline), books.setPosition(pipeline, position)]
        await transaction(statements, "recording the position")
        left = position
      }),
    stage: (table, changes) =>
      staging.keep([...table.columns.map((column) => column.name), ...changeColumns], changes),
    stageCommits: (commits) => staging.write(commitColumns, commits),
    async apply(pipeline, batch) {
      await move(async () => {
        await orProblem("looking at the size of rows", () => tails.admit(batch))
        const statements = await orProblem("reading the tables", () => statementsOf(pipeline, batch))
        await transaction(statements, "applying changes")
        left = batch.position ?? left
      })
      await staging.remove(
        batch.tables.flatMap(({ parts, alteration, commits }) => [
          ...parts,
          ...filesOf(alteration),
          ...(commits === undefined ? [] : [commits]),
        ]),
      )
    },
    view: (pipeline) => openView(instance, database, pipeline),
    stageRows: (table, rows) =>
      staging.write(
        table.columns.map((column) => column.name),
        rows,
      ),
    async mend(pipeline, table, keys, parts) {
      const place = liveTable(database, table)
      const keeps = keepersOf(pipeline, await orProblem("reading the tables", () => books.versions()))
      const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
      const statements = keeps.has(table.id)
        ? mendVersions(place, table, keys, parts)
        : [
            deleteByKeys(place, table, keys),
            ...(parts.length === 0
              ? []
              : [`INSERT INTO ${place} (${columns}) SELECT ${columns} FROM ${readStaged(parts)}`]),
          ]
      await transaction(statements, "mending rows")
      await staging.remove(parts)
    },
    close: async () => connection.closeSync(),
  }
}

const nothingHeld: Holdings = { held: [], versions: [], placeOf: place }

async function holdingsOf(books: Bookkeeping): Promise<Holdings> {
  return { held: await books.tables(), versions: await books.versions(), placeOf: place }
}

/** What moves the position, one after another: each begins where the one before left it. */
function newMoves(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
