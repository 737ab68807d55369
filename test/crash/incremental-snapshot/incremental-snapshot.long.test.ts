import { faultKinds } from "../scripted-faults/scripted-faults.ts"
import { describeLateCopies } from "./suite.ts"

const points = ["copyBegun", "chunkLoaded", "staged", "applied"] as const

describeLateCopies(points.flatMap((point) => faultKinds.map((kind) => [point, kind] as const)))
