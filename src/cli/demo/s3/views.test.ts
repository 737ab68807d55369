import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { csv, expectedSum } from "./views.ts"

test("the checksum is that of the rows as the files have them", () => {
  assert.equal(csv(4, 1), '4,UA,31.676,"/庭"\n')
  assert.equal(csv(3, 1), '3,JP,23.757,"/""quoted"", with comma"\n')
  const two = '3|JP|23.757|/"quoted", with comma\n4|UA|31.676|/庭'
  const [first, second] = [1, 2].map((id) => csv(id, 1).trimEnd().replaceAll(",", "|").replaceAll('"', ""))
  assert.deepEqual(expectedSum(4), [
    "4",
    "79.190",
    createHash("md5").update(`${first}\n${second}\n${two}`).digest("hex"),
  ])
})
