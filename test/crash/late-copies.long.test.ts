import { describeLateCopies } from "./late-copies-suite.ts"
import { faultKinds } from "./scripted-faults.ts"

const points = ["copyBegun", "chunkLoaded", "staged", "applied"] as const

describeLateCopies(points.flatMap((point) => faultKinds.map((kind) => [point, kind] as const)))
