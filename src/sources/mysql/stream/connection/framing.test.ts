import assert from "node:assert/strict"
import { test } from "node:test"
import { crc32 } from "node:zlib"
import { checksumOf } from "../checksum.ts"
import { newFramer } from "./framing.ts"

function packet(number: number, body: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(body.length, 0, 3)
  header[3] = number & 255
  return Buffer.concat([header, body])
}

const bodies = ["", "a", "hello", "x".repeat(300), "", "y".repeat(70_000), "end"]
const stream = Buffer.concat(bodies.map((body, number) => packet(number, Buffer.from(body))))

function collected() {
  const seen: string[] = []
  return { seen, framer: newFramer((bytes, start, end) => seen.push(bytes.toString("latin1", start, end))) }
}

test("packets come out whole however the bytes are cut", () => {
  for (const size of [1, 2, 3, 4, 5, 7, 64, 1000, 65_536, stream.length]) {
    const { seen, framer } = collected()
    for (let at = 0; at < stream.length; at += size) framer.feed(stream.subarray(at, at + size))
    assert.deepEqual(seen, bodies, `cut every ${size} bytes`)
  }
})

test("after a packet whose handling failed none comes, also not in the next chunk", () => {
  const seen: string[] = []
  const framer = newFramer((bytes, start, end) => {
    const body = bytes.toString("latin1", start, end)
    seen.push(body)
    if (body === "bad") throw new Error("cannot be decoded")
  })
  const [first, bad, rest] = ["first", "bad", "rest"].map((body, number) => packet(number, Buffer.from(body)))
  assert.throws(() => framer.feed(Buffer.concat([first, bad, rest] as Buffer[])), /cannot be/)
  framer.feed(packet(3, Buffer.from("next")))
  assert.deepEqual(seen, ["first", "bad"])
})

test("a large packet leaves no trace in the next", () => {
  const large = [Buffer.alloc(3_000_000, 1), Buffer.alloc(10, 2), Buffer.alloc(2_000_000, 3)]
  const seen: Buffer[] = []
  const framer = newFramer((bytes, start, end) => seen.push(Buffer.from(bytes.subarray(start, end))))
  const all = Buffer.concat(large.map((body, number) => packet(number, body)))
  for (let at = 0; at < all.length; at += 65_536) framer.feed(all.subarray(at, at + 65_536))
  assert.deepEqual(
    seen.map((body) => body.equals(large[body[0] === 1 ? 0 : body[0] === 2 ? 1 : 2] as Buffer)),
    [true, true, true],
  )
})

test("a packet that goes on in others is one", () => {
  const body = Buffer.alloc(2 * 0xffffff + 5, 7)
  const parts = [0, 0xffffff, 2 * 0xffffff].map((at, number) =>
    packet(number, body.subarray(at, at + 0xffffff)),
  )
  const lengths: number[] = []
  const framer = newFramer((_, start, end) => lengths.push(end - start))
  const all = Buffer.concat([...parts, packet(3, Buffer.from("next"))])
  for (let at = 0; at < all.length; at += 60_000) framer.feed(all.subarray(at, at + 60_000))
  assert.deepEqual(lengths, [body.length, 4])
})

test("checksums of short and of long events are zlib's", () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7919) % 251))
  for (const length of [0, 1, 2, 3, 4, 5, 19, 43, 255, 256, 257, 900])
    assert.equal(checksumOf(bytes, 3, 3 + length), crc32(bytes.subarray(3, 3 + length)), `${length} bytes`)
})
