import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import { commitColumns } from "../../replication/versions.ts"
import { type Batch, changeColumns, type Destination } from "../../replication/warehouse.ts"
import { changeStatements, filesOf, fillsOf, finalNames, movesOf, placesOf } from "./batch-sql.ts"
import { type Bookkeeping, type HeldTable, type HeldVersions, openBookkeeping } from "./bookkeeping.ts"
import { deleteByKeys } from "./canonical.ts"
import { problemOf } from "./errors.ts"
import { type DuckDbInstance, quoteIdentifier } from "./instance.ts"
import { beginTableLoad } from "./load.ts"
import { moveStatements } from "./moves.ts"
import { liveTable, namingRefusal, place } from "./naming.ts"
import { readStaged, type Staging } from "./staging.ts"
import { swapStatements } from "./swap.ts"
import { newTails } from "./tails.ts"
import { newTransactions } from "./transactions.ts"
import {
  beginVersions,
  dropStatements,
  endVersions,
  makeRoom,
  mendVersions,
  standing,
} from "./versioned-tables.ts"
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
  const drop = (table: TableSchema) => `DROP TABLE IF EXISTS ${liveTable(database, table)}`

  /** In the order in which a batch happens: what goes makes room, then what moves, then what comes. */
  async function statementsOf(pipeline: string, batch: Batch): Promise<string[]> {
    const at = batch.at ?? new Date()
    const alterations = batch.tables.flatMap(({ alteration }) => alteration ?? [])
    const fills = await fillsOf(connection, alterations)
    const isCatalogTouched = batch.swaps.length + batch.dropped.length + alterations.length > 0
    let held = isCatalogTouched ? await books.tables() : []
    let versions = isCatalogTouched ? await books.versions() : []
    const gone = new Set(batch.dropped.map(({ id }) => id))
    // By what it is called here: at the source it may have got another name on its way out.
    const leaving = held.filter((one) => one.pipeline === pipeline && gone.has(one.schema.id))
    held = held.filter((one) => !leaving.includes(one))
    const keeps = keepersOf(pipeline, versions)
    const left = leaving.flatMap((one) =>
      keeps.has(one.schema.id)
        ? dropStatements(database, books, one, at)
        : [drop(one.schema), books.untrack(pipeline, one.schema)],
    )
    versions = versions.map((one) =>
      one.pipeline === pipeline && gone.has(one.schema.id) ? { ...one, dropped: true } : one,
    )
    const names = finalNames(alterations)
    const stale = new Set(batch.stale.map(({ id }) => id))
    const moves = movesOf(held, names)
    const arriving = [...moves.map(({ to }) => to), ...batch.swaps].map((table) => ({ pipeline, table }))
    const moving = new Set(moves.map(({ from }) => from.id))
    const room = makeRoom(database, books, { held, versions, arriving, moving, at })
    held = room.held
    const moved = moveStatements(database, books, moves, { tables: held, stale })
    held = moved.held
    const swaps = batch.swaps.flatMap((table) => {
      const swap = swapStatements(database, books, {
        pipeline,
        table,
        held,
        versions,
        since: since.get(table.id),
        stale,
      })
      held = swap.held
      return swap.statements
    })
    const places = isCatalogTouched
      ? placesOf(pipeline, held, [...batch.swaps, ...names.values()])
      : undefined
    return [
      ...asLeft(pipeline),
      ...left,
      ...batch.dropped.flatMap(({ id }) => books.noteTextColumns(pipeline, id, [])),
      ...room.statements,
      ...moved.statements,
      ...swaps,
      ...changeStatements(database, batch.tables, { places, fills, keeps }),
      ...[...names.values()].flatMap((table) => books.track(pipeline, table)),
      ...batch.stale.map((table) => books.markStale(pipeline, table)),
      ...(batch.position === undefined ? [] : [books.setPosition(pipeline, batch.position)]),
    ]
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
        const held = await orProblem("reading the tables", () => books.tables())
        const keeps = keepersOf(pipeline, await orProblem("reading the tables", () => books.versions()))
        const statements = held.flatMap((one) => {
          const { keep } = switches.find(({ id }) => id === one.schema.id) ?? {}
          if (one.pipeline !== pipeline || keep === undefined || keep === keeps.has(one.schema.id)) return []
          return keep
            ? [
                ...beginVersions(liveTable(database, one.schema), at),
                ...books.noteVersions(pipeline, one.schema),
              ]
            : [...endVersions(database, one.schema, at), books.forgetVersions(pipeline, one.schema)]
        })
        if (statements.length > 0) await transaction(statements, "changing which tables keep versions")
      }),
    async completeSnapshot(pipeline, kept, position) {
      const gone = await tablesGone(books, pipeline, kept)
      const forget = gone.map((table) => books.untrack(table.pipeline, table.schema))
      const keeps = await orProblem("reading the tables", () => books.versions())
      const isKept = (one: HeldTable) =>
        keeps.some(({ pipeline, schema }) => pipeline === one.pipeline && schema.id === one.schema.id)
      const at = new Date()
      const drops = gone
        .filter((table) => table.isDropped)
        .flatMap((one) => (isKept(one) ? dropStatements(database, books, one, at) : [drop(one.schema)]))
      await move(async () => {
        const statements = [...drops, ...forget, ...books.startPosition(pipeline, position)]
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

function keepersOf(pipeline: string, versions: readonly HeldVersions[]): Set<string> {
  return new Set(
    versions.filter((one) => one.pipeline === pipeline && !one.dropped).map(({ schema }) => schema.id),
  )
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

/**
 * What a complete snapshot leaves behind. A database has one pipeline, so what an earlier integration of the same name
 * brought is taken over or goes.
 */
async function tablesGone(
  books: Bookkeeping,
  pipeline: string,
  kept: readonly TableSchema[],
): Promise<(HeldTable & { isDropped: boolean })[]> {
  const ids = new Set(kept.map((table) => table.id))
  const names = new Set(kept.map(place))
  const held = await orProblem("reading the tables", () => books.tables())
  return held
    .filter((table) => table.pipeline !== pipeline || !ids.has(table.schema.id))
    .map((table) => ({ ...table, isDropped: !names.has(place(table.schema)) }))
}

async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
