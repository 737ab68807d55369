import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../api/client.ts"
import { isAdmin } from "../api/session.ts"
import type { ConfigurationReport } from "../api/types.ts"
import { Copyable } from "../display/copyable.tsx"
import { Loaded } from "../display/loaded.tsx"
import { Note } from "../display/notes.tsx"
import { useSession } from "../shell/session-context.tsx"
import { settingsTexts as words } from "../texts/administration.ts"

export default function SettingsPage() {
  const session = useSession()
  return (
    <div className="page">
      <h1>{words.title}</h1>
      {isAdmin(session) ? (
        <Settings />
      ) : (
        <Note tone="idle" title={words.forAdmins}>
          <p>{words.forAdminsDetail(session.role)}</p>
        </Note>
      )}
    </div>
  )
}

function Settings() {
  const report = useQuery({
    queryKey: ["configuration"],
    queryFn: ({ signal }) => call<ConfigurationReport>("configuration", { signal }),
  })
  return (
    <>
      <p className="sub">{words.lead}</p>
      <Loaded query={report}>{(answer) => <Configuration report={answer} />}</Loaded>
    </>
  )
}

function Configuration({ report }: { report: ConfigurationReport }) {
  const { file, sections } = report
  const [filter, setFilter] = useState("")
  const wanted = filter.trim().toLowerCase()
  const shown = sections.filter(({ key, yaml }) => `${key}\n${yaml}`.toLowerCase().includes(wanted))
  if (file === null) return <p>{words.noFile}</p>
  return (
    <>
      <p>
        <code>{file}</code>
      </p>
      <Difference report={report} />
      <section aria-labelledby="sections">
        <div className="section-head">
          <h2 id="sections">{words.sections}</h2>
          <span className="sub" role="status">
            {words.shown(shown.length, sections.length)}
          </span>
          <input
            type="search"
            className="filter"
            aria-label={words.filter}
            placeholder={words.filter}
            value={filter}
            onChange={({ target }) => setFilter(target.value)}
          />
        </div>
        {shown.length === 0 && <p className="sub">{words.none}</p>}
        <div className="settings">
          {shown.map((section) => (
            <Section key={section.key} section={section} />
          ))}
        </div>
      </section>
    </>
  )
}

/** What the file says and what runs. */
function Difference({ report: { mistakes, reload, restart } }: { report: ConfigurationReport }) {
  if (mistakes.length + reload.length + restart.length === 0) return <Note tone="good" title={words.same} />
  return (
    <div className="attention">
      {mistakes.length > 0 && (
        <Note tone="bad" title={words.mistakes}>
          <ul>
            {mistakes.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </Note>
      )}
      {reload.length > 0 && (
        <Note tone="warn" title={`${words.reload}: ${reload.join(", ")}`}>
          <Copyable text={words.reloadCommand} what={words.reloadCommand} />
        </Note>
      )}
      {restart.length > 0 && <Note tone="warn" title={`${words.restart}: ${restart.join(", ")}`} />}
    </div>
  )
}

function Section({ section }: { section: ConfigurationReport["sections"][number] }) {
  const { key, onReload, yaml } = section
  return (
    <div className="setting">
      <div className="setting-head">
        <h3>
          <code>{key}</code>
        </h3>
        <span className="sub">{onReload === "applied" ? words.applied : words.restartOnly}</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long values scroll, and the keyboard must reach that */}
      <pre tabIndex={0}>{yaml}</pre>
    </div>
  )
}
