import { type ParseArgsOptionDescriptor, parseArgs } from "node:util"

/** Every option there is. A name means the same with each command that has it. */
export const flags = {
  config: { type: "string", value: "FILE", about: "the configuration; usual: millrace.yaml of this folder" },
  roles: { type: "string", value: "LIST", about: "one process with these of api, sql and worker" },
  isolated: { type: "boolean", about: "two processes under a supervisor: the usual way" },
  "log-format": {
    type: "string",
    value: "FORM",
    about: "json or pretty; usual: log.format of the configuration",
  },
  single: { type: "boolean", about: "one process with every role" },
  "dry-run": { type: "boolean", about: "say what would be removed, and remove nothing" },
  yes: { type: "boolean", about: "ask nothing" },
  json: { type: "boolean", about: "print JSON" },
  once: { type: "boolean", about: "end when the story is told" },
  rows: { type: "string", value: "N", about: "how many rows the source has" },
  source: { type: "string", value: "NAME", about: "which source: see the usage" },
  warehouse: { type: "string", value: "ENGINE", about: "duckdb or postgres" },
  governance: { type: "boolean", about: "two people see what policies show them" },
  profiles: { type: "boolean", about: "customers and files become profiles of people" },
  database: { type: "string", value: "NAME", about: "the warehouse's database; usual: dev" },
  "sql-port": { type: "boolean", about: "ask the SQL port, also where a warehouse has a server of its own" },
  format: { type: "string", value: "FORM", about: "table, csv or json; usual: table" },
  integration: { type: "string", value: "I", about: "an integration's name, id or ARN" },
  table: { type: "string", value: "SCHEMA.TABLE", about: "one table only" },
  state: { type: "string", value: "STATE", about: "only tables in this state, such as failed or streaming" },
  watch: { type: "boolean", about: "show it anew every two seconds, until Ctrl-C" },
  position: { type: "string", value: "P", about: "a place in the source's log" },
  now: { type: "boolean", about: "what is committed at this moment" },
  timeout: { type: "string", value: "TIME", about: "how long at most; usual: 30s" },
  repair: { type: "boolean", about: "mend the rows that differ" },
  since: {
    type: "string",
    value: "TIME",
    about: "a length of time like 24h, or a moment like 2026-03-01T12:00:00Z",
  },
  user: { type: "string", value: "U", about: "a person's id, or an SQL user's name" },
  role: { type: "string", value: "ROLE", about: "admin, operator or viewer; usual: the user's own" },
  row: { type: "string", value: "ROW", about: "a row as JSON, or COLUMN=VALUE to find it by" },
  name: { type: "string", value: "N", about: "the key's name" },
  channel: { type: "string", value: "C", about: "a channel of `alerts` in the configuration" },
  for: { type: "string", value: "TIME", about: "how long, such as 2h; 0s ends it" },
  permission: {
    type: "string",
    multiple: true,
    value: "P",
    about: "what the key may do; may stand several times",
  },
  version: { type: "boolean", about: "print the version" },
  help: { type: "boolean", short: "h", about: "say how it is used" },
} as const satisfies Record<string, ParseArgsOptionDescriptor & { value?: string; about: string }>

export type Flag = keyof typeof flags

export type Parsed = ReturnType<typeof parseFlags>

/** @throws TypeError of Node, whose message says which word is wrong */
export function parseFlags(args: string[]) {
  return parseArgs({ args, options: flags, allowPositionals: true, strict: true })
}

/** One line per option, for `millrace COMMAND --help`. */
export function flagLines(shown: readonly Flag[]): string {
  const forms = shown.map((name) => {
    const flag = flags[name]
    return { form: `--${name}${"value" in flag ? ` ${flag.value}` : ""}`, about: flag.about }
  })
  const width = Math.max(0, ...forms.map(({ form }) => form.length))
  return forms.map(({ form, about }) => `  ${form.padEnd(width)}  ${about}\n`).join("")
}
