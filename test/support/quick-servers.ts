import type { Settings } from "../../src/embedded-postgres/settings.ts"
import type { Finding } from "../../src/replication/contracts/source.ts"

/**
 * PostgreSQL's. Tests kill servers, never machines: what the kernel holds is not lost, and no page is written by half, so
 * nothing is proved by syncing it, or by writing whole pages into the log. A killed server leaves its shared memory: as a
 * file of the data folder it goes with that, elsewhere (1 MB in /dev/shm) it stays until the machine starts anew.
 */
export const unsynced: Settings = {
  fsync: false,
  full_page_writes: false,
  dynamic_shared_memory_type: "mmap",
}

const quickened = /^(fsync|sync_binlog|innodb_flush_log_at_trx_commit) is /

/** What is found, without what servers of tests are told for being quick: no machine of theirs crashes. */
export function findingsButSpeed(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ what }) => !quickened.test(what))
}
