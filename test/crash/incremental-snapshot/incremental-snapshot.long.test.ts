import { faultKinds } from "../scripted-faults/scripted-faults.ts"
import { describeIncrementalSnapshots } from "./suite.ts"

const points = ["copyBegun", "chunkLoaded", "staged", "applied"] as const

describeIncrementalSnapshots(points.flatMap((point) => faultKinds.map((kind) => [point, kind] as const)))
