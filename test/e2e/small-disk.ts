import { execFileSync } from "node:child_process"
import { statfs, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { atEnd } from "./clean-up.ts"

export interface SmallDisk {
  folder: string
  /** Leaves so many bytes free. */
  fill(leaveBytes: number): Promise<void>
  free(): Promise<void>
}

/** Why there can be none here; `undefined` when there can. */
export const noSmallDisk =
  process.platform === "linux" && process.getuid?.() === 0 ? undefined : "only root may mount a small disk"

/** A file system of its own, in memory. */
export async function smallDisk(context: TestContext, bytes: number): Promise<SmallDisk> {
  const folder = await temporaryFolder("disk")
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=755`, "tmpfs", folder])
  atEnd(context, async () => {
    execFileSync("umount", ["-l", folder])
    await removeFolder(folder)
  })
  const ballast = join(folder, "ballast")
  return {
    folder,
    async fill(leaveBytes) {
      const { bavail, bsize } = await statfs(folder)
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
    },
    free: () => writeFile(ballast, ""),
  }
}
