import { describeVersionWhole } from "./version-suite.ts"

await describeVersionWhole(15)
