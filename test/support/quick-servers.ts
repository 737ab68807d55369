import type { Finding } from "../../src/replication/contracts/source.ts"

const quickened = /^(fsync|sync_binlog|innodb_flush_log_at_trx_commit) is /

/** What is found, without what servers of tests are told for being quick: no machine of theirs crashes. */
export function findingsButSpeed(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ what }) => !quickened.test(what))
}
