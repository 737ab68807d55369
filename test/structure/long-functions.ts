/**
 * Functions of more than 60 lines, each with what it may have at most (in tens of lines) and the reason. The list is to
 * shrink: a new function does not belong here, and who makes parts of a listed one removes it.
 */
interface Allowed {
  lines: number
  reason: string
}

export const longFunctions: ReadonlyMap<string, Allowed> = new Map([
  ...allowed(
    "Keeps its state in a closure, and each function inside is short. To become parts with names of their own.",
    {
      "connections.ts: guardConnections": 70,
      "copy-target.ts: copyTarget": 130,
      "cursors.ts: sessionCursors": 130,
      "database-reattach.ts: newDatabaseReattach": 80,
      "engine-portal.ts: enginePortal": 140,
      "engine-semaphore.ts: engineSemaphore": 80,
      "engine-session.ts: engineSession": 170,
      "engine-statements.ts: engineStatements": 170,
      "framing.ts: newFramer": 70,
      "instance.ts: openDuckDb": 100,
      "job-runner.ts: newJobRunner": 140,
      "jobs.ts: newCopyJobs": 70,
      "launcher.ts: newLauncher": 70,
      "lease-keeper.ts: newLeaseKeeper": 80,
      "lexical.ts: walker": 140,
      "load.ts: beginTableLoad": 110,
      "lock-yield.ts: newLockYield": 70,
      "log-place.ts: newLogPlace": 90,
      "memory-watch.ts: memoryWatch": 80,
      "observer.ts: startObserver": 80,
      "pin-relations.ts: pinRelations": 80,
      "pipeline-history.ts: newPipelineHistory": 160,
      "protocol.ts: speakProtocol": 110,
      "publication-guard.ts: guardPublications": 100,
      "reader.ts: openReader": 70,
      "recording.ts: record": 110,
      "replay.ts: startReplay": 110,
      "retention-actions.ts: newRetentionActionWorker": 110,
      "row-writer.ts: newStagedRows": 70,
      "session.ts: sqlSession": 140,
      "source-protection.ts: protectSources": 100,
      "source.ts: openPostgresSource": 90,
      "stream.ts: startStream": 150,
      "table-watch.ts: watchTables": 80,
      "token-cursor.ts: cursorOver": 70,
      "view.ts: openView": 80,
    },
  ),
  ...allowed(
    "Runs for each field of each row of a file, over one scanned record and one buffer: as locals they are read without going through an object.",
    { "delimited-reader.ts: delimitedReader": 130 },
  ),
  ...allowed("A list, one case below another: nothing is kept in mind from one to the next.", {
    "grants-fuzz.test.ts: callback of fc.letrec": 70,
    "changes-suite.ts: testChanges": 320,
    "preflight.ts: tableFindings": 70,
    "relations.ts: relationStatements": 110,
    "settings.ts: initialSettings": 70,
    "source.ts: describeSource": 264,
    "statement-fuzz.ts: callback of fc.letrec": 250,
    "warehouse-tables.ts: casesOfTables": 190,
    "warehouse-versions.ts: casesOfVersions": 200,
    "warehouse.ts: describeWarehouse": 230,
  }),
  ...allowed("A test of one story: each step needs what the steps before it made.", {
    'events.test.ts: callback of test "every form of an event loads its object, by secret or by si': 80,
    "jobs-suite.ts: newObject": 80,
    'database-options.test.ts: callback of test "TRUNCATECOLUMNS and QUERY_ALL_STATES do what they say, from': 70,
    'databases.test.ts: callback of test "the system views show integrations, tables, activities and ': 110,
    'governance.test.ts: callback of test "a policy lets an integration run and ends it; its source is': 70,
    'history-mode.test.ts: callback of test "HISTORY_MODE keeps every committed version, by SQL from on ': 160,
    'hostile-names.test.ts: callback of test "tables and schemas of any name are found by it, and only by': 100,
    "integration-life.test.ts: walk": 70,
    'load.test.ts: callback of it "is taken over, with paths relative to the file and variable': 70,
    "log.test.ts: callback of test `MySQL: updates of parts of JSON values come by the stream`": 80,
    "settings.test.ts: callback of test `${product.label}: what keeps our user out is told by its na": 70,
    "mysql.test.ts: callback of test `${product.name} through every door: check, the RDS API, SQL": 70,
    'readers.test.ts: callback of test "readers never find a table missing nor half a transaction w': 70,
    'schema-changes-of-tables.test.ts: callback of test "tables are renamed and moved out of the filter and into it"': 70,
    'search-path.test.ts: callback of test "functions and operators of another user in schema public ar': 70,
    "sql-users.test.ts: callback of test \"users and grants outlive the server; a partner's user loads": 70,
    'statement-bounds.test.ts: callback of test "what tools write goes on meaning the same"': 90,
    'terminal.test.ts: callback of group "what a terminal is shown"': 120,
    'virtual-table-writes.test.ts: callback of test "changes of virtual tables"': 80,
    'virtual-tables.test.ts: callback of test "virtual tables"': 230,
  }),
  ...allowed("Sets up what tests of one kind share, and gives them functions to act in it.", {
    "place.ts: copyPlace": 80,
    "fixture.ts: fixture": 70,
    "hammer.ts: startHammer": 70,
    "pipeline.ts: beginTestPipeline": 70,
    "place.ts: newPlace": 80,
    "rds.ts: apiOf": 70,
    "scripted-faults.ts: scriptedFault": 100,
    "tcp-proxy.ts: tcpProxy": 70,
    "warehouse-owners.ts: casesOfOwners": 140,
    "warehouse-positions.ts: casesOfPositions": 70,
    "warehouse.ts: testWarehouse": 70,
  }),
])

function allowed(reason: string, lines: Record<string, number>): [string, Allowed][] {
  return Object.entries(lines).map(([name, most]) => [name, { lines: most, reason }])
}
