import { describeLateCopies } from "./suite.ts"

// All the others are in late-copies.long.test.ts.
describeLateCopies([
  ["applied", "doneUnsaid"],
  ["applied", "hang"],
])
