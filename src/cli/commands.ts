import type { Flag, Parsed } from "./flags.ts"
import { type ExitCode, misused } from "./operate.ts"

export interface Command {
  /** Behind the command's name: each way to use it. */
  usages: readonly string[]
  /** One line, for the list of commands. */
  about: string
  flags: readonly Flag[]
  /** How many words it takes, and what they are. */
  words: 0 | { one: string } | { two: string } | { optional: string }
  run(parsed: Parsed): Promise<ExitCode>
}

/** Each command's module is loaded only when it is asked for: `--help` must not wait for a database engine. */
export const commands: Record<string, Command> = {
  serve: {
    usages: ["[--config FILE] [--single | --roles api,sql,worker] [--log-format json|pretty]"],
    about: "run Millrace",
    flags: ["config", "roles", "isolated", "single", "log-format"],
    words: 0,
    run: ({ values }) => serve(values),
  },
  demo: {
    usages: [
      "[--once] [--rows N] [--source postgres|mysql|dynamodb|s3] [--warehouse duckdb|postgres] [--governance|--profiles]",
    ],
    about: "see it work, with a database of its own",
    flags: ["once", "rows", "source", "warehouse", "governance", "profiles"],
    words: 0,
    run: async ({ values: { once, rows, source, warehouse, governance, profiles } }) =>
      (await import("./demo/demo.ts")).demo({
        ...{ rows, source, warehouse },
        once: once === true,
        governance: governance === true,
        profiles: profiles === true,
      }),
  },
  check: {
    usages: ["[--config FILE]"],
    about: "test the configuration and every connection",
    flags: ["config"],
    words: 0,
    run: async ({ values }) => (await import("./check.ts")).check(values.config),
  },
  uninstall: {
    usages: ["[--dry-run | --yes] [--config FILE]"],
    about: "remove from every source what a Millrace that is stopped has there; list what stays",
    flags: ["dry-run", "yes", "config"],
    words: 0,
    run: async ({ values: { "dry-run": dryRun, yes, config } }) =>
      (await import("./remains/uninstall.ts")).uninstall({
        dryRun: dryRun === true,
        yes: yes === true,
        config,
      }),
  },
  config: {
    usages: ["check [--config FILE]", "show [--json] [--config FILE]"],
    about: "judge the configuration without a connection; print what applies, without its secrets",
    flags: ["json", "config"],
    words: { one: "of check and show" },
    run: async ({ values: { json, config }, positionals: [, action = ""] }) =>
      (await import("./config.ts")).config({ action, json: json === true, path: config }),
  },
  reload: {
    usages: ["[--config FILE]"],
    about: "have the running Millrace read its configuration again",
    flags: ["config"],
    words: 0,
    run: async ({ values }) => (await import("./serve/reload.ts")).reload(values.config),
  },
  status: {
    usages: ["[--integration I] [--state STATE] [--table SCHEMA.TABLE] [--watch] [--json] [--config FILE]"],
    about: "integrations, tables, rows, lag; ends with 3 when one of them is not well",
    flags: ["integration", "state", "table", "watch", "json", "config"],
    words: 0,
    run: async ({ values: { integration, state, table, watch, json, config } }) =>
      (await import("./status/status.ts")).status({
        ...{ integration, state, table, config },
        watch: watch === true,
        json: json === true,
      }),
  },
  wait: {
    usages: ["--integration I (--position P | --now) [--timeout 30s] [--config FILE]"],
    about: "until the warehouse has what was committed",
    flags: ["integration", "position", "now", "timeout", "config"],
    words: 0,
    run: async ({ values: { integration, position, now, timeout, config } }) =>
      (await import("./wait.ts")).wait({ integration, position, now: now === true, timeout, config }),
  },
  resync: {
    usages: ["--integration I [--table SCHEMA.TABLE] [--config FILE]"],
    about: "read tables again, beside the live ones",
    flags: ["integration", "table", "config"],
    words: 0,
    run: async ({ values: { integration, table, config } }) =>
      (await import("./resync.ts")).resync(integration, table, config),
  },
  verify: {
    usages: ["--integration I [--table SCHEMA.TABLE] [--repair] [--config FILE]"],
    about: "compare source and warehouse, row by row",
    flags: ["integration", "table", "repair", "config"],
    words: 0,
    run: async ({ values: { integration, table, repair, config } }) =>
      (await import("./verify.ts")).verify({ integration, table, repair: repair === true, config }),
  },
  audit: {
    usages: ["[--json] [--since 24h] [--config FILE]"],
    about: "who changed what, when and from where",
    flags: ["json", "since", "config"],
    words: 0,
    run: async ({ values: { json, since, config } }) =>
      (await import("./audit.ts")).audit({ since, json: json === true, config }),
  },
  alerts: {
    usages: [
      "list [--json] [--config FILE]",
      "silence --for TIME [--integration I] [--config FILE]",
      "test --channel C [--config FILE]",
    ],
    about: "what is told to people now; tell nothing for a while; try a channel",
    flags: ["for", "integration", "channel", "json", "config"],
    words: { one: "of list, silence and test" },
    run: async ({
      values: { for: lasts, integration, channel, json, config },
      positionals: [, action = ""],
    }) =>
      (await import("./alerts.ts")).alerts({
        ...{ action, lasts, integration, channel, config },
        json: json === true,
      }),
  },
  "console-link": {
    usages: ["[--user NAME] [--role admin|operator|viewer] [--config FILE]"],
    about: "sign in to the console: the last line is a link that works once, for ten minutes",
    flags: ["user", "role", "config"],
    words: 0,
    run: async ({ values: { user, role, config } }) =>
      (await import("./console-link.ts")).consoleLink({ user, role, config }),
  },
  "api-key": {
    usages: [
      "create --name N --permission P [--permission P] [--config FILE]",
      "list [--json] [--config FILE]",
      "revoke --name N [--config FILE]",
    ],
    about: "keys of the governance API; the last line of `create` is the key",
    flags: ["name", "permission", "json", "config"],
    words: { one: "of create, list and revoke" },
    run: async ({ values: { name, permission = [], json, config }, positionals: [, action = ""] }) =>
      (await import("./governance/api-key.ts")).apiKey({
        ...{ action, name, permissions: permission, config },
        json: json === true,
      }),
  },
  policy: {
    usages: ["explain --user U --source S [--row JSON | --row COLUMN=VALUE] [--json] [--config FILE]"],
    about: "what a person sees, and why",
    flags: ["user", "source", "row", "json", "config"],
    words: { one: "that is explain" },
    run: async ({ values: { user, source, row, json, config }, positionals: [, action] }) => {
      if (action !== "explain") return misused("policy takes explain.")
      return (await import("./governance/explain.ts")).explain({
        ...{ user, source, row, config },
        json: json === true,
      })
    },
  },
  governance: {
    usages: ["plan|apply|export DIR [--json] [--config FILE]"],
    about: "govern by YAML files: what they would change, for whom; make it so; write them",
    flags: ["json", "config"],
    words: { two: "one of plan, apply and export, and a folder" },
    run: async ({ values: { json, config }, positionals: [, action = "", folder = ""] }) =>
      (await import("./governance/code.ts")).governByCode({ action, folder, json: json === true, config }),
  },
  sql: {
    usages: [
      '"STATEMENT" [--database NAME] [--sql-port] [--format table|csv|json] [--config FILE]',
      "… < FILE",
    ],
    about: "run statements in the warehouse: the word's, or those of standard input",
    flags: ["database", "sql-port", "format", "config"],
    words: { optional: "statement in quotes" },
    run: async ({ values: { database, config, format, "sql-port": onPort }, positionals }) =>
      (await import("./sql/sql.ts")).sql(positionals[1], {
        database,
        config,
        format,
        onPort: onPort === true,
      }),
  },
}

/** Without a word about processes: a supervisor over two. */
async function serve({
  config,
  roles,
  single,
  isolated,
  "log-format": logFormat,
}: Parsed["values"]): Promise<ExitCode> {
  const said = [single && "--single", isolated && "--isolated", roles !== undefined && "--roles"].filter(
    Boolean,
  )
  if (said.length > 1) return misused(`serve takes one of ${said.join(" and ")}.`)
  const options = { config, logFormat }
  if (single === true || roles !== undefined) return (await import("./serve/serve.ts")).serve(options, roles)
  return (await import("./serve/supervise.ts")).supervise(options)
}
