/** The command line as its users meet it: each run a process of its own. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { defaultConfiguration } from "../../src/configuration/load.ts"
import { portCertificate } from "../../src/configuration/secrets/port-certificate.ts"
import { engines } from "../../src/server/registries.ts"
import { password, testWarehouse } from "../sql-port/warehouse.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"

interface Ended {
  code: number
  out: string
  err: string
}

const runLimitMs = 60_000

const program = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts")

async function millrace(cwd: string, ...args: string[]): Promise<Ended> {
  return await millraceReading("", cwd, ...args)
}

async function millraceReading(input: string, cwd: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: runLimitMs,
  })
  child.stdin.on("error", () => undefined) // it ended before it read
  child.stdin.end(input)
  const seen = { out: "", err: "" }
  child.stdout.on("data", (chunk) => (seen.out += chunk))
  child.stderr.on("data", (chunk) => (seen.err += chunk))
  const [code] = (await once(child, "close")) as [number]
  return { code, ...seen }
}

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder("cli")
  t.after(() => removeFolder(folder))
  return folder
}

/** A folder whose millrace.yaml leads to the SQL port of a test's own warehouse. */
async function configured(
  t: TestContext,
): Promise<{ folder: string; warehouse: Awaited<ReturnType<typeof testWarehouse>> }> {
  const folder = await emptyFolder(t)
  const certificate = await portCertificate({ ...defaultConfiguration(folder, engines), dataDir: folder })
  const warehouse = await testWarehouse(t, { tls: { ...certificate, unencrypted: "nowhere" } })
  await configure(folder, warehouse.port.port)
  return { folder, warehouse }
}

async function configure(folder: string, sqlPort: number): Promise<void> {
  const file = {
    listen: { sql: `127.0.0.1:${sqlPort}`, http: "127.0.0.1:1" },
    sql_users: [{ name: "admin", password, policy: "admin" }],
    sources: [],
    warehouses: [
      {
        arn: "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/7d1d1c9e-0c8e-4f0a-9a11-2f60e8d0a111",
        engine: "duckdb",
      },
    ],
  }
  // JSON is YAML.
  await writeFile(join(folder, "millrace.yaml"), JSON.stringify(file))
}

const wrongUsages: [string[], RegExp][] = [
  [[], /^usage: millrace COMMAND/],
  [["fly"], /There is no command fly\.\nusage/],
  [["toString"], /There is no command toString\./],
  [["status", "--once"], /status has no option --once\./],
  [["status", "now"], /status takes no words\./],
  [["sql"], /sql takes one statement in quotes, or statements on standard input/],
  [["sql", "select 1", "--format", "xml"], /--format is one of table, csv, json\./],
  [["config", "mend"], /config takes check or show\./],
  [["sql", "select", "1"], /sql takes one statement in quotes\./],
  [["demo", "--rows"], /--rows/],
  [["--nonsense"], /--nonsense/],
  [["serve", "--single", "--roles", "api"], /serve takes one of --single and --roles\./],
  [["serve", "--single", "--isolated"], /serve takes one of --single and --isolated\./],
]

test("wrong usage is said, with the usage, and ends with 2", async (t) => {
  const folder = await emptyFolder(t)
  for (const [args, said] of wrongUsages) {
    const { code, out, err } = await millrace(folder, ...args)
    assert.match(err, said)
    assert.deepEqual({ code, out }, { code: 2, out: "" }, args.join(" "))
  }
})

test("--help says how the program or a command is used", async (t) => {
  const folder = await emptyFolder(t)
  const all = await millrace(folder, "--help")
  assert.deepEqual({ code: all.code, err: all.err }, { code: 0, err: "" })
  const { code, out } = await millrace(folder, "wait", "--help")
  assert.equal(code, 0)
  assert.match(out, /^usage: millrace wait --integration I/)
})

test("config check and show need no server, and show has no secret", async (t) => {
  const folder = await emptyFolder(t)
  await configure(folder, 2)
  assert.deepEqual(await millrace(folder, "config", "check"), {
    code: 0,
    out: "configuration: ok\n",
    err: "",
  })
  const { code, out } = await millrace(folder, "config", "show", "--json")
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(out).sql_users, [{ name: "admin", password: "(hidden)", policy: "admin" }])
  assert.ok(!(await millrace(folder, "config", "show")).out.includes(password))
})

test("a missing or mistaken configuration ends with 2, one line per mistake", async (t) => {
  const folder = await emptyFolder(t)
  for (const command of [["status"], ["check"], ["serve"], ["sql", "select 1"]]) {
    const { code, err } = await millrace(folder, ...command, "--config", "nowhere.yaml")
    assert.equal(code, 2)
    assert.match(err, /^millrace: .*nowhere\.yaml.*\n$/)
  }
  await writeFile(join(folder, "millrace.yaml"), "colour: red\nsources: 7\nwarehouses: []\n")
  const { code, err } = await millrace(folder, "check")
  assert.equal(code, 2)
  assert.match(err, /colour/)
  assert.match(err, /sources/)
  for (const line of err.trimEnd().split("\n")) assert.match(line, /^millrace: /)
})

test("sql prints a table as psql does", async (t) => {
  const { folder } = await configured(t)
  const statement = "select id, amount, null as nothing from orders order by id limit 2"
  assert.deepEqual(await millrace(folder, "sql", statement, "--database", "shop"), {
    code: 0,
    out: " id | amount | nothing\n----+--------+---------\n 0  | 0.00   |\n 1  | 0.25   |\n(2 rows)\n",
    err: "",
  })
})

test("sql reads statements from standard input, and writes csv and json for programs", async (t) => {
  const { folder } = await configured(t)
  const statement = `select 1 as id, 'a, "b"' as note, null as nothing, '' as blank, chr(7) as bell`
  const table = await millraceReading(statement, folder, "sql", "--format", "csv")
  assert.deepEqual(table, {
    code: 0,
    out: 'id,note,nothing,blank,bell\n1,"a, ""b""",,"",\u0007\n',
    err: "",
  })
  const json = await millraceReading(`${statement};\nselect 2 as id`, folder, "sql", "--format", "json")
  const results = json.out.split(/(?<=^\]\n)/m).map((text) => JSON.parse(text) as object[])
  assert.deepEqual(results, [
    [{ id: "1", note: 'a, "b"', nothing: null, blank: "", bell: "\u0007" }],
    [{ id: "2" }],
  ])
})

test("whoever reads only the first lines meets no complaint", async (t) => {
  const { folder } = await configured(t)
  const statement = "select repeat('x', 1000) as text from range(20000)"
  const child = spawn(process.execPath, [program, "sql", statement], { cwd: folder })
  let err = ""
  child.stderr.on("data", (chunk) => (err += chunk))
  await once(child.stdout, "data")
  child.stdout.destroy()
  await once(child, "close")
  assert.equal(err, "")
})

test("sql tells each result of several statements, and what a statement did", async (t) => {
  const { folder } = await configured(t)
  const statements = "create table t (a int); insert into t values (1), (2); select count(*) from t"
  assert.deepEqual(await millrace(folder, "sql", statements), {
    code: 0,
    out: "CREATE\nINSERT 2\n count\n-------\n 2\n(1 row)\n",
    err: "",
  })
})

test("a statement that fails ends with 1 and the server's words", async (t) => {
  const { folder } = await configured(t)
  for (const [statement, said] of [
    ["select * from nowhere", /^millrace: .*nowhere.*\n/],
    ["insert into shop.public.orders values (1)", /^millrace: .*\n/],
  ] as const) {
    const { code, out, err } = await millrace(folder, "sql", statement)
    assert.match(err, said)
    assert.deepEqual({ code, out }, { code: 1, out: "" })
  }
  const unknown = await millrace(folder, "sql", "select 1", "--database", "nowhere")
  assert.match(unknown.err, /^millrace: database "nowhere" does not exist\n$/)
})

test("sql and status say so when nothing answers", async (t) => {
  const folder = await emptyFolder(t)
  await configure(folder, 2)
  const sql = await millrace(folder, "sql", "select 1")
  assert.deepEqual(sql, {
    code: 1,
    out: "",
    err: "millrace: nothing answers on 127.0.0.1:2: is `millrace serve` running?\n",
  })
  const status = await millrace(folder, "status")
  assert.deepEqual(
    { code: status.code, err: status.err },
    {
      code: 1,
      err: "millrace: there are no credentials yet: start `millrace serve` first.\n",
    },
  )
})

test("sql ends with one line when the server stops under its statement", async (t) => {
  const { folder, warehouse } = await configured(t)
  const running = millrace(folder, "sql", "select count(*) from range(1000000) a, range(1000000) b")
  await waitUntil(() => warehouse.port.connections() > 0, {
    what: "the command to connect",
    timeoutMs: 60_000,
  })
  await warehouse.port.close(0)
  const { code, out, err } = await running
  assert.deepEqual({ code, out }, { code: 1, out: "" })
  assert.match(err, /^millrace: [^\n]+\n$/)
})
