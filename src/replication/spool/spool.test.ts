import assert from "node:assert/strict"
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { removeFolder, temporaryFolder } from "../../../test/support/temporary-folder.ts"
import { type Position, positionFrom } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { openSpool, type Spool } from "./spool.ts"

const home = await temporaryFolder("spool")
after(() => removeFolder(home))
let folders = 0

const at = (n: number): Position => positionFrom(String(n).padStart(9, "0"))
const compare = (a: Position, b: Position) => Number(a) - Number(b)

function open(folder: string, limitBytes = 2 ** 30): Promise<Spool> {
  return openSpool({ folder, limitBytes, compare, segmentBytes: 1_000 })
}

/** Transactions 1 to `count`, of 1 to 3 blocks each, in segments of a few. */
async function filled(count: number): Promise<{ folder: string; spool: Spool }> {
  const folder = join(home, String(++folders))
  const spool = await open(folder)
  await write(spool, 1, count)
  return { folder, spool }
}

async function write(spool: Spool, first: number, last: number): Promise<void> {
  const writer = await spool.write(at(first - 1), () => Buffer.from(`before ${first}`))
  for (let n = first; n <= last; n++) {
    for (let part = 1; part < (n % 3) + 1; part++) await writer.append(body(n, part), undefined)
    assert.equal(await writer.append(body(n, 0), at(n)), "written")
  }
  await writer.close()
}

const body = (n: number, part: number) => Buffer.from(`${n}.${part} `.repeat(20))

/** Positions of the transactions that can be read, which must be whole. */
async function read(spool: Spool): Promise<number[]> {
  const reader = spool.read()
  const found: number[] = []
  let parts = 0
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      if (block.kind === "part") parts++
      if (block.kind !== "whole") continue
      const n = Number(block.position)
      assert.equal(parts, n % 3, `transaction ${n} is whole`)
      assert.deepEqual(block.bytes, body(n, 0))
      parts = 0
      found.push(n)
    }
    return found
  } finally {
    await reader.close()
  }
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

async function files(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort().map((name) => join(folder, name))
}

describe("a spool", () => {
  it("gives back what was put in, also to another process, and goes on behind it", async () => {
    const { folder, spool } = await filled(40)
    assert.deepEqual(spool.range, { from: at(0), to: at(40) })
    assert.ok((await files(folder)).length > 3)
    const later = await open(folder)
    assert.deepEqual(later.range, { from: at(0), to: at(40) })
    await write(later, 41, 60)
    assert.deepEqual(await read(later), upTo(60))
    assert.deepEqual(await read(await open(folder)), upTo(60))
    assert.ok((await later.preambles()).some((preamble) => preamble.toString() === "before 41"))
  })

  it("lets go of what is applied, from the front", async () => {
    const { folder, spool } = await filled(40)
    const before = (await files(folder)).length
    await spool.release(at(20))
    assert.ok((await files(folder)).length < before)
    const left = await read(await open(folder))
    assert.deepEqual(left, upTo(40, left[0]))
    assert.ok((left[0] ?? 99) <= 21, "nothing that is still to come went")
    await spool.release(at(40))
    assert.equal(spool.range, undefined)
    assert.deepEqual(await files(folder), [])
  })

  it("shows no transaction before it is whole, and forgets it when it never is", async () => {
    const { folder, spool } = await filled(4)
    const writer = await spool.write(at(4), () => Buffer.alloc(0))
    await writer.append(Buffer.from("half"), undefined)
    assert.deepEqual(await read(spool), upTo(4))
    assert.deepEqual(await read(await open(folder)), upTo(4), "as a crash leaves it")
    await writer.close()
    assert.deepEqual(await read(spool), upTo(4))
  })

  it("keeps to its limit, and goes on when there is room", async () => {
    const folder = join(home, String(++folders))
    const spool = await open(folder, 3_000)
    const writer = await spool.write(at(0), () => Buffer.alloc(0))
    let n = 1
    while ((await writer.append(Buffer.alloc(200), at(n))) === "written") n++
    assert.ok(spool.isFull && spool.bytes <= 3_000 && n > 5)
    await spool.release(at(n - 1))
    assert.equal(await writer.append(Buffer.alloc(200), at(n)), "written")
    assert.equal(spool.isFull, false)
    await writer.close()
  })

  it("cut off anywhere in its last file, it is whole up to some transaction", async () => {
    const { folder, spool } = await filled(30)
    const last = (await files(folder)).at(-1) ?? ""
    const whole = await readFile(last)
    let most = 30
    for (let length = whole.length - 1; length >= 0; length -= 7) {
      await writeFile(last, whole.subarray(0, length))
      const found = await read(await open(folder))
      assert.deepEqual(found, upTo(found.length))
      assert.ok(found.length <= most)
      most = found.length
    }
    assert.ok(spool.range !== undefined)
  })

  it("damaged in a file before the last, it says so rather than leave out", async () => {
    const { folder } = await filled(40)
    const second = (await files(folder))[1] ?? ""
    const bytes = await readFile(second)
    for (const place of [40, Math.floor(bytes.length / 2), bytes.length - 3]) {
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(damaged.readUInt8(place) ^ 0x10, place)
      await writeFile(second, damaged)
      const spool = await open(folder)
      await assert.rejects(
        read(spool),
        (error) => error instanceof Problem && error.kind === "sourceHistoryLost",
      )
    }
    await truncate(second, 5)
    const headless = await open(folder)
    assert.match(headless.damage ?? "", /head of segment 2/)
    assert.equal(headless.range, undefined)
  })

  it("with a file missing in the middle, it holds nothing and says so", async () => {
    const { folder } = await filled(40)
    await rm((await files(folder))[2] ?? "")
    const spool = await open(folder)
    assert.match(spool.damage ?? "", /segment 3 is missing/)
    assert.equal(spool.range, undefined)
    assert.deepEqual(await files(folder), [])
  })
})
