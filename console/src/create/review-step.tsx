import { useMutation } from "@tanstack/react-query"
import { Button } from "../display/button.tsx"
import { Copyable } from "../display/copyable.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { goTo } from "../shell/router.ts"
import { texts } from "../texts.ts"
import { create, type Wanted } from "./calls.ts"
import { awsCommand, sqlStatement } from "./commands.ts"

const words = texts.create

interface ReviewStepProps {
  name: string
  description: string
  onName(text: string): void
  onDescription(text: string): void
  /** Null: something is missing yet. */
  wanted: Wanted | null
  region: string
}

/** The name, then what is going to be made, in the words of other tools. */
export function ReviewStep({ name, description, onName, onDescription, wanted, region }: ReviewStepProps) {
  return (
    <section className="card step" aria-labelledby="review">
      <h2 id="review">{words.review}</h2>
      <div className="columns">
        <label className="field">
          {words.name}
          <input
            value={name}
            maxLength={63}
            aria-describedby="name-hint"
            onChange={({ target }) => onName(target.value)}
          />
        </label>
        <label className="field">
          {words.description}
          <input
            value={description}
            maxLength={1_000}
            onChange={({ target }) => onDescription(target.value)}
          />
        </label>
      </div>
      <p className="sub" id="name-hint">
        {words.nameHint}
      </p>
      {wanted === null ? <p className="sub">{words.notYet}</p> : <Reviewed wanted={wanted} region={region} />}
    </section>
  )
}

function Reviewed({ wanted, region }: { wanted: Wanted; region: string }) {
  const making = useMutation({
    mutationFn: () => create(wanted),
    onSuccess: (id) => goTo({ page: "integration", id }),
  })
  return (
    <>
      <p>{words.commandHint}</p>
      <Copyable text={awsCommand(wanted, location.origin)} what={words.awsCommand} />
      <Copyable text={sqlStatement(wanted, region)} what={words.sqlStatement} />
      {making.isError && <ErrorNote error={making.error} />}
      <div>
        <Button look="primary" disabled={making.isPending} onClick={() => making.mutate()}>
          {making.isPending ? words.creating : words.create}
        </Button>
      </div>
    </>
  )
}
