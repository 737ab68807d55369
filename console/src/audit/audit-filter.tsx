import { type FormEvent, useState } from "react"
import { Button } from "../display/button.tsx"
import { auditTexts as words } from "../texts/administration.ts"

/** What is asked of the trail; times in ISO 8601. */
export interface AuditQuestion {
  who?: string
  what?: string
  since?: string
  until?: string
}

const nothing = { who: "", what: "", since: "", until: "" }

export function AuditFilter({ onQuestion }: { onQuestion(question: AuditQuestion): void }) {
  const [given, setGiven] = useState(nothing)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onQuestion(questionOf(given))
  }
  const clear = () => {
    setGiven(nothing)
    onQuestion({})
  }
  const field = (name: keyof typeof nothing, type: string, label: string, hint?: string) => (
    <label className="field">
      {label}
      <input
        type={type}
        placeholder={hint}
        maxLength={200}
        value={given[name]}
        onChange={({ target }) => setGiven({ ...given, [name]: target.value })}
      />
    </label>
  )
  return (
    <form className="filters" onSubmit={submit}>
      {field("who", "search", words.who, words.whoHint)}
      {field("what", "search", words.what, words.whatHint)}
      {field("since", "datetime-local", words.since)}
      {field("until", "datetime-local", words.until)}
      <div className="filter-actions">
        <Button type="submit" look="primary">
          {words.apply}
        </Button>
        <Button onClick={clear}>{words.clear}</Button>
      </div>
    </form>
  )
}

/** The fields for times are in the viewer's zone. */
function questionOf({ who, what, since, until }: typeof nothing): AuditQuestion {
  return {
    ...(who.trim() !== "" && { who: who.trim() }),
    ...(what.trim() !== "" && { what: what.trim() }),
    ...(since !== "" && { since: new Date(since).toISOString() }),
    ...(until !== "" && { until: new Date(until).toISOString() }),
  }
}
