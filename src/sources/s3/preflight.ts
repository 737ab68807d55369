import type { ServiceSource } from "../../domain/configuration.ts"
import type { Finding } from "../../replication/contracts/source.ts"
import { openBucket } from "./bucket.ts"

/** Whether COPY and its jobs can read the bucket, and learn of new objects. @throws Problem when it cannot be listed */
export async function bucketFindings(source: ServiceSource, region: string): Promise<Finding[]> {
  const findings: Finding[] = []
  const [first] = await firstPage(source, region)
  if (first === undefined)
    findings.push({
      severity: "warning",
      concerns: "source",
      what: "The bucket is empty: whether objects can be read is not known.",
      remedy: "Put an object there and check again.",
    })
  else await readBeginning(source, region, first.key)
  if (source.bucket?.listEveryMs === undefined && source.bucket?.eventSecret === undefined)
    findings.push({
      severity: "warning",
      concerns: "source",
      what: "It is never listed and has no event_secret: only signed events tell of new objects.",
      remedy: "Set list_every, or event_secret and send the bucket's notifications to POST /events/s3.",
    })
  return findings
}

async function readBeginning(source: ServiceSource, region: string, key: string): Promise<void> {
  const opened = await openBucket(source, region).open(key)
  for await (const _ of opened?.body ?? []) return
}

async function firstPage(source: ServiceSource, region: string) {
  for await (const page of openBucket(source, region).list("")) return page
  return []
}
