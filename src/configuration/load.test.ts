import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { engines } from "../server/registries.ts"
import { sqlLimits } from "./blocks/sql-limits.ts"
import { loadConfiguration } from "./load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace configuration "))
after(() => rmSync(folder, { recursive: true }))

const source = "arn:aws:rds:us-east-1:123456789012:db:orders"
const namespace = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"

function load(text: string, environment: Record<string, string> = {}) {
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, text)
  return loadConfiguration(path, environment, engines)
}

function mistakes(text: string, environment: Record<string, string> = {}): string[] {
  const loaded = load(text, environment)
  return "mistakes" in loaded
    ? loaded.mistakes
    : assert.fail(`no mistake found: ${JSON.stringify(loaded.ok)}`)
}

const warehouses = `warehouses: [{ arn: "${namespace}", engine: duckdb }]`
const minimal = `sources: []\n${warehouses}\n`
const withSource = (entry: string) => `sources:\n  - ${entry}\n${warehouses}\n`

/** What a configuration has that does not name these blocks. */
const ofUnnamedBlocks = {
  file: join(folder, "millrace.yaml"),
  httpLimits: { connections: 1_000, connectionsPerAddress: 250 },
  log: { level: "info", format: "json" },
  sqlLimits: sqlLimits.parse({}),
  profileWebhooks: [],
  quotas: { perAccount: 100, perTarget: 50, perSource: 5 },
  governance: { validateEveryMs: 300_000, servers: [], okta: { hosts: [] } },
  alerts: { channels: [], rules: [] },
  console: { pathPrefix: "", allowPlain: false, trustedProxies: [], users: [] },
}

describe("a whole millrace.yaml", () => {
  it("is taken over, with paths relative to the file and variables filled in", () => {
    const text = `
account: "210987654321"
region: eu-west-1
data_dir: ./data
listen: { http: 0.0.0.0:80, sql: "[::1]:0" }
state: postgres://u:\${PW}@db/state
credentials: [{ access_key_id: AKIDX, secret_access_key: "\${KEY}-\${KEY}", policy: "partner:Acme & Co" }]
sql_users: [{ name: analyst, password: "$\${PW}", policy: read-only }]
sources: [{ arn: "${source.replace("us-east-1", "eu-west-1")}", engine: postgres, url: "postgresql://h/db?sslmode=require", failover_slots: true, retention: { budget: 10GiB, policy: spool } }]
verify: { every: 24h }
kms_keys: [{ arn: "arn:aws:kms:eu-west-1:210987654321:key/k1", aliases: [alias/a], enabled: false, key: "\${ONE}", previous: ["${Buffer.alloc(32, 2).toString("base64")}"] }]
throttling: { burst: 7 }
audit: { keep_days: 30 }
warehouses:
  - { arn: "arn:aws:redshift:eu-west-1:210987654321:namespace:a-b", cluster: c1, engine: duckdb, path: wh, auto_create_database: false }
`
    assert.deepEqual(load(text, { PW: "p: [w", KEY: "k", ONE: Buffer.alloc(32, 1).toString("base64") }), {
      ok: {
        account: "210987654321",
        region: "eu-west-1",
        dataDir: join(folder, "data"),
        listen: { http: { host: "0.0.0.0", port: 80 }, sql: { host: "::1", port: 0 } },
        stateUrl: "postgres://u:p: [w@db/state",
        credentials: [{ accessKeyId: "AKIDX", secretAccessKey: "k-k", role: "partner:Acme & Co" }],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what the doubled dollar stands for
        sqlUsers: [{ name: "analyst", password: "${PW}", role: "read-only" }],
        sources: [
          {
            arn: "arn:aws:rds:eu-west-1:123456789012:db:orders",
            engine: "postgres",
            url: "postgresql://h/db?sslmode=require",
            failoverSlots: true,
            retention: { budgetBytes: 10 * 2 ** 30, policy: "spool", spoolLimitBytes: 20 * 2 ** 30 },
          },
        ],
        warehouses: [
          {
            arn: "arn:aws:redshift:eu-west-1:210987654321:namespace:a-b",
            cluster: "c1",
            engine: "duckdb",
            path: join(folder, "wh"),
            autoCreateDatabase: false,
          },
        ],
        verifyEveryMs: 86_400_000,
        kmsKeys: [
          {
            arn: "arn:aws:kms:eu-west-1:210987654321:key/k1",
            aliases: ["alias/a"],
            enabled: false,
            key: Buffer.alloc(32, 1),
            previous: [Buffer.alloc(32, 2)],
          },
        ],
        throttling: { perSecond: 200, burst: 7 },
        ...ofUnnamedBlocks,
        audit: { days: 30, rows: 100_000 },
      },
    })
  })

  it("needs only sources and warehouses", () =>
    assert.deepEqual(load(minimal), {
      ok: {
        account: "123456789012",
        region: "us-east-1",
        dataDir: join(folder, ".millrace"),
        listen: { http: { host: "127.0.0.1", port: 5440 }, sql: { host: "127.0.0.1", port: 5439 } },
        stateUrl: undefined,
        credentials: [],
        sqlUsers: [],
        sources: [],
        warehouses: [
          {
            arn: namespace,
            cluster: "millrace",
            engine: "duckdb",
            path: join(folder, ".millrace", "warehouse"),
            autoCreateDatabase: true,
          },
        ],
        kmsKeys: [],
        throttling: { perSecond: 200, burst: 1_000 },
        ...ofUnnamedBlocks,
        audit: { days: 90, rows: 100_000 },
      },
    }))
})

describe("without a file", () => {
  const workingFolder = process.cwd()
  after(() => process.chdir(workingFolder))

  it("there are defaults: no sources, one warehouse", () => {
    const empty = join(folder, "empty")
    mkdirSync(empty)
    process.chdir(empty)
    const loaded = loadConfiguration(undefined, {}, engines)
    assert.ok("ok" in loaded)
    assert.deepEqual(loaded.ok.sources, [])
    assert.match(
      loaded.ok.warehouses[0]?.arn ?? "",
      /^arn:aws:redshift-serverless:us-east-1:123456789012:namespace\/[0-9a-f-]{36}$/,
    )
    assert.equal(loaded.ok.warehouses[0]?.path, join(empty, ".millrace", "warehouse"))
    writeFileSync(join(empty, "millrace.yaml"), "nonsense: 1\n")
    assert.ok("mistakes" in loadConfiguration(undefined, {}, engines))
  })

  it("a file that was asked for must be there", () => {
    const loaded = loadConfiguration(join(folder, "none.yaml"), {}, engines)
    assert.deepEqual(loaded, { mistakes: [`${join(folder, "none.yaml")}: there is no such file`] })
    const isFolder = loadConfiguration(folder, {}, engines)
    assert.ok("mistakes" in isFolder)
    assert.match(isFolder.mistakes[0] ?? "", /is a folder/)
  })
})

describe("mistakes in millrace.yaml", () => {
  const cases: [name: string, text: string, expected: (string | RegExp)[]][] = [
    ["nothing in it", "", ["sources: is missing", "warehouses: is missing"]],
    ["not YAML", "sources: [\n", [/^line \d+, column \d+: not valid YAML \(.*\)$/]],
    ["a key twice", `${minimal}sources: []\n`, [/^line 3, column 1: not valid YAML \(duplicate key\)$/]],
    ["not a block of keys", "- a\n- b\n", ["must be a block of keys"]],
    ["an alias to nothing", "sources: *nowhere\n", [/not valid YAML/]],
    ["unknown key", `data_dri: x\n${minimal}`, ["data_dri: is not a key here; did you mean data_dir?"]],
    ["unknown key, nothing like it", `zebra: x\n${minimal}`, ["zebra: is not a key here"]],
    [
      "unknown key deep inside",
      withSource(`{ arn: "${source}", engine: postgres, url: "postgres://h/d", urll: x }`),
      ["sources[0].urll: is not a key here; did you mean url?"],
    ],
    ["account a number", `account: 123456789012\n${minimal}`, ["account: must be text: put it in quotes"]],
    ["account too short", `account: "12"\n${minimal}`, ["account: must be 12 digits in quotes"]],
    [
      "bad port",
      `listen: { http: 127.0.0.1:70000 }\n${minimal}`,
      [/^listen\.http: must be an address and a port/],
    ],
    ["no port", `listen: { sql: localhost }\n${minimal}`, [/^listen\.sql: must be an address and a port/]],
    [
      "one listener twice",
      `listen: { sql: 127.0.0.1:5440 }\n${minimal}`,
      ["listen.sql: is the same as listen.http"],
    ],
    [
      "sources not a list",
      `sources: {}\n${warehouses}`,
      ["sources: must be a list (lines that start with -)"],
    ],
    ["sources empty word", `sources:\n${warehouses}`, ["sources: must be a list (lines that start with -)"]],
    ["no warehouse", "sources: []\nwarehouses: []", ["warehouses: must list at least one warehouse"]],
    [
      "no engine",
      withSource(`{ arn: "${source}", url: "postgres://h/d" }`),
      ["sources[0].engine: is missing"],
    ],
    [
      "no such engine",
      withSource(`{ arn: "${source}", engine: oracle, url: "postgres://h/d" }`),
      [/^sources\[0\]\.engine: must be postgres, mysql, dynamodb or s3$/],
    ],
    ["no url", withSource(`{ arn: "${source}", engine: postgres }`), ["sources[0].url: is missing"]],
    ["entry not a block", withSource("just words"), ["sources[0]: must be a block of keys"]],
    [
      "bad ARN",
      withSource('{ arn: "arn:aws:s3:::bucket", engine: postgres, url: "postgres://h/d" }'),
      [/^sources\[0\]\.arn: must be a database's ARN/],
    ],
    [
      "ARN of another region",
      withSource(
        `{ arn: "${source.replace("us-east-1", "eu-west-1")}", engine: postgres, url: "postgres://h/d" }`,
      ),
      ["sources[0].arn: is in region eu-west-1, but region is us-east-1"],
    ],
    [
      "one ARN twice",
      `sources: [${`{ arn: "${source}", engine: postgres, url: "postgres://h/d" },`.repeat(2)}]\n${warehouses}`,
      ["sources[1].arn: is the same as sources[0].arn"],
    ],
    [
      "two warehouses in one place",
      `sources: []\nwarehouses: [{ arn: "${namespace}", engine: duckdb }, { arn: "${namespace}2", engine: duckdb }]`,
      [
        "warehouses[1].cluster: is the same as warehouses[0].cluster",
        "warehouses[1].path: is the same as warehouses[0].path",
      ],
    ],
    [
      "policy",
      `${minimal}credentials: [{ access_key_id: A, secret_access_key: s, policy: root }]`,
      ["credentials[0].policy: must be admin, read-only or partner:<PartnerName>"],
    ],
    [
      "empty secret, odd key id",
      `${minimal}credentials: [{ access_key_id: "A/B", secret_access_key: "", policy: admin }]`,
      [
        "credentials[0].access_key_id: must be 1 to 128 letters, digits, _ or -",
        "credentials[0].secret_access_key: must not be empty",
      ],
    ],
    [
      "not a boolean",
      minimal.replace("duckdb }", "duckdb, auto_create_database: maybe }"),
      ["warehouses[0].auto_create_database: must be true or false"],
    ],
    [
      "variable not set",
      `${minimal}state: "\${NOPE}"\nregion: 7`,
      ["state: the environment variable NOPE is not set", "region: must be text: put it in quotes"],
    ],
    ...["5s", "sometimes", "-1h"].map((every): [string, string, (string | RegExp)[]] => [
      `verify every ${every}`,
      `${minimal}verify: { every: "${every}" }`,
      [/^verify\.every: must be a length of time of 10s or more/],
    ]),
    [
      "retention",
      minimal.replace(
        "sources: []",
        `sources: [{ arn: "${source}", engine: postgres, url: "postgres://h/db", retention: { budgett: 1GiB, policy: spil } }]`,
      ),
      [
        "sources[0].retention.budget: is missing",
        "sources[0].retention.policy: must be one of hold, spool, drop_and_resync",
        "sources[0].retention.budgett: is not a key here; did you mean budget?",
      ],
    ],
    [
      "a spool's limit without a spool",
      minimal.replace(
        "sources: []",
        `sources: [{ arn: "${source}", engine: postgres, url: "postgres://h/db", retention: { budget: "0", spool_limit: 1GiB } }]`,
      ),
      ["sources[0].retention.spool_limit: is only for policy: spool"],
    ],
    ["variable without a name", `${minimal}state: "\${}"`, [/^state: dollar and braces must hold/]],
  ]
  for (const [name, text, expected] of cases) {
    it(name, () => {
      const found = mistakes(text)
      assert.equal(found.length, expected.length, JSON.stringify(found))
      for (const [at, wanted] of expected.entries()) {
        if (typeof wanted === "string") assert.equal(found[at], wanted)
        else assert.match(found[at] ?? "", wanted)
      }
    })
  }

  for (const [url, mistake] of [
    ["postgres://u:s3cret@h/", "must be a MySQL URL"],
    ["mysql://u:s3cret@h:0/", "has no usable port"],
    ["mysql://:s3cret@h/", "names no user"],
    ["mysql://u:s3cret%zz@h/", "has a % in user or password"],
    ["mysql://u:s3cret@h/?tls=s3cret", "has a parameter that is not known"],
    ["mysql://u:s3cret@h/?ssl-mode=s3cret", "has an ssl-mode that is none of"],
  ] as const) {
    it(`never repeats a MySQL URL: ${url.replaceAll("s3cret", "…")}`, () => {
      const [line, ...more] = mistakes(withSource(`{ arn: "${source}", engine: mysql, url: "${url}" }`))
      assert.deepEqual(more, [])
      assert.ok(line?.startsWith(`sources[0].url: ${mistake}`), line)
      assert.doesNotMatch(line ?? "", /s3cret/)
    })
  }

  it("takes a MySQL source", () => {
    const url = "mysql://u:p%40@h:3307/?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem"
    const loaded = load(withSource(`{ arn: "${source}", engine: mysql, url: "${url}" }`))
    assert.deepEqual("ok" in loaded && loaded.ok.sources, [{ arn: source, engine: "mysql", url }])
  })

  for (const url of [
    "mysql://u:s3cret@h/d",
    "u:s3cret@h",
    "postgres://u:s3cret@h:99999/d",
    "postgres:///d?password=s3cret",
    "postgres://u:s3cret%zz@h/d",
  ]) {
    it(`never repeats a URL: ${url.replace("s3cret", "…")}`, () => {
      const [line, ...more] = mistakes(withSource(`{ arn: "${source}", engine: postgres, url: "${url}" }`))
      assert.deepEqual(more, [])
      assert.match(line ?? "", /^sources\[0\]\.url: /)
      assert.doesNotMatch(line ?? "", /s3cret/)
    })
  }

  it("does not repeat a secret that is not valid YAML", () => {
    const all = "sources: [s3cret|a: b: s3cret|x: 's3cret|y: @s3cret|z: &a *s3cret|\ts3cret: 1"
    for (const text of all.split("|")) {
      assert.doesNotMatch(mistakes(text).join("\n"), /s3cret/)
    }
  })

  it("aliases that unfold without end are refused", () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n}: &l${n} [${`*l${n - 1},`.repeat(n === 0 ? 0 : 9)}1]`,
    )
    assert.match(mistakes(levels.join("\n"))[0] ?? "", /alias/)
  })
})
