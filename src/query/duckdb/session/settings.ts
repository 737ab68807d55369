import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { zoneName } from "../values/time-zones.ts"

interface Setting {
  /** In PostgreSQL's own spelling, for SHOW ALL and ParameterStatus. */
  name: string
  value: string
  /** Sent to the client whenever it changes. */
  reported?: true
  /** Only a part of the values makes sense here: the value as it is kept, or `undefined` to refuse. */
  accept?: (value: string) => string | undefined
  readOnly?: true
}

/** Transactions without a mode of their own are read-only while it is on. */
export const readOnlySetting = "default_transaction_read_only"

const onOff = (value: string) => {
  if (/^(on|true|yes|1)$/i.test(value)) return "on"
  return /^(off|false|no|0)$/i.test(value) ? "off" : undefined
}
const only = (pattern: RegExp, kept: string) => (value: string) => (pattern.test(value) ? kept : undefined)

const intervalStyle = (value: string) =>
  /^(postgres|iso_8601)$/i.test(value) ? value.toLowerCase() : undefined

const units: Record<string, number> = { "": 1, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `5s`, `200`, `1min` in milliseconds. */
export function durationMs(text: string): number | undefined {
  // Trimmed first: spaces that two parts of an expression may take cost the square of their number.
  const match = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(text.trim())
  const value = match ? Number(match[1]) * (units[match[2] ?? ""] ?? 1) : Number.NaN
  return value <= 2 ** 31 - 1 ? value : undefined
}
const duration = (text: string) => (durationMs(text) === undefined ? undefined : text.trim())

const dialectName = (value: string) => (/^(redshift|duckdb)$/i.test(value) ? value.toLowerCase() : undefined)

/** The cloud's own: what they ask for is so here anyway, or has nothing to do. */
const redshiftSwitches = {
  off: `describe_field_name_in_uppercase downcase_delimited_identifier enable_case_sensitive_identifier
    enable_case_sensitive_super_attribute enable_vacuum_boost error_on_nondeterministic_update json_parse_truncate_strings
    json_serialization_enable json_serialization_parse_nested_strings mv_enable_aqmv_for_session parse_super_null_on_error use_fips_ssl`,
  on: "cast_super_null_on_error enable_numeric_rounding enable_result_cache_for_session navigate_super_null_on_error",
}
const redshiftNumbers = {
  analyze_threshold_percent: "10",
  max_cursor_result_set_size: "0",
  wlm_query_slot_count: "1",
}

function redshiftSettings(): Setting[] {
  const switches = Object.entries(redshiftSwitches).flatMap(([value, names]) =>
    names.split(/\s+/).map((name) => ({ name, value, accept: onOff })),
  )
  const numbers = Object.entries(redshiftNumbers).map(([name, value]) => ({
    name,
    value,
    accept: (text: string) => (/^[0-9]+(\.[0-9]+)?$/.test(text) ? text : undefined),
  }))
  return [...switches, ...numbers, { name: "query_group", value: "default" }]
}

function initialSettings(serverVersion: string, isSuperuser: boolean): Setting[] {
  const versionNumber = /^(\d+)(?:\.(\d+))?/.exec(serverVersion)
  const fixed = (name: string, value: string): Setting => ({ name, value, readOnly: true })
  const free = (name: string, value: string): Setting => ({ name, value })
  return [
    { ...fixed("server_version", serverVersion), reported: true },
    fixed(
      "server_version_num",
      String(Number(versionNumber?.[1] ?? 0) * 10_000 + Number(versionNumber?.[2] ?? 0)),
    ),
    { ...fixed("server_encoding", "UTF8"), reported: true },
    { ...fixed("integer_datetimes", "on"), reported: true },
    { ...fixed("is_superuser", isSuperuser ? "on" : "off"), reported: true },
    fixed("max_identifier_length", "63"),
    fixed("lc_collate", "C"),
    fixed("lc_ctype", "C"),
    fixed("transaction_isolation", "repeatable read"),
    { ...fixed("in_hot_standby", "off"), reported: true },
    { name: readOnlySetting, value: "off", reported: true, accept: onOff },
    { name: "client_encoding", value: "UTF8", reported: true, accept: only(/^(utf-?8|unicode)$/i, "UTF8") },
    { name: "DateStyle", value: "ISO, MDY", reported: true, accept: only(/iso|default/i, "ISO, MDY") },
    { name: "IntervalStyle", value: "postgres", reported: true, accept: intervalStyle },
    {
      name: "TimeZone",
      value: "UTC",
      reported: true,
      accept: zoneName,
    },
    {
      name: "standard_conforming_strings",
      value: "on",
      reported: true,
      accept: only(/^(on|true|yes|1)$/i, "on"),
    },
    { name: "bytea_output", value: "hex", accept: only(/^hex$/i, "hex") },
    { name: "application_name", value: "", reported: true },
    { name: "statement_timeout", value: "0", accept: duration },
    { name: "lock_timeout", value: "0", accept: duration },
    { name: "idle_in_transaction_session_timeout", value: "0", accept: duration },
    { name: "idle_session_timeout", value: "0", accept: duration },
    { name: "search_path", value: '"$user", public' },
    // Of changes of resources.
    { name: "await", value: "off", accept: onOff },
    { name: "allow_unbounded_delete", value: "off", accept: onOff },
    ...[
      free("extra_float_digits", "1"),
      free("client_min_messages", "notice"),
      free("default_transaction_isolation", "repeatable read"),
      free("default_transaction_deferrable", "off"),
      free("synchronous_commit", "on"),
      free("row_security", "on"),
      free("escape_string_warning", "on"),
      free("backslash_quote", "safe_encoding"),
      free("check_function_bodies", "on"),
      free("default_table_access_method", "heap"),
      free("work_mem", "4MB"),
      free("maintenance_work_mem", "64MB"),
      free("enable_seqscan", "on"),
      free("jit", "off"),
      free("geqo", "on"),
      free("session_replication_role", "origin"),
      free("xmloption", "content"),
      free("quote_all_identifiers", "off"),
      ...redshiftSettings(),
      { ...free("millrace.dialect", "redshift"), accept: dialectName },
      // To go on with all rights after asking for fewer would be a lie.
      { ...free("role", "none"), accept: only(/^none$/i, "none") },
    ],
  ]
}

export interface SessionSettings {
  get(name: string): string | undefined
  /** Throws 42704 for an unknown name, 22023 for a value that cannot be honoured, 55P02 for one that never changes. */
  set(name: string, value: string): void
  /** `undefined`: all of them. */
  reset(name: string | undefined): void
  all(): { name: string; value: string }[]
  reported(): Record<string, string>
  /** Reported settings that changed since the last call. */
  takeChanged(): Record<string, string>
}

export function sessionSettings(serverVersion: string, isSuperuser: boolean): SessionSettings {
  const settings = new Map(
    initialSettings(serverVersion, isSuperuser).map((one) => [one.name.toLowerCase(), one]),
  )
  const initial = new Map([...settings].map(([key, { value }]) => [key, value]))
  let changed: Record<string, string> = {}

  function find(name: string): Setting {
    const found = settings.get(name.toLowerCase())
    if (!found) throw new PgError("42704", `unrecognized configuration parameter "${name}"`)
    return found
  }
  function keep(setting: Setting, value: string): void {
    if (setting.value !== value && setting.reported) changed[setting.name] = value
    setting.value = value
  }

  return {
    get: (name) => settings.get(name.toLowerCase())?.value,
    set: (name, value) => {
      const setting = find(name)
      if (setting.readOnly) throw new PgError("55P02", `parameter "${setting.name}" cannot be changed`)
      const accepted = setting.accept ? setting.accept(value) : value
      if (accepted === undefined) {
        throw new PgError("22023", `invalid value for parameter "${setting.name}": "${value}"`, {
          hint: `This server works with ${setting.name} = ${initial.get(setting.name.toLowerCase())}${setting.accept === zoneName ? " and other names of zones" : ""}.`,
        })
      }
      keep(setting, accepted)
    },
    reset: (name) => {
      const targets = name === undefined ? [...settings.values()] : [find(name)]
      for (const setting of targets) keep(setting, initial.get(setting.name.toLowerCase()) ?? "")
    },
    all: () => [...settings.values()].map(({ name, value }) => ({ name, value })),
    reported: () =>
      Object.fromEntries(
        [...settings.values()].filter((one) => one.reported).map(({ name, value }) => [name, value]),
      ),
    takeChanged: () => {
      const taken = changed
      changed = {}
      return taken
    },
  }
}

/** How intervals are written as text: one of the two that `SET IntervalStyle` takes. */
export function intervalStyleOf(settings: Pick<SessionSettings, "get">): "postgres" | "iso_8601" {
  return settings.get("intervalstyle") === "iso_8601" ? "iso_8601" : "postgres"
}
