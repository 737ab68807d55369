import { describeIncrementalSnapshots } from "./suite.ts"

// All the others are in incremental-snapshot.long.test.ts.
describeIncrementalSnapshots([
  ["applied", "doneUnsaid"],
  ["applied", "hang"],
])
