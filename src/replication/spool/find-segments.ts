import { readdir, rm } from "node:fs/promises"
import { readHead, type Segment, scanSegment, segmentNumber, segmentPath } from "./segment.ts"

/**
 * What an earlier process left. Each segment but the last is whole, and ends where the next begins. What cannot be
 * used is removed, and with it all the rest: changes with a hole among them are of no use.
 */
export async function findSegments(
  folder: string,
): Promise<{ segments: Segment[]; damage: string | undefined }> {
  const numbers = (await readdir(folder)).flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => a - b)
  const last = numbers.at(-1)
  const segments: Segment[] = []
  let damage: string | undefined
  for (const [index, number] of numbers.entries()) {
    const path = segmentPath(folder, number)
    const segment = await (number === last ? scanSegment(path, number) : readHead(path, number))
    const before = segments.at(-1)
    if (segment !== undefined) {
      if (before !== undefined) before.to = segment.from
      segments.push(segment)
    }
    // A last one without a head was about to be made when the process ended.
    else if (number !== last) damage ??= `the head of segment ${number} cannot be read`
    if (index > 0 && number !== (numbers[index - 1] ?? 0) + 1) damage ??= `segment ${number - 1} is missing`
    if (segment === undefined && number === last) await rm(path, { force: true })
  }
  if (damage === undefined) return { segments, damage }
  for (const number of numbers) await rm(segmentPath(folder, number), { force: true })
  return { segments: [], damage }
}
