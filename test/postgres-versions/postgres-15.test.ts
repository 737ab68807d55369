import { describeVersion } from "./version-suite.ts"

await describeVersion(15)
