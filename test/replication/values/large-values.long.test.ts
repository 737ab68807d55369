import { test } from "node:test"
import { largeValues } from "./large-values.ts"

test("values of 30 MB, three in a row", () => largeValues(30, 3))
