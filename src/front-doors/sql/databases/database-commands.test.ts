import assert from "node:assert/strict"
import { test } from "node:test"
import { tokenize } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { databaseCommand } from "./database-commands.ts"

const parsed = (sql: string) => databaseCommand(tokenize(sql))

const created = {
  kind: "create",
  name: "shop",
  integration: "i-1",
  sourceDatabase: undefined,
  options: {},
  owner: undefined,
}

test("CREATE DATABASE of one's own", () => {
  const own = { kind: "createOwn", name: "marts", owner: undefined }
  assert.deepEqual(parsed("create database Marts"), own)
  assert.deepEqual(parsed('CREATE DATABASE "Marts" WITH OWNER me'), { ...own, name: "Marts", owner: "me" })
})

test("CREATE DATABASE in every spelling of its options", () => {
  const start = "CREATE DATABASE shop FROM INTEGRATION 'i-1'"
  assert.deepEqual(parsed(start), created)
  for (const source of ["'Crm'", '"Crm"'])
    assert.deepEqual(parsed(`${start} DATABASE ${source}`), { ...created, sourceDatabase: "Crm" })
  assert.deepEqual(parsed(`create database Shop from integration 'i-1' database Crm`), {
    ...created,
    sourceDatabase: "crm",
  })
  const options = {
    acceptInvalidCharacters: true,
    queryAllStates: false,
    refreshIntervalSeconds: 60,
    truncateColumns: true,
  }
  for (const written of [
    "SET ACCEPTINVCHARS = TRUE QUERY_ALL_STATES = FALSE REFRESH_INTERVAL 60 TRUNCATECOLUMNS = TRUE",
    "TRUNCATECOLUMNS TRUE /* in any order */ REFRESH_INTERVAL = 60 QUERY_ALL_STATES FALSE ACCEPTINVCHARS TRUE",
  ])
    assert.deepEqual(parsed(`${start} ${written}`), { ...created, options })
  assert.deepEqual(
    parsed(
      `${start} SET REFRESH_INTERVAL 0 WITH OWNER = "Me" CONNECTION LIMIT UNLIMITED COLLATE CS ISOLATION LEVEL SNAPSHOT`,
    ),
    { ...created, options: { refreshIntervalSeconds: 0 }, owner: "Me" },
  )
})

test("ALTER DATABASE … INTEGRATION and DROP DATABASE", () => {
  const alter = (rest: string) => parsed(`ALTER DATABASE "My Db" INTEGRATION ${rest}`)
  const refresh = (scope: object) => ({ kind: "refresh", name: "My Db", scope })
  assert.deepEqual(alter("REFRESH ALL TABLES"), refresh({ kind: "all", schemas: undefined }))
  assert.deepEqual(
    alter('REFRESH INERROR TABLES IN SCHEMA a, "B"'),
    refresh({ kind: "inError", schemas: ["a", "B"] }),
  )
  assert.deepEqual(alter("REFRESH REMEDIABLE TABLES"), refresh({ kind: "remediable", schemas: undefined }))
  assert.deepEqual(
    alter('REFRESH TABLE s.T, s."T"'),
    refresh({
      kind: "tables",
      tables: [
        { schema: "s", name: "t" },
        { schema: "s", name: "T" },
      ],
    }),
  )
  assert.deepEqual(
    alter("REFRESH TABLES t"),
    refresh({ kind: "tables", tables: [{ schema: undefined, name: "t" }] }),
  )
  assert.deepEqual(alter("SET AUTO_REMEDIATION TRUE REFRESH_INTERVAL 5"), {
    kind: "set",
    name: "My Db",
    options: { autoRemediation: true, refreshIntervalSeconds: 5 },
    historyFor: { kind: "all", schemas: undefined },
  })
  for (const [written, historyFor] of [
    ["", { kind: "all", schemas: undefined }],
    ["FOR ALL TABLES", { kind: "all", schemas: undefined }],
    ['FOR ALL TABLES IN SCHEMA a, "B"', { kind: "all", schemas: ["a", "B"] }],
    ["FOR TABLE s.t", { kind: "tables", tables: [{ schema: "s", name: "t" }] }],
  ] as const) {
    assert.deepEqual(
      alter(`SET HISTORY_MODE = FALSE ${written} QUERY_ALL_STATES TRUE`),
      { kind: "set", name: "My Db", options: { historyMode: false, queryAllStates: true }, historyFor },
      written,
    )
  }
  assert.deepEqual(parsed("DROP DATABASE IF EXISTS x"), { kind: "drop", name: "x", ifExists: true })
})

test("what is wrong or cannot be done is refused, and other statements are not ours", () => {
  for (const [sql, code] of [
    ["CREATE DATABASE a FROM INTEGRATION", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' REFRESH_INTERVAL ten", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' TRUNCATECOLUMNS ON", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' TRUNCATECOLUMNS TRUE TRUNCATECOLUMNS TRUE", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' AUTO_REMEDIATION TRUE", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' nonsense", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' HISTORY_MODE = TRUE FOR ALL TABLES", "42601"],
    ["CREATE DATABASE a FROM INTEGRATION 'x' WITH COLLATE CI", "0A000"],
    ["CREATE DATABASE a WITH COLLATE CI", "0A000"],
    ["CREATE DATABASE a nonsense", "42601"],
    ["ALTER DATABASE a RENAME TO b", "0A000"],
    ["ALTER DATABASE a INTEGRATION SET", "42601"],
    ["ALTER DATABASE a INTEGRATION SET HISTORY_MODE TRUE FOR INERROR TABLES", "42601"],
    ["ALTER DATABASE a INTEGRATION SET HISTORY_MODE TRUE QUERY_ALL_STATES TRUE FOR ALL TABLES", "42601"],
    ["ALTER DATABASE a INTEGRATION SET HISTORY_MODE TRUE HISTORY_MODE TRUE", "42601"],
    ["ALTER DATABASE a INTEGRATION REFRESH ALL", "42601"],
    ["ALTER DATABASE a INTEGRATION REFRESH TABLE s.t,", "42601"],
    ["DROP DATABASE a FORCE", "0A000"],
    ["DROP DATABASE a b", "42601"],
  ])
    assert.throws(
      () => parsed(sql ?? ""),
      (error) => error instanceof PgError && error.code === code,
      sql,
    )
  for (const sql of ["SELECT 1", "CREATE TABLE database (a int)", "DROP TABLE database"])
    assert.equal(parsed(sql), undefined)
})
