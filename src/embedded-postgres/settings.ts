/** Values as they would stand in postgresql.conf, without quotes. */
export type Settings = Record<string, string | number | boolean>

const ours: Settings = {
  listen_addresses: "127.0.0.1",
  // A socket's path is limited to 107 bytes, which a data folder easily passes; TCP on the loopback serves all.
  unix_socket_directories: "",
  password_encryption: "scram-sha-256",
  wal_level: "logical",
  max_replication_slots: 50,
  max_wal_senders: 50,
  max_connections: 200,
  shared_buffers: "128MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_checkpoints: false,
  // The log must never show row values or secrets: no statement texts, no DETAIL lines.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
}

/** The text of our part of the configuration; `chosen` wins over what Millrace sets. */
export function settingsFile(chosen: Settings): string {
  const all = { ...ours, ...chosen }
  const lines = Object.keys(all)
    .sort()
    .map((name) => `${name} = ${literal(all[name] ?? "")}`)
  return `# Written by Millrace at each start; changes made here are lost.\n${lines.join("\n")}\n`
}

function literal(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off"
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`
}
