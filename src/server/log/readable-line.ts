/** `2026-03-01T09:12:44.100Z WARN  the message  table=shop.orders`, of a line of the log in JSON. Every value is one that JSON has. */
export function readableLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${shownValue(value)}`)
  return [
    time,
    String(level).toUpperCase().padEnd(5),
    msg,
    ...(shown.length === 0 ? [] : ["", ...shown]),
  ].join(" ")
}

/** Texts that could be taken for something else stand in quotes. */
function shownValue(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
