/** What people choose for one destination database (cloud: the options of CREATE DATABASE … FROM INTEGRATION). */
export interface DatabaseOptions {
  /** Pause after rows were applied before the next are; what is behind does not wait. */
  refreshIntervalSeconds: number
  /** Cut values that are longer than the cloud's columns hold; otherwise they stay whole. */
  truncateColumns: boolean
  /** Text that is not UTF-8 comes with `?` for its bad bytes; otherwise its table fails. */
  acceptInvalidCharacters: boolean
  /** Whether tables can be read in any state; otherwise only in `Synced`. */
  queryAllStates: boolean
  /** Resync a table when it was found to differ from its source. */
  autoRemediation: boolean
  /** Every committed version of every row is kept. */
  historyMode: boolean
  /** Tables, by the source's lasting id, that differ from `historyMode`. */
  historyTables: Readonly<Record<string, boolean>>
}

/**
 * As in the cloud but for queryAllStates: there a table is unreadable while it is resynced, here the table stays in
 * its place meanwhile, and taking it away is for those who ask for it.
 */
export const defaultDatabaseOptions: DatabaseOptions = {
  refreshIntervalSeconds: 0,
  truncateColumns: false,
  acceptInvalidCharacters: false,
  queryAllStates: true,
  autoRemediation: false,
  historyMode: false,
  historyTables: {},
}

/** Five days, as in the cloud. */
const refreshIntervalMaxSeconds = 432_000

/** Why these cannot be; undefined when they can. */
export function optionsMistake({ refreshIntervalSeconds }: Partial<DatabaseOptions>): string | undefined {
  if (refreshIntervalSeconds === undefined) return undefined
  if (Number.isInteger(refreshIntervalSeconds) && refreshIntervalSeconds >= 0) {
    if (refreshIntervalSeconds <= refreshIntervalMaxSeconds) return undefined
  }
  return `REFRESH_INTERVAL must be 0 to ${refreshIntervalMaxSeconds} seconds, not ${refreshIntervalSeconds}.`
}
