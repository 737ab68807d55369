import type { NamePlace } from "../rights/relation-names.ts"
import { type ZoneOffset, zoneOffset } from "../values/time-zones.ts"
import type { EngineSession } from "./engine-session.ts"
import type { SessionSettings } from "./settings.ts"

/** Settings of a session that act in the engine: where unqualified names are looked up, and its time zone. */
export interface SessionScope {
  place(): NamePlace
  zone(): ZoneOffset
  /** Brings the engine to what the settings say now. */
  apply(): Promise<void>
  /** Before each statement: does what can only be done once there is something to look up. */
  ensure(): Promise<void>
}

export interface ScopeParts {
  engine: EngineSession
  settings: SessionSettings
  database: string
  /** The schemas of the session's database that exist now, by lower-case name. */
  schemas(): Promise<Map<string, string>>
}

export function sessionScope({ engine, settings, database, schemas }: ScopeParts): SessionScope {
  let hasSearchPath = false
  let searchPath: string[] = []
  let zone = "UTC"

  async function applySearchPath(): Promise<void> {
    const existing = await schemas()
    const asked = (settings.get("search_path") ?? "")
      .split(",")
      .map((one) => one.trim().replace(/^"(.*)"$/, "$1"))
    const wanted = asked.flatMap((one) => existing.get(one.toLowerCase()) ?? [])
    // DuckDB's own `main` comes last, so that tables made in a database without `public` are found.
    const main = existing.get("main")
    if (main !== undefined && !wanted.includes(main)) wanted.push(main)
    hasSearchPath = existing.has("public") || !asked.includes("public")
    searchPath = wanted
    await engine.setSearchPath(wanted)
  }

  async function applyZone(): Promise<void> {
    const wanted = settings.get("timezone") ?? "UTC"
    if (wanted === zone) return
    await engine.setTimeZone(wanted)
    zone = wanted
  }

  return {
    place: () => ({ database, searchPath }),
    zone: () => zoneOffset(zone),
    apply: async () => {
      await applyZone()
      await applySearchPath()
    },
    ensure: async () => {
      await applyZone()
      if (!hasSearchPath) await applySearchPath()
    },
  }
}
