import assert from "node:assert/strict"
import { test } from "node:test"
import { newFramer } from "./framing.ts"

function message(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header[0] = type
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

function collected() {
  const seen: string[] = []
  const framer = newFramer((type, bytes, start, end) => {
    seen.push(`${type}:${bytes.toString("latin1", start, end)}`)
    return undefined
  })
  return { seen, framer }
}

const bodies = ["", "a", "hello", "x".repeat(300), "", "y".repeat(70_000), "end"]
const stream = Buffer.concat(bodies.map((body, type) => message(type + 65, Buffer.from(body))))
const wanted = bodies.map((body, type) => `${type + 65}:${body}`)

test("messages come out whole however the bytes are cut", () => {
  for (const size of [1, 2, 3, 4, 5, 6, 7, 64, 1000, 65_536, stream.length]) {
    const { seen, framer } = collected()
    for (let at = 0; at < stream.length; at += size) framer.feed(stream.subarray(at, at + size))
    assert.deepEqual(seen, wanted, `cut every ${size} bytes`)
  }
})

test("messages come out whole at cuts of random length", () => {
  let state = 7
  for (let round = 0; round < 200; round++) {
    const { seen, framer } = collected()
    for (let at = 0; at < stream.length; ) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      const size = 1 + (state % (round % 2 === 0 ? 9 : 5000))
      framer.feed(stream.subarray(at, at + size))
      at += size
    }
    assert.deepEqual(seen, wanted)
  }
})

test("after a message whose handling failed none comes, also not in the next chunk or when it goes on", () => {
  const seen: number[] = []
  const framer = newFramer((type) => {
    seen.push(type)
    if (type === 66) throw new Error("cannot be decoded")
    return undefined
  })
  const [first, lost, ...rest] = [65, 66, 67, 68].map((type) => message(type, Buffer.from("body")))
  assert.throws(() => framer.feed(Buffer.concat([first as Buffer, lost as Buffer, ...rest])), /cannot be/)
  framer.feed(message(69, Buffer.alloc(0)))
  framer.goOn()
  assert.deepEqual(seen, [65, 66])
})

test("a message of 50 MB in small chunks takes time in proportion to its size", () => {
  const timeOf = (bytes: number) => {
    const big = message(65, Buffer.alloc(bytes, 1))
    let ends = 0
    const framer = newFramer((_, __, start, end) => {
      ends = end - start
    })
    const startedMs = performance.now()
    for (let at = 0; at < big.length; at += 1024) framer.feed(big.subarray(at, at + 1024))
    assert.equal(ends, bytes)
    return performance.now() - startedMs
  }
  timeOf(5 * 2 ** 20)
  // Joining all that has come at each chunk would copy more than a terabyte.
  assert.ok(timeOf(50 * 2 ** 20) < 5_000)
})
