/**
 * Every point of the write order meets every kind of fault, while the source is written to: nothing may be lost or
 * doubled, and nothing may need a hand.
 */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import { type WritePoint, writePoints } from "../../../src/replication/write-order.ts"
import type { Workload } from "../../e2e/writing.ts"
import type { Reports } from "../../support/pipeline.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { becomesEqual } from "../becomes-equal.ts"
import {
  asScripted,
  type FaultKind,
  faultKinds,
  type ScriptedFault,
  scriptedFault,
} from "./scripted-faults.ts"

/** A source of a cell's own, that is written to. */
export interface FaultScene {
  load: Workload
  /** Starts a pipeline with the fault around its adapters. */
  begin(fault: ScriptedFault): Promise<FaultyPipeline>
}

export interface FaultyPipeline {
  reports: Reports
  /** Waits until it has everything, and compares it by full content: lines that say what differs. */
  differences(): Promise<string[]>
  /** The source has been told of nothing that the warehouse does not have, and the warehouse of nothing that it has not sent. */
  assertPositionsAreSane(): Promise<void>
  stop(): Promise<void>
}

/** The process is killed there, and its disk filled, elsewhere: these pipelines have no spool. */
const ofSpool = Object.fromEntries(faultKinds.map((kind) => [kind, "not a point of the warehouse's way"]))

/** Cells that make no sense, or are not tried here, and why. */
const leftOut: Partial<Record<WritePoint, Partial<Record<FaultKind, string>>>> = {
  spooled: ofSpool,
  spoolAcknowledged: ofSpool,
  spoolReleased: ofSpool,
  acknowledged: {
    doneUnsaid: "an acknowledgement has no answer",
    late: "an acknowledgement has no answer",
  },
}

const pointsOfCopy: readonly WritePoint[] = [
  "sourcePrepared",
  "copyBegun",
  "chunkLoaded",
  "tableSwapped",
  "positionRecorded",
]

export interface FaultTraits {
  concurrency?: number
  /** Tables are copied beside the running stream: a batch swaps them in, which `applied` is about. */
  copiesBeside?: boolean
  /** Default: all of them. */
  only?: readonly (readonly [WritePoint, FaultKind])[]
}

const cells = writePoints.flatMap((point) =>
  faultKinds.map((kind) => ({ point, kind, why: leftOut[point]?.[kind] })),
)

export function describeFaults(
  name: string,
  skip: string | undefined,
  open: (context: TestContext) => Promise<FaultScene>,
  { concurrency = 4, copiesBeside = false, only }: FaultTraits = {},
): void {
  describe(`scripted faults, ${name}`, { concurrency, skip: skip ?? false }, () => {
    const isAsked = (point: WritePoint, kind: FaultKind) =>
      only === undefined || only.some((cell) => cell[0] === point && cell[1] === kind)
    for (const { point, kind, why } of cells)
      if (why === undefined && !(copiesBeside && point === "tableSwapped") && isAsked(point, kind))
        test(`${point}: ${kind}`, async (context) => survives(await open(context), point, kind))
  })
}

async function survives({ load, begin }: FaultScene, point: WritePoint, kind: FaultKind): Promise<void> {
  const fault = scriptedFault(point, kind)
  if (pointsOfCopy.includes(point)) fault.arm()
  try {
    const pipeline = await begin(fault)
    if (!pointsOfCopy.includes(point)) await streams(pipeline)
    fault.arm()
    await meets(pipeline, fault, load, { point, kind })
    await goesOn(load)
    await streams(pipeline)
    await load.stop()
    await becomesEqual(pipeline)
    await pipeline.assertPositionsAreSane()
    assert.equal(
      isTold(pipeline.reports),
      point !== "acknowledged" && (kind === "refuse" || kind === "doneUnsaid"),
    )
    await pipeline.stop()
  } finally {
    fault.release()
    await load.stop()
  }
}

/** The pipeline waited, or, where a table is copied beside its stream, the copy did. */
function isTold({ phases, problems, failed }: Reports): boolean {
  const told = [...problems.map(({ message }) => message), ...failed.values()]
  return phases.includes("waiting") || told.some((message) => message.includes(asScripted))
}

async function streams({ reports }: FaultyPipeline): Promise<void> {
  await waitUntil(() => reports.phases.at(-1) === "streaming", { what: "the pipeline to stream" })
}

async function goesOn(load: Workload): Promise<void> {
  const before = load.done
  await waitUntil(() => load.done > before + 10, { what: "more to be written" })
}

/** A fault that holds something up lasts while the source is written to further; what waits for it stands still. */
async function meets(
  { reports }: FaultyPipeline,
  fault: ScriptedFault,
  load: Workload,
  { point, kind }: { point: WritePoint; kind: FaultKind },
): Promise<void> {
  await fault.struck
  const { batches } = reports
  await goesOn(load)
  const applied = reports.batches - batches
  const holdsUp = kind === "hang" || kind === "late"
  if (holdsUp && (point === "staged" || point === "applied"))
    assert.ok(applied <= 1, `${applied} batches went past it`)
  fault.release()
}
