import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmod, chown, lchown, mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { removeFolder, temporaryFolder } from "../../../test/support/temporary-folder.ts"
import { type FileUser, fileUser, intrusion, intrusionAtLast } from "./trusted-path.ts"

const stranger = 54_321
const me = fileUser()
const onlyRoot = { skip: me?.uid !== 0 && "only root can give files away" }

describe("what others could change", { skip: me === undefined && "no users of files here" }, () => {
  let folder = ""
  before(async () => {
    folder = await temporaryFolder("trusted")
    await chmod(folder, 0o755)
  })
  after(() => removeFolder(folder))

  let count = 0
  /** A folder of its own with a file, both as umask 022 makes them. */
  async function placed(): Promise<{ way: string; file: string }> {
    const way = join(folder, `way${count++}`)
    await mkdir(way)
    await chmod(way, 0o755)
    const file = join(way, "file")
    await writeFile(file, "")
    await chmod(file, 0o644)
    return { way, file }
  }

  test("nothing: own files and folders, those of root, and what is not there", async () => {
    const { way, file } = await placed()
    for (const path of [way, file, join(way, "none"), join(way, "none/none"), join(file, "none")])
      assert.equal(intrusion(path), undefined, path)
    assert.equal(intrusion("/etc/passwd", { uid: stranger, gids: [stranger] }), undefined)
    await chmod(way, 0o1777)
    assert.equal(intrusion(file), undefined, "a sticky folder on the way")
  })

  for (const [mode, words] of [
    [0o646, /file may be written by every user \(mode 646\): run `chmod o-w \S+file`/],
    [0o666, /every user/],
    [0o622, /every user/],
    [0o664, /file may be written by group \d+ \(mode 664\): run `chmod g-w \S+file`/],
    [0o620, /group/],
  ] as const)
    test(`a file of mode ${mode.toString(8)}`, async () => {
      const { file } = await placed()
      await chmod(file, mode)
      const user: FileUser = { uid: me?.uid ?? 0, gids: [stranger] }
      assert.match(intrusion(file, user) ?? "", words)
      assert.match(intrusionAtLast(file, user) ?? "", words)
    })

  for (const mode of [0o777, 0o757, 0o1777, 0o702])
    test(`a folder of mode ${mode.toString(8)}`, async () => {
      const { way } = await placed()
      await chmod(way, mode)
      assert.match(intrusion(way) ?? "", /way\d+ may be written by every user/)
    })

  test("what lies in a folder that others may write, also before it is there", async () => {
    const { way, file } = await placed()
    await chmod(way, 0o777)
    for (const path of [file, join(way, "none"), join(way, "none/none")])
      assert.match(intrusion(path) ?? "", /^the folder on the way \S+way\d+ may be written by every user/)
    assert.equal(intrusionAtLast(file), undefined)
  })

  test("what a link leads to, by every folder that it leads through", async () => {
    const { way, file } = await placed()
    await mkdir(join(way, "deep"))
    const link = join(folder, "link")
    await symlink(`./way${count - 1}/deep/../file`, link)
    assert.equal(intrusion(link), undefined)
    await chmod(join(way, "deep"), 0o777)
    assert.match(intrusion(link) ?? "", /deep may be written/)
    await chmod(join(way, "deep"), 0o755)
    await chmod(file, 0o666)
    assert.match(intrusion(link) ?? "", /file may be written/)
    assert.match(intrusionAtLast(link) ?? "", /file may be written/)
    await symlink("round", join(folder, "round"))
    assert.equal(intrusion(join(folder, "round")), undefined)
  })

  test(
    "what belongs to another user, whoever runs; a link of another, a folder of another on the way",
    onlyRoot,
    async () => {
      const { way, file } = await placed()
      const user = { uid: stranger + 1, gids: [stranger + 1] }
      await chown(file, stranger, stranger)
      for (const who of [me, user])
        assert.match(intrusion(file, who) ?? "", /file belongs to another user \(uid 54321\).*chown \d+ /)
      assert.equal(intrusion(file, { uid: stranger, gids: [stranger] }), undefined)
      await chown(file, 0, 0)
      assert.equal(intrusion(file, user), undefined)
      await chown(way, stranger, stranger)
      assert.match(intrusion(file) ?? "", /^the folder on the way .* belongs to another user/)
      await chown(way, 0, 0)
      const link = join(way, "link")
      await symlink("file", link)
      await lchown(link, stranger, stranger)
      assert.match(intrusion(link) ?? "", /^the symbolic link .*link belongs to another user.*chown -h 0 /)
    },
  )

  test("nothing: a group without other members may write", onlyRoot, async () => {
    const { file } = await placed()
    await chmod(file, 0o664)
    await chown(file, 0, stranger)
    assert.equal(intrusion(file, { uid: stranger, gids: [stranger] }), undefined)
    // The group of daemons, which is on every Linux.
    await chown(file, 0, 1)
    assert.match(intrusion(file, { uid: stranger, gids: [1] }) ?? "", /group 1 /)
  })

  test("nothing: what is mounted read-only, as clusters mount configuration with mode 777", {
    skip: (process.platform !== "linux" || me?.uid !== 0) && "only root may mount",
  }, async () => {
    const mounted = join(folder, "mounted")
    await mkdir(mounted)
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", mounted])
    try {
      const file = join(mounted, "millrace.yaml")
      await writeFile(file, "")
      await chmod(file, 0o666)
      assert.match(intrusion(file) ?? "", /every user/)
      execFileSync("mount", ["-o", "remount,ro", mounted])
      assert.equal(intrusion(file), undefined)
      assert.equal(intrusion(mounted), undefined)
    } finally {
      execFileSync("umount", ["-l", mounted])
    }
  })

  test("the statement that mends it can be run as it stands", async () => {
    const odd = join(folder, "it's $(odd)")
    await writeFile(odd, "")
    await chmod(odd, 0o666)
    assert.ok(intrusion(odd)?.endsWith(`run \`chmod o-w '${folder}/it'\\''s $(odd)'\``), intrusion(odd))
  })
})
