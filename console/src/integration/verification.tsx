import { useQuery } from "@tanstack/react-query"
import type { VerificationReport, VerifiedTable } from "../api/types.ts"
import { countText } from "../display/formats.ts"
import { Badge, type Tone } from "../display/state-badge.tsx"
import { Moment } from "../display/time.tsx"
import { texts } from "../texts.ts"
import { latestVerification } from "./orders.ts"

const words = texts.integration
const runningEveryMs = 1_000

export function verificationKey(integrationId: string): string[] {
  return ["verification", integrationId]
}

const tones: Record<VerifiedTable["outcome"], Tone> = {
  equal: "good",
  differs: "bad",
  repaired: "good",
  recopying: "busy",
  skipped: "warn",
}

/** The comparison that runs, or ran last; nothing where there was none. */
export function Verification({ integrationId }: { integrationId: string }) {
  const { data } = useQuery({
    queryKey: verificationKey(integrationId),
    queryFn: () => latestVerification(integrationId),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? runningEveryMs : false),
    retry: false,
  })
  if (data === undefined || data.startedAt === null || data.tables.length + data.total === 0) return null
  return (
    <section aria-labelledby="verification" className="card">
      <div className="section-head">
        <h2 id="verification">{words.verification}</h2>
        <span className="sub">
          {words.verifying(data.tables.length, data.total)} · <Moment atMs={Date.parse(data.startedAt)} />
        </span>
      </div>
      <Outcomes report={data} />
    </section>
  )
}

/** Those that are equal are counted; the others are listed. */
function Outcomes({ report: { tables, error } }: { report: VerificationReport }) {
  const others = tables.filter(({ outcome }) => outcome !== "equal")
  return (
    <>
      <Badge tone="good">{words.verifyEqual(tables.length - others.length)}</Badge>
      {error !== null && <p>{error}</p>}
      <ul className="verified-list">
        {others.map(({ schema, name, outcome, reason, differences }) => (
          <li key={`${schema}.${name}`}>
            <Badge tone={tones[outcome]}>{words.verifyOutcomes[outcome] ?? outcome}</Badge> {schema}.{name}
            {differences > 0 && `: ${words.differing(countText(differences))}`}{" "}
            <span className="sub">{reason}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
