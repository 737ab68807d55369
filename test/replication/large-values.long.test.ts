import { test } from "node:test"
import { largeValues } from "./large-values.ts"

// All rows together do not fit into the warehouse's memory (1 GiB in tests).
test("values of 60 MB, more of them than the warehouse's memory holds", () => largeValues(60, 8))
