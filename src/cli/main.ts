import { parseArgs } from "node:util"
import { SetupError } from "../configuration/setup-error.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { complain, print, printAside } from "./output.ts"
import { version } from "./version.ts"

const usage = `usage: millrace COMMAND

  serve [--config FILE] [--single | --roles api,sql,worker]   run Millrace
  demo [--once] [--rows N] [--source postgres|mysql|dynamodb|s3] [--warehouse duckdb|postgres]
       [--governance]                              see it work, with a database of its own
  check [--config FILE]                            test the configuration and every connection
  status [--json] [--config FILE]                  integrations, tables, rows, lag
  wait --integration I (--position P | --now) [--timeout 30s]  until the warehouse has what was committed
  resync --integration I [--table SCHEMA.TABLE]    read tables again, beside the live ones
  verify --integration I [--table SCHEMA.TABLE] [--repair]  compare source and warehouse, row by row
  audit [--json] [--since 24h]                     who changed what, when and from where
  api-key create --name N --permission P [--permission P]  make a key of the governance API; its last line is the key
  api-key list [--json] | revoke --name N          which keys there are; end one
  policy explain --user U --source S [--row JSON | --row COLUMN=VALUE] [--json]  what a person sees, and why
  governance plan|apply|export DIR [--json]        govern by YAML files: what they would change, for whom; make it so; write them
  sql "STATEMENT" [--database NAME] [--sql-port]   run a statement in the warehouse

  --version, --help
`

/** Exit codes: 0 fine, 1 failed, 2 wrong usage. */
type ExitCode = 0 | 1 | 2

const options = {
  config: { type: "string" },
  roles: { type: "string" },
  isolated: { type: "boolean" },
  single: { type: "boolean" },
  json: { type: "boolean" },
  once: { type: "boolean" },
  rows: { type: "string" },
  source: { type: "string" },
  warehouse: { type: "string" },
  governance: { type: "boolean" },
  database: { type: "string" },
  "sql-port": { type: "boolean" },
  integration: { type: "string" },
  table: { type: "string" },
  position: { type: "string" },
  now: { type: "boolean" },
  timeout: { type: "string" },
  repair: { type: "boolean" },
  since: { type: "string" },
  user: { type: "string" },
  row: { type: "string" },
  name: { type: "string" },
  permission: { type: "string", multiple: true },
  version: { type: "boolean" },
  help: { type: "boolean" },
} as const

type Parsed = ReturnType<typeof parse>

function parse(args: string[]) {
  return parseArgs({ args, options, allowPositionals: true, strict: true })
}

/** Each command is loaded only when asked for: `--help` must not wait for a database engine. */
const commands: Record<
  string,
  {
    flags: (keyof typeof options)[]
    words: 0 | { one: string } | { two: string }
    run(parsed: Parsed): Promise<ExitCode>
  }
> = {
  serve: {
    flags: ["config", "roles", "isolated", "single"],
    words: 0,
    run: ({ values }) => serve(values),
  },
  demo: {
    flags: ["once", "rows", "source", "warehouse", "governance"],
    words: 0,
    run: async ({ values: { once, rows, source, warehouse, governance } }) =>
      (await import("./demo/demo.ts")).demo({
        once: once === true,
        rows,
        source,
        warehouse,
        governance: governance === true,
      }),
  },
  check: {
    flags: ["config"],
    words: 0,
    run: async ({ values }) => (await import("./check.ts")).check(values.config),
  },
  status: {
    flags: ["json", "config"],
    words: 0,
    run: async ({ values }) => (await import("./status.ts")).status(values.config, values.json === true),
  },
  wait: {
    flags: ["integration", "position", "now", "timeout", "config"],
    words: 0,
    run: async ({ values: { integration, position, now, timeout, config } }) =>
      (await import("./wait.ts")).wait({ integration, position, now: now === true, timeout, config }),
  },
  resync: {
    flags: ["integration", "table", "config"],
    words: 0,
    run: async ({ values }) =>
      (await import("./resync.ts")).resync(values.integration, values.table, values.config),
  },
  verify: {
    flags: ["integration", "table", "repair", "config"],
    words: 0,
    run: async ({ values: { integration, table, repair, config } }) =>
      (await import("./verify.ts")).verify({ integration, table, repair: repair === true, config }),
  },
  audit: {
    flags: ["json", "since", "config"],
    words: 0,
    run: async ({ values: { json, since, config } }) =>
      (await import("./audit.ts")).audit({ since, json: json === true, config }),
  },
  "api-key": {
    flags: ["name", "permission", "json", "config"],
    words: { one: "of create, list and revoke" },
    run: async ({ values: { name, permission = [], json, config }, positionals: [, action = ""] }) =>
      (await import("./governance/api-key.ts")).apiKey({
        action,
        name,
        permissions: permission,
        json: json === true,
        config,
      }),
  },
  policy: {
    flags: ["user", "source", "row", "json", "config"],
    words: { one: "that is explain" },
    run: async ({ values: { user, source, row, json, config }, positionals: [, action] }) => {
      if (action !== "explain") return wrongUsage("policy takes explain.")
      return (await import("./governance/explain.ts")).explain({
        ...{ user, source, row, config },
        json: json === true,
      })
    },
  },
  governance: {
    flags: ["json", "config"],
    words: { two: "one of plan, apply and export, and a folder" },
    run: async ({ values: { json, config }, positionals: [, action = "", folder = ""] }) =>
      (await import("./governance/code.ts")).governByCode({ action, folder, json: json === true, config }),
  },
  sql: {
    flags: ["config", "database", "sql-port"],
    words: { one: "statement in quotes" },
    run: async ({ values: { database, config, "sql-port": onPort }, positionals }) =>
      (await import("./sql.ts")).sql(positionals[1] ?? "", { database, config, onPort: onPort === true }),
  },
}

/** Without a word about processes: a supervisor over two. */
async function serve({ config, roles, single, isolated }: Parsed["values"]): Promise<ExitCode> {
  const said = [single && "--single", isolated && "--isolated", roles !== undefined && "--roles"].filter(
    Boolean,
  )
  if (said.length > 1) return wrongUsage(`serve takes one of ${said.join(" and ")}.`)
  if (single === true || roles !== undefined) return (await import("./serve/serve.ts")).serve(config, roles)
  return (await import("./serve/supervise.ts")).supervise(config)
}

async function main(args: string[]): Promise<ExitCode> {
  let parsed: Parsed
  try {
    parsed = parse(args)
  } catch (error) {
    return wrongUsage((error as Error).message)
  }
  if (parsed.values.version === true) return shown(`${version()}\n`)
  if (parsed.values.help === true) return shown(usage)
  const [name = "", ...words] = parsed.positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return wrongUsage(name === "" ? undefined : `There is no command ${name}.`)
  const stray = Object.keys(parsed.values).find((flag) => !command.flags.some((known) => known === flag))
  if (stray !== undefined) return wrongUsage(`${name} has no option --${stray}.`)
  const mistake = wrongWords(command.words, words.length)
  if (mistake !== undefined) return wrongUsage(`${name} takes ${mistake}.`)
  return await command.run(parsed)
}

/** What the command takes; `undefined`: it has that. */
function wrongWords(taken: 0 | { one: string } | { two: string }, given: number): string | undefined {
  if (taken === 0) return given === 0 ? undefined : "no words"
  if ("one" in taken) return given === 1 ? undefined : `one ${taken.one}`
  return given === 2 ? undefined : taken.two
}

function shown(text: string): ExitCode {
  print(text)
  return 0
}

function wrongUsage(mistake: string | undefined): ExitCode {
  if (mistake !== undefined) complain(plainLine(mistake))
  printAside(usage)
  return 2
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const text =
    error instanceof SetupError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  complain(text)
  process.exitCode = 1
}
