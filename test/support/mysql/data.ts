import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { removeFolder, temporaryFolder } from "../temporary-folder.ts"
import { accountOf } from "./process.ts"
import type { MysqlProduct } from "./products.ts"

const run = promisify(execFile)

export interface MysqlFolder {
  path: string
  /** Options of the server: where its files are. */
  folders: string[]
  /** Options of the server: the account that it runs as. */
  asUser: string[]
}

/**
 * A folder that the server's account may write into, with a fresh data folder in it. `lasting`: options that a server keeps
 * as they were when its data folder was made. Making one takes longer than a server's start: in a run of tests each kind is
 * made once, and copied.
 */
export async function freshMysqlFolder(
  product: MysqlProduct,
  lasting: readonly string[],
): Promise<MysqlFolder> {
  const runFolder = process.env.MILLRACE_TEST_FOLDER
  if (runFolder === undefined) return installed(product, lasting)
  const kind = [product.label, ...lasting].join(" ").replace(/\W+/g, "-").toLowerCase()
  const template = join(runFolder, `template-of-${kind}`)
  if (!existsSync(template)) await makeTemplate(product, lasting, template)
  const folder = await emptyFolder(product)
  // With owners and times, which Node's own copy does not keep.
  await run("cp", ["-a", `${template}/data/.`, join(folder.path, "data")])
  return folder
}

async function makeTemplate(product: MysqlProduct, lasting: readonly string[], place: string): Promise<void> {
  const { path } = await installed(product, lasting)
  // Each server is to have an identity of its own.
  await rm(join(path, "data", "auto.cnf"), { force: true })
  try {
    await rename(path, place)
  } catch (error) {
    // Another process was faster.
    if (!["ENOTEMPTY", "EEXIST"].includes(String((error as NodeJS.ErrnoException).code))) throw error
    await removeFolder(path)
  }
}

async function installed(product: MysqlProduct, lasting: readonly string[]): Promise<MysqlFolder> {
  const folder = await emptyFolder(product)
  const setUp = join(folder.path, "set-up.sql")
  await writeFile(setUp, `${product.setUp}\n`, { mode: 0o644 })
  const { command, args } = product.install([...folder.asUser, ...folder.folders, ...lasting], setUp)
  await run(command, args)
  return folder
}

async function emptyFolder(product: MysqlProduct): Promise<MysqlFolder> {
  const path = await temporaryFolder(product.name.toLowerCase())
  const data = join(path, "data")
  // Of its own: a server that starts removes every server's temporary tables from there, and those die of it.
  const temporary = join(path, "tmp")
  for (const each of [data, temporary]) await mkdir(each)
  await chmod(path, 0o755)
  const account = await accountOf("mysql")
  if (account !== undefined)
    for (const each of [path, data, temporary]) await chown(each, account.uid, account.gid)
  const asUser = account !== undefined ? ["--user=mysql"] : process.getuid?.() === 0 ? ["--user=root"] : []
  return { path, folders: [`--datadir=${data}`, `--tmpdir=${temporary}`], asUser }
}
